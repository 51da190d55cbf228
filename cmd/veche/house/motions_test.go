package house_test

import (
	"bytes"
	"context"
	"encoding/base32"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/motions"
)

// session is a council of 66 whose meeting is in session: 60 are there, the last six are away and have
// given their proxies to the first six. Everybody has an account; the first is the secretary.
type session struct {
	*world
	admin, council, meeting, item string
	persons                       []string
}

const (
	seats = 66
	there = 60
)

func member(n int) string { return fmt.Sprintf("member-%d", n) }

func newSession(t *testing.T, log *slog.Logger) *session {
	s := &session{world: newLoggedWorld(t, log)}
	for _, m := range s.Modules {
		if m, ok := m.(*motions.Module); ok {
			m.RegisterRules("Council", func(context.Context, bun.IDB, uuid.UUID, core.Date) (motions.Rules, error) {
				return motions.Rules{ProxiesPerHolder: 1}, nil
			})
		}
	}
	s.admin = s.administrator("kansk")
	s.council = s.newCouncil(s.admin, "Городское собрание", seats)
	for _, n := range at(s.ask(request{as: s.admin, Query: `{ persons(first: 100) { nodes { id } } }`}), "persons", "nodes").([]any)[:seats+2] {
		s.persons = append(s.persons, at(n, "id").(string))
	}
	for n := range seats {
		post := map[bool]string{true: "SECRETARY", false: "MEMBER"}[n == 0]
		s.done(s.admin, "addMember", "", map[string]any{"councilId": s.council, "personId": s.persons[n], "post": post, "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"})
	}
	other := s.newCouncil(s.admin, "Другой совет", 5)
	s.done(s.admin, "addMember", "", map[string]any{"councilId": other, "personId": s.persons[seats], "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"})
	for n := range seats + 2 {
		s.account(s.admin, member(n), s.persons[n], "", "")
	}
	s.convene()
	return s
}

// made is the id of what a mutation of the secretary's made.
func (s *session) made(name, object string, in map[string]any) string {
	s.t.Helper()
	return at(s.done(member(0), name, object+" { id }", in), object, "id").(string)
}

func (s *session) convene() {
	s.meeting = s.made("planMeeting", "meeting", map[string]any{"kind": "COUNCIL_SESSION", "title": "Заседание", "bodyId": s.council, "link": "https://example.org/hall", "startsAt": "2013-02-01T18:00:00+07:00"})
	s.item = s.made("addAgendaItem", "agendaItem", map[string]any{"meetingId": s.meeting, "title": "О благоустройстве"})
	s.made("announceMeeting", "meeting", map[string]any{"id": s.meeting})
	for n := there; n < seats; n++ {
		s.done(member(n), "giveProxy", "", map[string]any{"meetingId": s.meeting, "holderId": s.persons[n-there], "document": "Доверенность"})
	}
	var came []map[string]any
	for n := range there {
		came = append(came, map[string]any{"personId": s.persons[n], "state": "PRESENT"})
	}
	s.done(member(0), "markAttendances", "", map[string]any{"meetingId": s.meeting, "entries": came})
	s.done(member(0), "openSession", "", map[string]any{"meetingId": s.meeting})
}

// vote puts a fresh motion to the vote.
func (s *session) vote(manner string) (vote string, keys []any) {
	s.t.Helper()
	motion := at(s.done(member(1), "tableMotion", "motion { id }", map[string]any{"itemId": s.item, "text": "Посадить деревья"}), "motion", "id").(string)
	s.made("openMotion", "motion", map[string]any{"id": motion, "expectedVersion": 1})
	p := s.done(member(0), "openVote", "vote { id } tellerKeys", map[string]any{"subjectId": motion, "manner": manner})
	keys, _ = p["tellerKeys"].([]any)
	return at(p, "vote", "id").(string), keys
}

var saying = []string{"FOR", "FOR", "AGAINST", "ABSTAINED", "FOR"}

