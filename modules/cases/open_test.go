package cases

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	gone := h.person("Прежний")
	h.done(h.people.ErasePerson(h.ctx(), people.ErasePersonInput{ID: core.ID{Type: "Person", Key: gone}, Reason: "просьба"}))
	for name, c := range map[string]struct {
		o    Opening
		want string
	}{
		"no such kind":               {Opening{Kind: "nothing", Title: "а"}, "BAD_USER_INPUT kind"},
		"nothing said":               {Opening{}, "BAD_USER_INPUT title"},
		"received tomorrow":          {Opening{Title: "а", ReceivedOn: day(2012, 12, 4)}, "BAD_USER_INPUT receivedOn"},
		"registered before":          {Opening{Title: "а", ReceivedOn: day(2012, 12, 3), RegisteredOn: ptr(day(2012, 12, 2))}, "BAD_USER_INPUT registeredOn"},
		"due before it is there":     {Opening{Title: "а", DueOn: ptr(day(2012, 12, 2))}, "BAD_USER_INPUT dueOn"},
		"an applicant who is erased": {Opening{Title: "а", ApplicantID: &gone}, "CONFLICT applicantId"},
		"elsewhere in the input":     {Opening{Path: []string{"input", "problems", "3"}}, "BAD_USER_INPUT title"},
	} {
		c.o.Origin, c.o.Channel = OriginGathering, ChannelMeeting
		got := h.code(h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) { return h.Open(ctx, tx, c.o) }))
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// What another module opens is registered at once, and its clocks run by the law's terms and the calendar.
func TestOpenStartsTheClocks(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	c := h.reread(h.open(Opening{}))
	if c.Number != "2012-1" || c.PublicState != Registered || c.DueOn == nil || c.DueOn.String() != "2013-01-09" { // 2 January 2013 is off
		t.Errorf("%+v", c)
	}
	clocks := h.clocks(id(c.ID))
	if k := clocks[ClockRegistration]; k.EndedOn == nil || *k.Outcome != Met {
		t.Errorf("registration: %+v", k)
	}
	if k := clocks[ClockForwarding]; k.EndedOn != nil || k.DueOn.String() != "2012-12-10" {
		t.Errorf("forwarding: %+v", k)
	}
	department := h.organisation(people.MunicipalDepartment, nil)
	owned := h.open(Opening{Kind: "task", OwnerOrganisationID: &department, DueOn: ptr(day(2012, 12, 8)), ReceivedOn: day(2012, 11, 1), RegisteredOn: ptr(day(2012, 11, 2))})
	c = h.reread(owned)
	if c.PublicState != InProgress || c.DueOn.String() != "2012-12-08" { // a day that was set stands, though it is a Saturday
		t.Errorf("%+v", c)
	}
	if k := h.clocks(owned)[ClockForwarding]; k.EndedOn == nil || *k.Outcome != Stopped {
		t.Errorf("forwarding of an owned case: %+v", k)
	}
}

// Numbers of a year follow each other without a gap, however many open at once, and whatever fails.
func TestNumbersWithoutGaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var wait sync.WaitGroup
	for n := range 100 {
		wait.Go(func() {
			payload, err := h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
				key, err := h.Open(ctx, tx, Opening{Title: fmt.Sprint(n), Origin: OriginQuestion, Channel: ChannelMeeting})
				if n%10 == 0 && err == nil {
					err = core.Conflict(core.T("no", "нет"))
				}
				return key, err
			})
			if err != nil || len(payload.UserErrors) > 0 != (n%10 == 0) {
				t.Errorf("%d: %+v %v", n, payload, err)
			}
		})
	}
	wait.Wait()
	var serials []int
	must(t, h.db.NewSelect().Model((*Case)(nil)).Column("serial").Order("serial").Scan(h.ctx(), &serials))
	if len(serials) != 90 || serials[0] != 1 || !slices.IsSorted(serials) || serials[89] != 90 {
		t.Errorf("%v", serials)
	}
}

// Who sees a case, and what it says.
func TestWhoSeesACase(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	city := h.organisation(people.MunicipalDepartment, nil)
	department, other := h.organisation(people.MunicipalDepartment, &city), h.organisation(people.MunicipalDepartment, nil)
	resident, stranger, official, mayor, elsewhere := h.person("Житель"), h.person("Сосед"), h.person("Чиновник"), h.person("Глава"), h.person("Другой")
	h.head(official, department)
	h.head(mayor, city)
	h.head(elsewhere, other)
	hidden := h.open(Opening{ApplicantID: &resident, OwnerOrganisationID: &department})
	public := h.open(Opening{ApplicantID: &resident, OwnerOrganisationID: &department, Public: true})
	for name, c := range map[string]struct {
		ctx             context.Context
		hidden, content bool
	}{
		"nobody":                    {h.anonymous(), false, false},
		"a stranger":                {h.as(stranger), false, false},
		"the applicant":             {h.as(resident), true, true},
		"the owner's head":          {h.as(official, "official"), true, true},
		"the head of the one above": {h.as(mayor, "official"), true, true},
		"an official of another":    {h.as(elsewhere, "official"), false, false},
		"an official without role":  {h.as(official), false, false},
		"a clerk":                   {h.as(uuid.Nil, "clerk"), true, true},
		"an auditor":                {h.as(uuid.Nil, "auditor"), true, false},
		"an editor":                 {h.as(uuid.Nil, "editor"), false, false},
	} {
		if got := h.sees(c.ctx, hidden); got != c.hidden {
			t.Errorf("%s sees the case: %t", name, got)
		}
		if !h.sees(c.ctx, public) {
			t.Errorf("%s does not see the published case", name)
		}
		for _, of := range []core.ID{hidden, public} {
			got, err := read.Sees[CaseContent](c.ctx, h.reads, of.Key)
			must(t, err)
			if got != c.content {
				t.Errorf("%s sees what %s says: %t", name, of, got)
			}
		}
	}
	h.on(2013, time.June, 1)
	h.done(h.people.EndPost(h.ctx(), people.EndPostInput{ID: core.ID{Type: "Post", Key: h.post(official)}, ExpectedVersion: 1, EndsOn: day(2013, 5, 31), Reason: people.PostResigned}))
	if h.sees(h.as(official, "official"), hidden) {
		t.Error("whoever left the post still sees the case")
	}
}

func (h *house) post(person uuid.UUID) (key uuid.UUID) {
	h.t.Helper()
	must(h.t, h.db.NewSelect().Model((*people.Post)(nil)).Column("id").Where("?TableAlias.person_id = ?", person).Scan(h.ctx(), &key))
	return key
}
