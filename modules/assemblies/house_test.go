package assemblies

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// house is the module with those that it stands on, on a real database; today is 28 September 2012.
type house struct {
	*Service
	t        testing.TB
	db       *postgres.DB
	people   *people.Service
	places   *places.Service
	councils *councils.Service
	town     *core.Municipality
	persons  []core.ID
	numbers  int // of districts
}

func newHouse(t testing.TB) *house {
	t.Helper()
	db := coretest.Database(t)
	town := coretest.Town(t, db, "kansk")
	h := townhall.Open(t, db, town, coretest.Noon(2012, time.September, 28))
	p, l := people.New(h), places.New(h)
	d := calendar.New(h)
	f, err := files.New(h, p)
	must(t, err)
	k, err := cases.New(h, p, d, f)
	must(t, err)
	m := meetings.New(h, p, f, k)
	v := motions.New(h, p, m)
	c := councils.New(h, p, f, m)
	a := New(h, p, m, v, c)
	townhall.Settle(t, h, town, p, l, d, f, k, m, v, c, a)
	return &house{Service: a.Service, t: t, db: db, people: p.Service, places: l.Service, councils: c.Service, town: town}
}

func must(t testing.TB, err error) {
	t.Helper()
	townhall.Must(t, err)
}

// ctx is the system's in the town.
func (h *house) ctx() context.Context {
	return townhall.As(h.town, core.Actor{Kind: core.System})
}

// code is what came of a mutation: "" when it was done, else the code and the field at fault.
func (h *house) code(p *core.Payload, err error) string {
	h.t.Helper()
	return townhall.Code(h.t, p, err)
}

// done wants a mutation to have been done, and answers the object's key.
func (h *house) done(p *core.Payload, err error) uuid.UUID {
	h.t.Helper()
	return townhall.Done(h.t, p, err)
}

// person is the n-th of the people whom the tests seat.
func (h *house) person(n int) core.ID {
	h.t.Helper()
	for len(h.persons) <= n {
		key := h.done(h.people.CreatePerson(h.ctx(), people.CreatePersonInput{FamilyName: "Образцов", GivenName: "Иван"}))
		h.persons = append(h.persons, core.ID{Type: "Person", Key: key})
	}
	return h.persons[n]
}

// district founds the next district, long ago.
func (h *house) district() core.ID {
	h.t.Helper()
	h.numbers++
	key := h.done(h.places.CreateDistrict(h.ctx(), places.CreateDistrictInput{Number: h.numbers, Name: fmt.Sprint("Микрорайон ", h.numbers)}))
	return core.ID{Type: "District", Key: key}
}

// council founds a body at work from 1 January 2012 on; of a district, its community council.
func (h *house) council(district *core.ID, change func(*councils.CreateCouncilInput)) core.ID {
	h.t.Helper()
	from := day(2012, 1, 1)
	in := councils.CreateCouncilInput{Kind: councils.PublicCouncil, Name: "Совет", FoundingAct: "Постановление № 1", FoundedOn: from, ActiveFrom: &from}
	if district != nil {
		in.Kind, in.DistrictID = councils.CommunityCouncil, district
	}
	if change != nil {
		change(&in)
	}
	return core.ID{Type: "Council", Key: h.done(h.councils.CreateCouncil(h.ctx(), in))}
}

// member seats the n-th person in the body from 1 February 2012 on.
func (h *house) member(council core.ID, n int, to *core.Date) core.ID {
	h.t.Helper()
	key := h.done(h.councils.AddMember(h.ctx(), councils.AddMemberInput{CouncilID: council, PersonID: h.person(n), Post: councils.Member, Basis: councils.ActiveCitizen, StartsOn: day(2012, 2, 1), EndsOn: to}))
	return core.ID{Type: "Membership", Key: key}
}

// leave ends a membership.
func (h *house) leave(membership core.ID, on core.Date, why councils.LeavingReason) string {
	h.t.Helper()
	m := new(councils.Membership)
	must(h.t, h.db.NewSelect().Model(m).Where("?TableAlias.id = ?", membership.Key).Scan(h.ctx()))
	return h.code(h.councils.EndMembership(h.ctx(), councils.EndMembershipInput{ID: membership, ExpectedVersion: m.Version, EndsOn: on, Reason: why}))
}

