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
