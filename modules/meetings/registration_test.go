package meetings_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/meetings"
)

func (h *house) openRegistration(m core.ID, capacity int) {
	h.t.Helper()
	h.done(h.OpenRegistration(h.ctx(), meetings.OpenRegistrationInput{MeetingID: m, Capacity: capacity}))
}

func (h *house) register(m, person core.ID) (*core.Payload, error) {
	return h.RegisterForMeeting(h.as(person), meetings.RegisterForMeetingInput{MeetingID: m})
}

func (h *house) list(m core.ID) []meetings.Registration {
	h.t.Helper()
	var all []meetings.Registration
	must(h.t, h.db.NewSelect().Model(&all).Where("?TableAlias.meeting_id = ?", m.Key).Order("arrival").Scan(h.ctx()))
	return all
}

func registrationID(key uuid.UUID) core.ID { return core.ID{Type: "Registration", Key: key} }

// A thousand ask for a hundred places at once: a hundred get one and nine hundred wait, in order of arrival; each
// place given back moves up exactly one, the first of those who wait.
func TestAThousandForAHundredPlaces(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	m, crowd := h.announced(nil), h.crowd(1000)
	h.openRegistration(m, 100)
	var group sync.WaitGroup
	start := make(chan struct{})
	for _, p := range crowd {
		group.Go(func() {
			<-start
			if got, err := h.register(m, p); err != nil || len(got.UserErrors) > 0 {
				t.Errorf("register: %+v, %v", got, err)
			}
		})
	}
	close(start)
	group.Wait()
	list := h.list(m)
	for i, r := range list {
		want := meetings.Waiting
		if i < 100 {
			want = meetings.Registered
		}
		if r.Arrival != i+1 || r.State != want {
			t.Fatalf("place %d: arrival %d, %s", i+1, r.Arrival, r.State)
		}
	}
	codes := map[string]bool{}
	for _, r := range list {
		codes[r.Code] = true
	}
	if len(list) != 1000 || len(codes) != 1000 {
		t.Fatalf("%d on the list with %d codes", len(list), len(codes))
	}

	for _, i := range []int{7, 0, 99} {
		group.Go(func() {
			h.done(h.CancelRegistration(h.as(core.ID{Type: "Person", Key: list[i].PersonID}), meetings.CancelRegistrationInput{ID: registrationID(list[i].ID)}))
		})
	}
	group.Wait()
	if got := h.reread(m); got.RegisteredCount != 100 || got.WaitingCount != 897 {
		t.Errorf("%d registered, %d wait", got.RegisteredCount, got.WaitingCount)
	}
	var up []int
	for _, r := range h.list(m) {
		if r.PromotedAt != nil {
			up = append(up, r.Arrival)
		}
	}
	if !slices.Equal(up, []int{101, 102, 103}) {
		t.Errorf("%v moved up", up)
	}
	if told := h.told(); len(told) != 3 || !slices.Contains(told, h.list(m)[100].PersonID) {
		t.Errorf("%d are told", len(told))
	}
}

// told are the persons whom notices in the outbox name, of changes of registrations.
func (h *house) told() (persons []uuid.UUID) {
	h.t.Helper()
	must(h.t, h.db.NewRaw("SELECT unnest(tell) FROM outbox WHERE object_type = 'Registration' AND tell <> '{}'").Scan(h.ctx(), &persons))
	return persons
}

func TestRegistrationRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(4)
	council, other := h.council(), h.council(crowd[3]) // whose member everybody may see
	m, closed := h.announced(&council), h.announced(&council)
	planned := h.plan(&council)
	secretary, stranger, resident := h.as(crowd[0], in(council, "council_secretary")), h.as(crowd[1], in(other, "council_secretary")), h.as(crowd[2])
	register := func(ctx context.Context, m core.ID, person *core.ID) string {
		return h.code(h.RegisterForMeeting(ctx, meetings.RegisterForMeetingInput{MeetingID: m, PersonID: person}))
	}
	open := func(ctx context.Context, m core.ID, capacity int, closes *time.Time) string {
		return h.code(h.OpenRegistration(ctx, meetings.OpenRegistrationInput{MeetingID: m, Capacity: capacity, ClosesAt: closes}))
	}
	tomorrow := ptr(h.at(time.September, 29, 12, 0))
	for _, c := range []struct {
		name, got, want string
	}{
		{"a resident opens", open(resident, m, 1, nil), "FORBIDDEN"},
		{"another body's secretary opens", open(stranger, m, 1, nil), "FORBIDDEN"},
		{"a planned meeting", open(secretary, planned, 1, nil), "CONFLICT"},
		{"no places", open(secretary, m, 0, nil), "BAD_USER_INPUT capacity"},
		{"an end in the past", open(secretary, m, 1, ptr(h.at(time.September, 1, 0, 0))), "BAD_USER_INPUT closesAt"},
		{"an end after the start", open(secretary, m, 1, ptr(h.at(time.October, 11, 0, 0))), "BAD_USER_INPUT closesAt"},
		{"register before it is open", register(resident, m, nil), "CONFLICT meetingId"},
		{"register for a meeting that is not public", register(resident, planned, nil), "NOT_FOUND"},
		{"capacity before it is open", h.code(h.ChangeCapacity(secretary, meetings.ChangeCapacityInput{MeetingID: m, Capacity: 5})), "CONFLICT"},
		{"open", open(secretary, m, 1, nil), ""},
		{"open twice", open(secretary, m, 1, nil), "CONFLICT"},
		{"open the other", open(secretary, closed, 1, tomorrow), ""},
		{"somebody whom one may not see", register(resident, m, &crowd[1]), "NOT_FOUND"},
		{"another person by a resident", register(resident, m, &crowd[3]), "FORBIDDEN"},
		{"another person by a stranger", register(stranger, m, &crowd[3]), "FORBIDDEN"},
		{"an account without a person", register(h.acting(core.Actor{Kind: core.Account, Account: core.NewID()}), m, nil), "BAD_USER_INPUT personId"},
		{"nobody", register(h.acting(core.Actor{Kind: core.Anonymous}), m, &crowd[3]), "UNAUTHENTICATED"},
		{"oneself", register(resident, m, nil), ""},
		{"oneself twice", register(resident, m, nil), "CONFLICT personId"},
		{"another by the secretary", register(secretary, m, &crowd[3]), ""},
		{"fewer places than are taken", h.code(h.ChangeCapacity(secretary, meetings.ChangeCapacityInput{MeetingID: m, Capacity: 0})), "BAD_USER_INPUT capacity"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	list := h.list(m)
	cancel := func(ctx context.Context, i int) string {
		return h.code(h.CancelRegistration(ctx, meetings.CancelRegistrationInput{ID: registrationID(list[i].ID)}))
	}
	if got := cancel(resident, 1); got != "NOT_FOUND" {
		t.Errorf("a resident cancels another's: %q", got)
	}
	if got := cancel(stranger, 1); got != "NOT_FOUND" {
		t.Errorf("another body's secretary cancels: %q", got)
	}
	h.done(h.ChangeCapacity(secretary, meetings.ChangeCapacityInput{MeetingID: m, Capacity: 2}))
	if got := h.code(h.ChangeCapacity(secretary, meetings.ChangeCapacityInput{MeetingID: m, Capacity: 1})); got != "CONFLICT capacity" {
		t.Errorf("fewer places than are taken: %q", got)
	}
	if got := cancel(resident, 0); got != "" {
		t.Errorf("a resident cancels their own: %q", got)
	}
	if got := cancel(resident, 0); got != "CONFLICT" {
		t.Errorf("cancelled twice: %q", got)
	}
	h.set(*tomorrow)
	if got := register(resident, closed, nil); got != "CONFLICT meetingId" {
		t.Errorf("after the end of registration: %q", got)
	}
	h.set(h.at(time.October, 10, 10, 0))
	if got := register(resident, m, nil); got != "CONFLICT meetingId" {
		t.Errorf("when the meeting begins: %q", got)
	}
}

func TestTheDoor(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(5)
	m, other := h.announced(nil), h.announced(nil)
	h.openRegistration(m, 3)
	for _, p := range crowd[:4] {
		h.done(h.register(m, p))
	}
	list := h.list(m)
	clerk := h.as(crowd[4], core.Assignment{Role: "clerk"})
	check := func(ctx context.Context, i int) string {
		return h.code(h.CheckIn(ctx, meetings.CheckInInput{RegistrationID: ptr(registrationID(list[i].ID))}))
	}
	byCode := func(m core.ID, code string) string {
		return h.code(h.CheckIn(clerk, meetings.CheckInInput{MeetingID: &m, Code: &code}))
	}
	if got := check(clerk, 0); got != "CONFLICT" {
		t.Errorf("before the day: %q", got)
	}
	h.set(h.at(time.October, 10, 9, 30))
	for _, c := range []struct {
		name, got, want string
	}{
		{"by oneself", check(h.as(crowd[0]), 0), "FORBIDDEN"},
		{"by another", check(h.as(crowd[1]), 0), "NOT_FOUND"},
		{"who waits", check(clerk, 3), "CONFLICT registrationId"},
		{"neither way", h.code(h.CheckIn(clerk, meetings.CheckInInput{MeetingID: &m})), "BAD_USER_INPUT registrationId"},
		{"no such code", byCode(m, "X-XXXX"), "BAD_USER_INPUT code"},
		{"another meeting's code", byCode(other, list[0].Code), "BAD_USER_INPUT code"},
		{"by code", byCode(m, " "+list[0].Code+" "), ""},
		{"twice", check(clerk, 0), "CONFLICT registrationId"},
		{"cancelled after it", h.code(h.CancelRegistration(h.as(crowd[0]), meetings.CancelRegistrationInput{ID: registrationID(list[0].ID)})), "CONFLICT"},
		{"undone", h.code(h.UndoCheckIn(clerk, meetings.UndoCheckInInput{ID: registrationID(list[0].ID)})), ""},
		{"undone twice", h.code(h.UndoCheckIn(clerk, meetings.UndoCheckInInput{ID: registrationID(list[0].ID)})), "CONFLICT"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	at := h.at(time.October, 10, 9, 10)
	bulk := func(entries ...meetings.CheckInEntryInput) (*core.Payload, error) {
		return h.BulkCheckIn(clerk, meetings.BulkCheckInInput{MeetingID: m, Entries: entries})
	}
	entry := func(code string, at time.Time) meetings.CheckInEntryInput {
		return meetings.CheckInEntryInput{Code: code, At: at}
	}
	p, err := bulk(entry(list[0].Code, at), entry("НЕТ", at), entry(list[3].Code, at), entry(list[1].Code, h.at(time.October, 10, 9, 31)))
	must(t, err)
	if len(p.UserErrors) != 3 || !slices.Equal(p.UserErrors[0].Path, []string{"input", "entries", "1", "code"}) {
		t.Errorf("wrong entries: %+v", p.UserErrors)
	}
	if h.list(m)[0].CheckedInAt != nil {
		t.Error("some of a wrong list were checked in")
	}
	h.done(bulk(entry(list[0].Code, at), entry(list[1].Code, at)))
	h.done(bulk(entry(list[0].Code, at.Add(time.Minute)), entry(list[0].Code, at.Add(-time.Minute)), entry(list[1].Code, at.Add(time.Minute))))
	got := h.list(m)
	if !got[0].CheckedInAt.Equal(at.Add(-time.Minute)) || !got[1].CheckedInAt.Equal(at) || got[2].CheckedInAt != nil {
		t.Errorf("checked in at %v, %v, %v", got[0].CheckedInAt, got[1].CheckedInAt, got[2].CheckedInAt)
	}
}
