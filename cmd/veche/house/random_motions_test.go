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
	meeting, item, away := s.sits(at(council, "id").(string), persons, seated)
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

// sits opens a meeting that all attend but one, whose proxy the seated one holds.
func (s *stillWorld) sits(council string, persons []string, seated string) (meeting, item, away string) {
	for h := s.local().Hour(); h < 8 || h > 12; h = s.local().Hour() {
		s.clock.step() // until the morning
	}
	meeting = s.made("planMeeting", "meeting", map[string]any{"kind": "COUNCIL_SESSION", "title": "Заседание", "bodyId": council, "link": "https://example.org/hall",
		"startsAt": s.local().Add(6 * time.Hour).Format(time.RFC3339)})
	item = s.made("addAgendaItem", "agendaItem", map[string]any{"meetingId": meeting, "title": "О благоустройстве"})
	s.made("announceMeeting", "meeting", map[string]any{"id": meeting})
	last := len(persons) - 1
	away = persons[last]
	s.made("giveProxy", "proxy", map[string]any{"meetingId": meeting, "giverId": away, "holderId": seated, "document": "Доверенность № 1"})
	var came []any
	for _, p := range persons[:last] {
		came = append(came, map[string]any{"personId": p, "state": "PRESENT"})
	}
	s.made("markAttendances", "meeting", map[string]any{"meetingId": meeting, "entries": came})
	s.made("openSession", "meeting", map[string]any{"meetingId": meeting})
	return meeting, item, away
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

// votes holds a vote in which the seated one casts those members' ballots; an open one is counted by hands.
func (s *stillWorld) votes(subject, manner string, of []string, in map[string]any) {
	s.clock.step()
	p := s.done(s.admin, "openVote", "vote { id } tellerKeys", with(in, "subjectId", subject, "manner", manner))
	vote := at(p, "vote", "id").(string)
	if manner == "OPEN" {
		s.made("countVote", "vote", map[string]any{"voteId": vote, "for": 3, "against": 0, "abstained": 0})
		return
	}
	for _, whose := range of {
		s.clock.step()
		s.done("seated", "castBallot", "", map[string]any{"voteId": vote, "choice": "FOR", "forId": whose})
	}
	s.made("closeVote", "vote", map[string]any{"voteId": vote, "tellerKeys": p["tellerKeys"]})
}
