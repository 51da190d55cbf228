package meetings_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/meetings"
)

// asked is one operation on a meeting's list, as a client sent it.
type asked struct {
	op     string // register, cancel, resize, read
	person int
	places int
}

// roll is the list as it stands, and as the model keeps it: who has a place, and who waits, in order.
type roll struct {
	capacity int
	has      string // persons in no order, kept sorted
	waits    string // persons in order of arrival
}

// answered is what came of it: done or refused; a register also says where it put the person, a read shows the list.
type answered struct {
	done  bool
	state meetings.RegistrationState
	list  roll
}

func persons(list string) []string { return strings.Fields(list) }

func without(list, person string) string {
	return strings.Join(slices.DeleteFunc(persons(list), func(p string) bool { return p == person }), " ")
}

func sorted(list []string) string { return strings.Join(slices.Sorted(slices.Values(list)), " ") }

// promoted moves up as many as fit.
func (p roll) promoted() roll {
	for has := persons(p.has); len(has) < p.capacity && p.waits != ""; has = persons(p.has) {
		first := persons(p.waits)[0]
		p.has, p.waits = sorted(append(has, first)), without(p.waits, first)
	}
	return p
}

// waitingList is what a meeting's list must be like: one after another, the operations give those answers.
func waitingList(capacity int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return roll{capacity: capacity} },
		Step: func(state, input, output any) (bool, any) {
			s, in, out := state.(roll), input.(asked), output.(answered)
			person := fmt.Sprintf("%03d", in.person)
			has, waits := slices.Contains(persons(s.has), person), slices.Contains(persons(s.waits), person)
			switch in.op {
			case "register":
				if has || waits {
					return !out.done, s
				}
				want := meetings.Registered
				if len(persons(s.has)) < s.capacity {
					s.has = sorted(append(persons(s.has), person))
				} else {
					s.waits, want = strings.TrimSpace(s.waits+" "+person), meetings.Waiting
				}
				return out.done && out.state == want, s
			case "cancel":
				if !has && !waits {
					return !out.done, s
				}
				s.has, s.waits = without(s.has, person), without(s.waits, person)
				return out.done, s.promoted()
			case "resize":
				if in.places < len(persons(s.has)) {
					return !out.done, s
				}
				s.capacity = in.places
				return out.done, s.promoted()
			}
			return out.list == s, s
		},
		Equal:             func(a, b any) bool { return a == b },
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v: %+v", input, output) },
	}
}

