package house_test

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/modules/motions"
)

// furnishMotions has a council meet on two items, move and amend motions, vote in every manner, and
// resolve twice, the later repealing the earlier. Of its members the third has the account seated.
func (s *stillWorld) furnishMotions(data map[string]any) {
	for _, m := range s.Modules {
		if m, ok := m.(*motions.Module); ok {
			m.RegisterRules("Council", func(context.Context, bun.IDB, uuid.UUID, core.Date) (motions.Rules, error) {
				return motions.Rules{ProxiesPerHolder: 1, Majorities: map[string]motions.Threshold{
					"": {Share: ballot.MoreThanHalf, Of: motions.OfVoted}, "charter": {Share: ballot.Share{Numerator: 2, Denominator: 3}, Of: motions.OfVoted}}}, nil
			})
		}
	}
	council := at(data, "councils", "nodes", 0)
	var persons []string
	for _, n := range at(s.ask(request{as: s.admin, Query: `query($id: ID!) { council(id: $id) { members(first: 100) { nodes { person { id } } } } }`, Variables: map[string]any{"id": at(council, "id")}}),
		"council", "members", "nodes").([]any) {
		persons = append(persons, at(n, "person", "id").(string))
	}
	seated := at(council, "members", "nodes", 2, "person", "id").(string)
	meeting, item := s.meets("COUNCIL_SESSION", at(council, "id").(string))
	away := s.sits(meeting, persons, seated)
	table := map[string]any{"itemId": item, "moverId": seated, "text": "Посадить деревья"}
	first := s.motion(table)
	amendment := s.made("proposeAmendment", "amendment", map[string]any{"motionId": first, "moverId": persons[0], "text": "Двести деревьев"})
	s.votes(amendment, "NAMED", []string{seated, away}, map[string]any{})
	s.votes(first, "OPEN", nil, map[string]any{})
	second := s.motion(with(table, "question", "charter", "text", "Отменить решение"))
	s.annulled(second)
	s.votes(second, "SECRET", []string{seated, away}, map[string]any{"tellers": 3, "tellersNeeded": 2})
	s.made("withdrawMotion", "motion", map[string]any{"id": s.motion(table), "expectedVersion": 2})
	s.made("tableMotion", "motion", table)
	proxy := at(s.ask(request{as: "seated", Query: `query($id: ID!) { meeting(id: $id) { proxies(first: 1) { nodes { id } } } }`, Variables: map[string]any{"id": meeting}}), "meeting", "proxies", "nodes", 0, "id")
	s.made("revokeProxy", "proxy", map[string]any{"id": proxy})

	in := map[string]any{"motionId": first, "title": "О деревьях", "text": "Посадить двести деревьев.", "signerId": persons[0], "signerPost": "Председатель", "signedOn": s.day()}
	earlier := s.made("createResolution", "resolution", in)
	s.made("publishResolution", "resolution", map[string]any{"id": earlier, "expectedVersion": 1})
	later := s.made("createResolution", "resolution", with(in, "motionId", second, "title", "Об отмене", "changes", []any{map[string]any{"resolutionId": earlier, "effect": "REPEALS"}}))
	s.made("publishResolution", "resolution", map[string]any{"id": later, "expectedVersion": 1})
}

// meets announces a meeting of a body with one item.
func (s *stillWorld) meets(kind, body string) (meeting, item string) {
	for h := s.local().Hour(); h < 8 || h > 12; h = s.local().Hour() {
		s.clock.step() // until the morning
	}
	meeting = s.made("planMeeting", "meeting", map[string]any{"kind": kind, "title": "Заседание", "bodyId": body, "link": "https://example.org/hall",
		"startsAt": s.local().Add(6 * time.Hour).Format(time.RFC3339)})
	item = s.made("addAgendaItem", "agendaItem", map[string]any{"meetingId": meeting, "title": "О благоустройстве"})
	s.made("announceMeeting", "meeting", map[string]any{"id": meeting})
	return meeting, item
}

// sits opens the meeting, which all attend but one, whose proxy the seated one holds where there is one.
func (s *stillWorld) sits(meeting string, persons []string, seated string) (away string) {
	last := len(persons) - 1
	away = persons[last]
	if seated != "" {
		s.made("giveProxy", "proxy", map[string]any{"meetingId": meeting, "giverId": away, "holderId": seated, "document": "Доверенность № 1"})
	}
	var came []any
	for _, p := range persons[:last] {
		came = append(came, map[string]any{"personId": p, "state": "PRESENT"})
	}
	s.made("markAttendances", "meeting", map[string]any{"meetingId": meeting, "entries": came})
	s.made("openSession", "meeting", map[string]any{"meetingId": meeting})
	return away
}

// furnishAssemblySession has the assembly meet and resolve.
func (s *stillWorld) furnishAssemblySession() {
	data := s.ask(request{as: s.admin, Query: `{ assemblies(first: 1, orderBy: {field: FOUNDED_ON, direction: DESC}) { nodes { id seats(first: 100, asOf: "2013-02-20", filter: {state: FILLED}) { nodes { person { id } } } } } }`})
	var persons []string
	for _, d := range at(data, "assemblies", "nodes", 0, "seats", "nodes").([]any) {
		persons = append(persons, at(d, "person", "id").(string))
	}
	meeting, item := s.meets("ASSEMBLY_SESSION", at(data, "assemblies", "nodes", 0, "id").(string))
	s.sits(meeting, persons, "")
	motion := s.motion(map[string]any{"itemId": item, "moverId": persons[0], "text": "О плане"})
	s.votes(motion, "OPEN", persons[:len(persons)-1], map[string]any{})
	in := map[string]any{"motionId": motion, "title": "О плане", "text": "Принять план.", "signerId": persons[0], "signerPost": "Председатель", "signedOn": s.day()}
	s.made("publishResolution", "resolution", map[string]any{"id": s.made("createResolution", "resolution", in), "expectedVersion": 1})
}

func (s *stillWorld) local() time.Time { return s.clock.now().In(s.Towns.ByKey("kansk").Location()) }
func (s *stillWorld) day() string      { return s.local().Format(time.DateOnly) }

// motion is one that is open.
func (s *stillWorld) motion(in map[string]any) string {
	motion := s.made("tableMotion", "motion", in)
	return s.made("openMotion", "motion", map[string]any{"id": motion, "expectedVersion": 1})
}

// annulled opens a vote and breaks it off.
func (s *stillWorld) annulled(subject string) {
	vote := s.made("openVote", "vote", map[string]any{"subjectId": subject, "manner": "NAMED"})
	s.made("annulVote", "vote", map[string]any{"voteId": vote, "reason": "Сбой связи"})
}

// votes holds a vote in which the seated one casts those members' ballots; in an open one their hands are counted.
func (s *stillWorld) votes(subject, manner string, of []string, in map[string]any) {
	s.clock.step()
	p := s.done(s.admin, "openVote", "vote { id } tellerKeys", with(in, "subjectId", subject, "manner", manner))
	vote := at(p, "vote", "id").(string)
	if manner == "OPEN" {
		s.made("countVote", "vote", map[string]any{"voteId": vote, "for": max(3, len(of)), "against": 0, "abstained": 0})
		return
	}
	for _, whose := range of {
		s.clock.step()
		s.done("seated", "castBallot", "", map[string]any{"voteId": vote, "choice": "FOR", "forId": whose})
	}
	s.made("closeVote", "vote", map[string]any{"voteId": vote, "tellerKeys": p["tellerKeys"]})
}