// cast casts the n-th member's ballot, or that of the giver-th whose proxy they hold.
func (s *session) cast(n int, vote string, giver int) string {
	in := map[string]any{"voteId": vote, "choice": saying[n%len(saying)]}
	if giver > 0 {
		in["forId"], in["choice"] = s.persons[giver], saying[giver%len(saying)]
	}
	return s.came(member(n), "castBallot", in)
}

func TestVotesRefuseAtTheDoor(t *testing.T) {
	s := newSession(t, slog.New(slog.DiscardHandler))
	vote, keys := s.vote("SECRET")
	ballot := map[string]any{"voteId": vote, "choice": "FOR"}
	for name, c := range map[string]struct {
		as, mutation, want string
		in                 map[string]any
	}{
		"anonymous":                  {"", "castBallot", "UNAUTHENTICATED", ballot},
		"who sits nowhere":           {member(seats + 1), "castBallot", "FORBIDDEN", ballot},
		"who sits elsewhere":         {member(seats), "castBallot", "FORBIDDEN", ballot},
		"an administrator":           {s.admin, "castBallot", "FORBIDDEN", ballot},
		"who is away":                {member(there), "castBallot", "CONFLICT voteId", ballot},
		"without a proxy":            {member(20), "castBallot", "CONFLICT forId", with(ballot, "forId", s.persons[there])},
		"an unknown choice":          {member(1), "castBallot", "BAD_USER_INPUT", with(ballot, "choice", "MAYBE")},
		"closed by a member":         {member(1), "closeVote", "FORBIDDEN", map[string]any{"voteId": vote, "tellerKeys": keys}},
		"closed without its key":     {member(0), "closeVote", "BAD_USER_INPUT tellerKeys", map[string]any{"voteId": vote}},
		"hands in a secret vote":     {member(0), "countVote", "CONFLICT voteId", map[string]any{"voteId": vote, "for": 1, "against": 0, "abstained": 0}},
		"a proxy over the limit":     {member(10), "giveProxy", "CONFLICT holderId", map[string]any{"meetingId": s.meeting, "holderId": s.persons[1], "document": "№ 7"}},
		"a proxy by a giver anew":    {member(there), "giveProxy", "CONFLICT giverId", map[string]any{"meetingId": s.meeting, "holderId": s.persons[30], "document": "№ 7"}},
		"a proxy to a stranger":      {member(10), "giveProxy", "BAD_USER_INPUT holderId", map[string]any{"meetingId": s.meeting, "holderId": s.persons[seats], "document": "№ 7"}},
		"a motion from elsewhere":    {member(seats), "tableMotion", "FORBIDDEN", map[string]any{"itemId": s.item, "text": "a"}},
		"a person put to the vote":   {member(0), "openVote", "BAD_USER_INPUT subjectId", map[string]any{"subjectId": s.persons[0], "manner": "OPEN"}},
		"annulled by a member":       {member(1), "annulVote", "FORBIDDEN", map[string]any{"voteId": vote, "reason": "a"}},
		"a resolution by a member":   {member(1), "createResolution", "FORBIDDEN", map[string]any{"motionId": s.motionOf(vote), "title": "a", "text": "a", "signerId": s.persons[0], "signerPost": "a", "signedOn": "2013-02-01"}},
		"a resolution of no outcome": {member(0), "createResolution", "CONFLICT motionId", map[string]any{"motionId": s.motionOf(vote), "title": "a", "text": "a", "signerId": s.persons[0], "signerPost": "a", "signedOn": "2013-02-01"}},
	} {
		if got := s.came(c.as, c.mutation, c.in); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	away := s.administrator("achinsk")
	for _, mutation := range []string{"castBallot", "closeVote", "annulVote"} {
		in := map[string]map[string]any{"castBallot": ballot, "closeVote": {"voteId": vote, "tellerKeys": keys}, "annulVote": {"voteId": vote, "reason": "a"}}[mutation]
		a := s.send(request{as: away, town: "achinsk", Variables: map[string]any{"in": in}, Query: fmt.Sprintf(`mutation($in: %s%sInput!) { %s(input: $in) { userErrors { code } } }`, strings.ToUpper(mutation[:1]), mutation[1:], mutation)})
		if got := a.codes(); len(got) != 1 || got[0] != "NOT_FOUND" {
			t.Errorf("%s from another town: %s", mutation, a.text)
		}
	}
	for i, want := range []string{"", "CONFLICT voteId"} {
		if got := s.cast(1, vote, 0); got != want {
			t.Errorf("ballot %d: %q, want %q", i, got, want)
		}
	}
	s.done(member(0), "closeVote", "", map[string]any{"voteId": vote, "tellerKeys": keys})
	if got := s.cast(2, vote, 0); got != "CONFLICT voteId" {
		t.Errorf("after the close: %q", got)
	}
}

func (s *session) motionOf(vote string) string {
	s.t.Helper()
	return at(s.ask(request{as: s.admin, Query: `query($id: ID!) { vote(id: $id) { motion { id } } }`, Variables: map[string]any{"id": vote}}), "vote", "motion", "id").(string)
}

// All vote at once: everybody, every third of them twice, six for those who are away, and one while they
// are leaving. The tally is that of the ballots that were taken, each once, and the quorum that of the
// moment.
func TestSixtySixVoteAtOnce(t *testing.T) {
	for _, manner := range []string{"NAMED", "SECRET"} {
		t.Run(manner, func(t *testing.T) {
			written := &book{}
			s := newSession(t, slog.New(house.WithIDs(slog.NewJSONHandler(written, &slog.HandlerOptions{Level: slog.LevelDebug}))))
			vote, keys := s.vote(manner)
			watching := s.listen(s.socket, request{as: member(3), Query: `subscription($id: ID!) { voteChanged(id: $id) { kind vote { state turnout result { for } ballots { nodes { voter { id } } } } } }`, Variables: map[string]any{"id": s.meeting}})
			taken := s.rush(t, manner, vote)
			ballots := len(taken)
			if got := s.came(member(0), "closeVote", map[string]any{"voteId": vote, "tellerKeys": keys}); got != "" {
				t.Fatalf("not closed: %s", got)
			}
			s.holds(t, manner, vote, taken)
			s.heard(t, watching, ballots)
			for _, secret := range append(keys, any("AGAINST"), any("ABSTAINED")) {
				if written.holds(secret.(string)) {
					t.Errorf("the log holds %v", secret)
				}
			}
		})
	}
}

// rush has all vote at once, and answers what was taken: the choice by voter.
func (s *session) rush(t *testing.T, manner, vote string) map[string]string {
	var mu sync.Mutex
	taken, refused := map[string]string{}, map[string]int{}
	note := func(whose int, got string, twice bool) {
		mu.Lock()
		defer mu.Unlock()
		had := taken[s.persons[whose]] != ""
		switch {
		case got == "" && had && manner == "SECRET":
			t.Errorf("a secret ballot of %d was taken twice", whose)
		case got == "":
			taken[s.persons[whose]] = saying[whose%len(saying)]
		case got == "CONFLICT voteId" && (twice && manner == "SECRET" || whose == there-1):
			refused[got]++
		default:
			t.Errorf("member %d: %s", whose, got)
		}
	}
	var jobs []func()
	for n := range there {
		times := 1 + map[bool]int{true: 1}[n%3 == 0]
		for range times {
			jobs = append(jobs, func() { note(n, s.cast(n, vote, 0), times > 1) })
		}
	}
	for n := there; n < seats; n++ {
		jobs = append(jobs, func() { note(n, s.cast(n-there, vote, n), false) })
	}
	jobs = append(jobs, func() {
		s.done(member(0), "markAttendance", "", map[string]any{"meetingId": s.meeting, "personId": s.persons[there-1], "state": "PRESENT", "leftAt": s.Clock().Format(time.RFC3339Nano)})
	})
	atOnce(len(jobs), func(i int) string { jobs[i](); return "" })
	if want := seats - 1; len(taken) != want && len(taken) != want+1 {
		t.Fatalf("%d ballots were taken", len(taken))
	}
	if manner == "SECRET" && refused["CONFLICT voteId"] < there/3 {
		t.Errorf("of %d second ballots %d were refused", there/3, refused["CONFLICT voteId"])
	}
	return taken
}

// holds checks the result, and who sees which ballots.
func (s *session) holds(t *testing.T, manner, vote string, taken map[string]string) {
	count := map[string]float64{}
	for _, choice := range taken {
		count[choice]++
	}
	query := `query($id: ID!) { vote(id: $id) { state turnout result { outcome eligible present filled seats quorumNeeded quorumAtOpening quorumAtClose for against abstained notVoted needed byHands }
		ballots(first: 100) { totalCount nodes { choice voter { id } castBy { id } } } motion { state } } }`
	data := s.ask(request{Query: query, Variables: map[string]any{"id": vote}})
	result := at(data, "vote", "result").(map[string]any)
	for field, want := range map[string]any{"outcome": "CARRIED", "eligible": float64(len(taken)), "present": there - 1.0, "filled": 66.0, "seats": 66.0, "quorumNeeded": 34.0, "quorumAtOpening": 60.0, "quorumAtClose": 59.0,
		"for": count["FOR"], "against": count["AGAINST"], "abstained": count["ABSTAINED"], "notVoted": 0.0, "needed": float64(len(taken)/2 + 1), "byHands": false} {
		if result[field] != want {
			t.Errorf("%s: %v, want %v", field, result[field], want)
		}
	}
	if got := at(data, "vote", "turnout"); got != float64(len(taken)) {
		t.Errorf("turnout %v of %d", got, len(taken))
	}
	if got := at(data, "vote", "motion", "state"); got != "ADOPTED" {
		t.Errorf("the motion is %v", got)
	}
	public := at(data, "vote", "ballots", "nodes").([]any)
	own := at(s.ask(request{as: member(1), Query: query, Variables: map[string]any{"id": vote}}), "vote", "ballots", "nodes").([]any)
	if manner == "SECRET" {
		if len(public) > 0 || len(own) != 2 || at(own[0], "choice") != nil {
			t.Errorf("of a secret vote the public sees %v, a member %v", public, own)
		}
		return
	}
	for _, b := range public {
		voter := at(b, "voter", "id").(string)
		if at(b, "choice") != taken[voter] {
			t.Errorf("%s said %v, want %s", voter, at(b, "choice"), taken[voter])
		}
		delete(taken, voter)
	}
	if len(taken) > 0 {
		t.Errorf("%d ballots are not published", len(taken))
	}
}

// heard reads what was told while they voted: the turnout rises to all, nothing is told of the result
// before the close, nor of others' ballots.
func (s *session) heard(t *testing.T, watching *stream, ballots int) {
	for {
		change := at(watching.next().Data, "voteChanged")
		turnout, closed := at(change, "vote", "turnout").(float64), at(change, "vote", "state") == "CLOSED"
		if at(change, "kind") == "ENDED" {
			if !closed || turnout != float64(ballots) {
				t.Errorf("at the close: %v", change)
			}
			return
		}
		if !closed && at(change, "vote", "result") != nil {
			t.Errorf("told before the close: %v", change)
		}
		for _, b := range at(change, "vote", "ballots", "nodes").([]any) {
			if voter := at(b, "voter", "id"); !closed && voter != s.persons[3] && voter != s.persons[there+3] {
				t.Errorf("another's ballot is seen: %v", b)
			}
		}
	}
}

// holds says whether the log holds the words, as they are or as bytes are written.
func (b *book) holds(words string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(words, "-", ""))
	return bytes.Contains(b.text.Bytes(), []byte(words)) || err == nil && len(raw) > 8 && bytes.Contains(b.text.Bytes(), raw)
}
