package house_test

// furnishFollows has several people follow councils, one no more, and be told of others.
func (s *stillWorld) furnishFollows(data map[string]any) {
	for _, by := range []string{s.admin, "seated", "resident", "the-official", "the-clerk"} {
		for n := range 3 {
			s.clock.step()
			s.done(by, "follow", "", map[string]any{"subjectId": at(data, "councils", "nodes", n, "id")})
		}
		s.clock.step()
		s.done(by, "unfollow", "", map[string]any{"subjectId": at(data, "councils", "nodes", 1, "id")})
	}
	for n, from := range []string{"2013-06-01", "2013-07-01", "2013-08-01"} {
		s.made("startTerm", "term", map[string]any{"councilId": at(data, "councils", "nodes", 2*(n%2), "id"), "startsOn": from})
	}
	s.handled()
	for _, by := range []string{s.admin, "seated", "resident"} {
		first := at(s.ask(request{as: by, Query: `{ inbox(first: 1) { nodes { id } } }`}), "inbox", "nodes", 0, "id")
		s.clock.step()
		s.done(by, "markNotices", "", map[string]any{"noticeIds": []any{first}})
	}
}