// assembly founds one on 1 March 2012.
func (h *house) assembly() core.ID {
	h.t.Helper()
	key := h.done(h.CreateAssembly(h.ctx(), CreateAssemblyInput{Kind: CityAssembly, Name: "Собрание", FoundingAct: "Решение № 1", FoundedOn: day(2012, 3, 1)}))
	return core.ID{Type: "Assembly", Key: key}
}

// charter is a plain charter from a day on.
func charter(assembly core.ID, from core.Date, rules ...CharterRuleInput) AdoptCharterInput {
	return AdoptCharterInput{AssemblyID: assembly, Act: "Устав", StartsOn: from, QuorumOf: OfAll, QuorumNumerator: 1, QuorumDenominator: 2, QuorumStrict: true,
		SubstitutesAllowed: true, Manners: []motions.VoteManner{motions.Open}, Rules: rules}
}

func eachDistrict(seats int) CharterRuleInput {
	return CharterRuleInput{Key: "districts", Name: "От микрорайонов", Kind: EachDistrict, Seats: &seats, CouncilKind: ptr(councils.CommunityCouncil)}
}

func chosenBy(council core.ID, seats int) CharterRuleInput {
	return CharterRuleInput{Key: "chosen", Name: "От совета", Kind: BodyChooses, Seats: &seats, CouncilID: &council}
}

func allOf(council core.ID) CharterRuleInput {
	return CharterRuleInput{Key: "all", Name: "Весь совет", Kind: BodyAll, CouncilID: &council}
}

func nominated3() CharterRuleInput {
	return CharterRuleInput{Key: "nominated", Name: "По выдвижению", Kind: ByNomination, Seats: ptr(3)}
}

// rule is the assembly's rule of that key.
func (h *house) rule(assembly core.ID, key string) core.ID {
	h.t.Helper()
	rule, found, err := h.Rule(h.ctx(), assembly.Key, key)
	must(h.t, err)
	if !found {
		h.t.Fatalf("no rule %s", key)
	}
	return core.ID{Type: "SeatRule", Key: rule}
}

// naming is a plain naming of the n-th person from 1 April 2012 on.
func (h *house) naming(rule, council core.ID, n int) NameDelegateInput {
	return NameDelegateInput{RuleID: rule, CouncilID: council, PersonID: h.person(n), StartsOn: day(2012, 4, 1), Minutes: "Протокол № 1"}
}

// named names and answers the delegate.
func (h *house) named(in NameDelegateInput) core.ID {
	h.t.Helper()
	return core.ID{Type: "Delegate", Key: h.done(h.NameDelegate(h.ctx(), in))}
}

func (h *house) delegate(id core.ID) *Delegate {
	h.t.Helper()
	d, err := find[Delegate](h.ctx(), h.db, id.Key)
	must(h.t, err)
	return d
}

// end is how a delegate's time ends, in short.
func (h *house) end(id core.ID) string {
	h.t.Helper()
	d, err := find[Delegate](h.ctx(), h.db, id.Key)
	if postgres.NoRows(err) {
		return "gone"
	}
	must(h.t, err)
	if d.EndsOn == nil {
		return "open"
	}
	text := fmt.Sprint(d.EndsOn, " ", *d.EndReason)
	if d.LeavingReason != nil {
		text += " " + string(*d.LeavingReason)
	}
	return text
}

func (h *house) composition(assembly core.ID, on core.Date) *Composition {
	h.t.Helper()
	c, err := h.Composition(h.ctx(), assembly.Key, &on)
	must(h.t, err)
	return c
}

// seats are all seats of a day.
func (h *house) seats(assembly core.ID, on core.Date, filter *SeatConditions) []*Seat {
	h.t.Helper()
	page, err := h.Seats(h.ctx(), assembly.Key, ptr(100), nil, filter, &on)
	must(h.t, err)
	return page.Nodes
}

func day(year int, month time.Month, d int) core.Date { return core.NewDate(year, month, d) }
