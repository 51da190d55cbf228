package house_test

import "net/http"

// furnishFiles attaches a picture and a text to a council, and leaves uploads in every state.
func (s *stillWorld) furnishFiles(council string) {
	s.attach(s.admin, council, "Снимок.jpg", pictureTaken(s.t))
	s.clock.step()
	s.attach(s.admin, council, "Решение.txt", []byte("Принято единогласно."))
	s.clock.step()
	s.prepare(s.admin, "Ожидается.pdf", 1000)
	for name, content := range map[string][]byte{"Принят.txt": []byte("Слова."), "Отклонён.pdf": program()} {
		s.clock.step()
		_, address := s.prepare(s.admin, name, len(content))
		want := http.StatusOK
		if name == "Отклонён.pdf" {
			want = http.StatusUnprocessableEntity
		}
		if status, text := s.world.put(address, content); status != want {
			s.t.Fatalf("%s: %d %s", name, status, text)
		}
	}
}

// furnishAttachments attaches two files to an object of each type that bears some and has none yet.
func (s *stillWorld) furnishAttachments() {
	data := s.ask(request{as: s.admin, Query: `{
		agenda: meetings(first: 5) { nodes { id agenda(first: 1) { nodes { id } } } } cases(first: 1) { nodes { id } } caseContents(first: 1) { nodes { id } }
		gatherings(first: 1) { nodes { id } } publicHearings(first: 1) { nodes { id } } consultationQuestions(first: 1) { nodes { id } }
		recommendations(first: 1) { nodes { id } } publicExpertises(first: 1) { nodes { id } } }`})
	objects := []any{at(data, "agenda", "nodes", 0, "id")}
	for _, m := range at(data, "agenda", "nodes").([]any) {
		if item := at(m, "agenda", "nodes", 0, "id"); item != nil {
			objects = append(objects, item)
			break
		}
	}
	for _, list := range []string{"cases", "caseContents", "gatherings", "publicHearings", "consultationQuestions", "recommendations", "publicExpertises"} {
		objects = append(objects, at(data, list, "nodes", 0, "id"))
	}
	for _, object := range objects {
		for _, name := range []string{"Первый.txt", "Второй.txt"} {
			s.clock.step()
			s.attach(s.admin, object.(string), name, []byte("Слова."))
		}
	}
}
