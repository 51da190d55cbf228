package house_test

// furnishFollows has a resident follow councils, some no more, and be told of one.
func (s *stillWorld) furnishFollows(data map[string]any) {
	for n, by := range []string{s.admin, s.admin, s.admin} {
		s.clock.step()
		s.done(by, "follow", "", map[string]any{"subjectId": at(data, "councils", "nodes", n, "id")})
	}
	s.clock.step()
	s.done(s.admin, "unfollow", "", map[string]any{"subjectId": at(data, "councils", "nodes", 1, "id")})
	for n, from := range []string{"2013-06-01", "2013-07-01", "2013-08-01"} {
		s.made("startTerm", "term", map[string]any{"councilId": at(data, "councils", "nodes", 2*(n%2), "id"), "startsOn": from})
	}
	s.handled()
	first := at(s.ask(request{as: s.admin, Query: `{ inbox(first: 1) { nodes { id } } }`}), "inbox", "nodes", 0, "id")
	s.clock.step()
	s.done(s.admin, "markNotices", "", map[string]any{"noticeIds": []any{first}})
}