// clients keep asking at once and write down when each question was sent and answered.
func (h *house) clients(m core.ID, crowd []core.ID, clients, questions int) []porcupine.Operation {
	began := time.Now()
	var mu sync.Mutex
	var group sync.WaitGroup
	var history []porcupine.Operation
	for client := range clients {
		random := rand.New(rand.NewPCG(uint64(client), 7))
		group.Go(func() {
			for range questions {
				in := asked{op: []string{"register", "register", "register", "cancel", "cancel", "read", "resize"}[random.IntN(7)], person: random.IntN(len(crowd)), places: 1 + random.IntN(5)}
				call := time.Since(began).Nanoseconds()
				out := h.answer(m, crowd, in)
				op := porcupine.Operation{ClientId: client, Input: in, Call: call, Output: out, Return: time.Since(began).Nanoseconds()}
				mu.Lock()
				history = append(history, op)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return history
}

func (h *house) answer(m core.ID, crowd []core.ID, in asked) (out answered) {
	person := crowd[in.person]
	switch in.op {
	case "register":
		p, err := h.register(m, person)
		if out.done = h.code(p, err) == ""; out.done {
			out.state = h.stateGiven(p)
		}
	case "cancel":
		if mine := h.latest(m, person); mine != nil {
			out.done = h.code(h.CancelRegistration(h.as(person), meetings.CancelRegistrationInput{ID: registrationID(mine.ID)})) == ""
		}
	case "resize":
		out.done = h.code(h.ChangeCapacity(h.ctx(), meetings.ChangeCapacityInput{MeetingID: m, Capacity: in.places})) == ""
	default:
		out.list = h.roll(m, crowd)
	}
	return out
}

// stateGiven is where the registration stood when it was made, as the audit remembers it.
func (h *house) stateGiven(p *core.Payload) meetings.RegistrationState {
	var state meetings.RegistrationState
	must(h.t, h.db.NewRaw("SELECT after->>'state' FROM audit WHERE object_id = ? AND action = 'registerForMeeting'", p.Key).Scan(h.ctx(), &state))
	return state
}

// latest is the person's registration that is not over; nil when there is none.
func (h *house) latest(m, person core.ID) *meetings.Registration {
	var all []meetings.Registration
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.meeting_id = ?", m.Key).Where("?TableAlias.person_id = ?", person.Key).
		Where("?TableAlias.state <> 'CANCELLED'").Scan(h.ctx()))
	if len(all) == 0 {
		return nil
	}
	return &all[0]
}

// roll reads the list in one statement.
func (h *house) roll(m core.ID, crowd []core.ID) (p roll) {
	var rows []struct {
		Capacity int
		Key      string
		State    meetings.RegistrationState
	}
	must(h.t, h.db.NewRaw(`SELECT m.capacity, coalesce(r.person_id::text, '') AS key, coalesce(r.state, '') AS state FROM meetings AS m
		LEFT JOIN meeting_registrations AS r ON r.municipality_id = m.municipality_id AND r.meeting_id = m.id AND r.state <> 'CANCELLED'
		WHERE m.id = ? ORDER BY r.arrival`, m.Key).Scan(h.ctx(), &rows))
	var has, waits []string
	for _, row := range rows {
		p.capacity = row.Capacity
		i := slices.IndexFunc(crowd, func(id core.ID) bool { return id.Key.String() == row.Key })
		switch row.State {
		case meetings.Registered:
			has = append(has, fmt.Sprintf("%03d", i))
		case meetings.Waiting:
			waits = append(waits, fmt.Sprintf("%03d", i))
		}
	}
	p.has, p.waits = sorted(has), strings.Join(waits, " ")
	return p
}

// Whatever clients ask at once, the answers are those of some order of the questions, one after another, that
// contradicts nobody's clock: the list is linearizable.
func TestTheWaitingListIsLinearizable(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(12)
	for round := range 3 {
		m := h.announced(nil)
		h.openRegistration(m, 3)
		history := h.clients(m, crowd, 8, 25)
		got := porcupine.CheckOperationsTimeout(waitingList(3), history, time.Minute)
		if got != porcupine.Ok {
			t.Fatalf("round %d, %d operations: %s", round, len(history), got)
		}
	}
}

// The checker refuses what a broken list would answer: a place given twice, a wrong order of promotion, an answer
// from the past.
func TestTheCheckerRefusesWrongHistories(t *testing.T) {
	op := func(client int, from, to int64, in asked, out answered) porcupine.Operation {
		return porcupine.Operation{ClientId: client, Input: in, Call: from, Output: out, Return: to}
	}
	register := func(person int) asked { return asked{op: "register", person: person} }
	placed, waits := answered{done: true, state: meetings.Registered}, answered{done: true, state: meetings.Waiting}
	read := func(has, waits string) answered { return answered{list: roll{1, has, waits}} }
	for name, c := range map[string]struct {
		history []porcupine.Operation
		want    bool
	}{
		"one place, one waits":           {[]porcupine.Operation{op(0, 0, 10, register(1), placed), op(1, 5, 15, register(2), waits)}, true},
		"who came later was asked first": {[]porcupine.Operation{op(0, 0, 10, register(1), waits), op(1, 5, 15, register(2), placed)}, true},
		"one place given twice":          {[]porcupine.Operation{op(0, 0, 10, register(1), placed), op(1, 5, 15, register(2), placed)}, false},
		"the second before the first":    {[]porcupine.Operation{op(0, 0, 10, register(1), waits), op(1, 11, 15, register(2), placed)}, false},
		"the last moves up": {[]porcupine.Operation{op(0, 0, 1, register(1), placed), op(0, 2, 3, register(2), waits), op(0, 4, 5, register(3), waits),
			op(1, 6, 7, asked{op: "cancel", person: 1}, answered{done: true}), op(2, 8, 9, asked{op: "read"}, read("003", "002"))}, false},
		"the first moves up": {[]porcupine.Operation{op(0, 0, 1, register(1), placed), op(0, 2, 3, register(2), waits), op(0, 4, 5, register(3), waits),
			op(1, 6, 7, asked{op: "cancel", person: 1}, answered{done: true}), op(2, 8, 9, asked{op: "read"}, read("002", "003"))}, true},
		"two move up": {[]porcupine.Operation{op(0, 0, 1, register(1), placed), op(0, 2, 3, register(2), waits), op(0, 4, 5, register(3), waits),
			op(1, 6, 7, asked{op: "cancel", person: 1}, answered{done: true}), op(2, 8, 9, asked{op: "read"}, read("002 003", ""))}, false},
		"a read from the past": {[]porcupine.Operation{op(0, 0, 1, register(1), placed), op(1, 2, 3, asked{op: "read"}, read("", ""))}, false},
	} {
		if got := porcupine.CheckOperations(waitingList(1), c.history); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
