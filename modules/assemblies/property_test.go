package assemblies

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/places"
)

const span = 20 // days of a random history

// random is a random history under way: what there is to choose from, and the draws.
type random struct {
	*house
	r                   *rapid.T
	assembly            core.ID
	districts, councils []core.ID
	done                map[string]int // what was not refused
}

func (h *random) on(label string) core.Date {
	return day(2012, 3, 1).AddDays(rapid.IntRange(0, span-1).Draw(h.r, label))
}

func (h *random) maybe(label string) *core.Date {
	if rapid.Bool().Draw(h.r, label+" given") {
		return ptr(h.on(label))
	}
	return nil
}

func (h *random) one(label string, of []core.ID) core.ID {
	return of[rapid.IntRange(0, len(of)-1).Draw(h.r, label)]
}

func (h *random) of(typ, table, where string) (all []core.ID) {
	var keys []uuid.UUID
	must(h.t, h.db.NewSelect().Table(table).Column("id").Where("municipality_id = ?", h.town.ID).Where(where).Order("id").Scan(h.ctx(), &keys))
	for _, k := range keys {
		all = append(all, core.ID{Type: typ, Key: k})
	}
	return all
}

// steps are what may happen; each may be refused.
var steps = map[string]func(h *random) (*core.Payload, error){
	"abolish": func(h *random) (*core.Payload, error) {
		d := h.one("district", h.districts)
		return h.places.AbolishDistrict(h.ctx(), places.AbolishDistrictInput{ID: d, ExpectedVersion: 1, AbolishedOn: ptr(h.on("abolished")), Reason: "Проба"})
	},
	"dissolve": func(h *random) (*core.Payload, error) {
		return h.house.councils.DissolveCouncil(h.ctx(), councils.DissolveCouncilInput{ID: h.one("council", h.councils), ExpectedVersion: 1, DissolvedOn: h.on("dissolved"), Reason: "Проба"})
	},
	"leave": func(h *random) (*core.Payload, error) {
		return h.house.councils.EndMembership(h.ctx(), councils.EndMembershipInput{ID: h.one("seat", h.of("Membership", "memberships", "TRUE")), ExpectedVersion: 1, EndsOn: h.on("left"), Reason: "OTHER"})
	},
	"post": func(h *random) (*core.Payload, error) {
		return h.house.councils.ChangePost(h.ctx(), councils.ChangePostInput{MembershipID: h.one("seat", h.of("Membership", "memberships", "TRUE")), ExpectedVersion: 1, Post: councils.Secretary, StartsOn: h.on("post")})
	},
	"charter": func(h *random) (*core.Payload, error) {
		return h.AdoptCharter(h.ctx(), h.charter(h.on("charter")))
	},
	"name": func(h *random) (*core.Payload, error) { return h.NameDelegate(h.ctx(), h.naming("TRUE")) },
	"second": func(h *random) (*core.Payload, error) {
		return h.NameSubstitute(h.ctx(), NameSubstituteInput(h.naming(`EXISTS (SELECT FROM delegates AS d
			WHERE d.municipality_id = m.municipality_id AND d.rule_id = rule.id AND d.council_id = c.id)`)))
	},
	"recall": func(h *random) (*core.Payload, error) {
		all := h.of("Delegate", "delegates", "TRUE")
		if len(all) == 0 {
			return nil, nil
		}
		return h.RecallDelegate(h.ctx(), RecallDelegateInput{ID: h.one("delegate", all), ExpectedVersion: 1, EndsOn: h.on("recalled"), Reason: Recalled, Minutes: "Протокол"})
	},
	"suspend": func(h *random) (*core.Payload, error) {
		all := h.of("Delegate", "delegates", "capacity = 'HOLDER'")
		if len(all) == 0 {
			return nil, nil
		}
		return h.SuspendDelegate(h.ctx(), SuspendDelegateInput{DelegateID: h.one("delegate", all), StartsOn: h.on("suspended"), EndsOn: h.maybe("until"), Minutes: "Протокол"})
	},
	"call": func(h *random) (*core.Payload, error) {
		by := h.of("Delegate", "delegates", "capacity = 'SUBSTITUTE'")
		if len(by) == 0 {
			return nil, nil
		}
		second := h.delegate(h.one("substitute", by))
		all := h.of("Delegate", "delegates", fmt.Sprintf("capacity = 'HOLDER' AND rule_id = '%s' AND council_id = '%s'", second.RuleID, second.CouncilID))
		if len(all) == 0 {
			return nil, nil
		}
		return h.CallSubstitute(h.ctx(), CallSubstituteInput{DelegateID: h.one("delegate", all), SubstituteID: touch("Delegate", second.ID),
			StartsOn: second.StartsOn.AddDays(1).AddDays(rapid.IntRange(0, 4).Draw(h.r, "called")), EndsOn: h.seldom("until")})
	},
}

func (h *random) charter(from core.Date) AdoptCharterInput {
	plain := h.councils[len(h.councils)-1]
	seats := rapid.IntRange(1, 3)
	all := []CharterRuleInput{eachDistrict(seats.Draw(h.r, "of a district")), chosenBy(plain, seats.Draw(h.r, "chosen")), allOf(h.councils[len(h.councils)-2]),
		{Key: "bodies", Name: "От советов", Kind: EachBody, Seats: ptr(seats.Draw(h.r, "of a body")), CouncilKind: ptr(councils.PublicCouncil)}, nominated3()}
	rules := all[:1]
	for i, r := range all[1:] {
		if rapid.Bool().Draw(h.r, fmt.Sprint("rule ", i)) {
			rules = append(slices.Clone(rules), r)
		}
	}
	in := charter(h.assembly, from, rules...)
	in.SubstitutesAllowed = rapid.IntRange(0, 3).Draw(h.r, "substitutes") > 0
	return in
}

// naming is of somebody who sits in a body, mostly, and was never named, by a rule that there is; where
// narrows the choice.
func (h *random) naming(where string) NameDelegateInput {
	var found []struct {
		CouncilID, PersonID, RuleID uuid.UUID
		StartsOn                    core.Date
	}
	must(h.t, h.db.NewRaw(`SELECT m.council_id, m.person_id, rule.id AS rule_id, m.starts_on FROM memberships AS m JOIN councils AS c USING (municipality_id)
		JOIN assembly_rules AS rule USING (municipality_id) WHERE m.municipality_id = ? AND c.id = m.council_id AND rule.kind NOT IN ('NOMINATION', 'BODY_ALL')
		AND (rule.council_id = c.id OR rule.council_kind = c.kind)
		AND NOT EXISTS (SELECT FROM delegates AS d WHERE d.municipality_id = m.municipality_id AND d.person_id = m.person_id) AND `+where+` ORDER BY m.id, rule.id`, h.town.ID).Scan(h.ctx(), &found))
	if len(found) == 0 { // whoever it is then is refused, unless they left
		in := h.house.naming(h.one("rule", h.of("SeatRule", "assembly_rules", "TRUE")), h.one("council", h.councils), 0)
		in.StartsOn = h.on("named")
		return in
	}
	f := found[rapid.IntRange(0, len(found)-1).Draw(h.r, "member")]
	return NameDelegateInput{RuleID: core.ID{Type: "SeatRule", Key: f.RuleID}, CouncilID: core.ID{Type: "Council", Key: f.CouncilID}, PersonID: core.ID{Type: "Person", Key: f.PersonID},
		StartsOn: f.StartsOn.AddDays(rapid.SampledFrom([]int{2, 0, 1, 3, 5, 8, -1}).Draw(h.r, "named")), EndsOn: h.seldom("until"), Minutes: "Протокол"}
}

func (h *random) seldom(label string) *core.Date {
	if rapid.IntRange(0, 3).Draw(h.r, label+" given") == 0 {
		return ptr(h.on(label))
	}
	return nil
}

// begin lays out a town with districts, bodies and members.
func (h *random) begin() {
	h.assembly = h.house.assembly()
	for range rapid.IntRange(1, 3).Draw(h.r, "districts") {
		h.districts = append(h.districts, h.district())
	}
	form := func(in *councils.CreateCouncilInput) {
		in.FoundedOn = day(2012, 2, 20).AddDays(rapid.IntRange(0, 12).Draw(h.r, "founded"))
		in.ActiveFrom = ptr(in.FoundedOn.AddDays(rapid.IntRange(0, 5).Draw(h.r, "at work")))
	}
	for i := range h.districts {
		if rapid.IntRange(0, 3).Draw(h.r, "has a council") > 0 {
			h.councils = append(h.councils, h.council(&h.districts[i], form))
		}
	}
	h.councils = append(h.councils, h.council(nil, form), h.council(nil, form))
	for range rapid.IntRange(8, 14).Draw(h.r, "members") {
		council, person := h.one("council", h.councils), h.person(rapid.IntRange(0, 10).Draw(h.r, "person"))
		p, err := h.house.councils.AddMember(h.ctx(), councils.AddMemberInput{CouncilID: council, PersonID: person, Post: councils.Member, Basis: councils.ActiveCitizen, StartsOn: day(2012, 3, 1).AddDays(rapid.IntRange(0, 6).Draw(h.r, "joined")), EndsOn: h.seldom("leaves")})
		h.code(p, err)
	}
	h.house.done(h.AdoptCharter(h.ctx(), h.charter(day(2012, 3, 1).AddDays(rapid.IntRange(0, 4).Draw(h.r, "charter")))))
}

// The seats of each day, as SQL makes them, are those that a plain walk over all rows finds, after any
// history; nobody sits twice; and whoever a body named is its member on each day.
func TestSeatsAgainstAPlainWalk(t *testing.T) {
	t.Parallel()
	base := newHouse(t)
	done, towns := map[string]int{}, 0
	reasons := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		towns++
		in := *base
		in.town, in.persons, in.numbers = coretest.Town(t, base.db, fmt.Sprint("town-", towns)), nil, 0
		h := &random{house: &in, r: r, done: done}
		h.begin()
		names := []string{"abolish", "call", "call", "call", "call", "charter", "dissolve", "leave", "leave", "name", "name", "post", "recall", "second", "second", "suspend", "suspend"}
		for i := range rapid.IntRange(8, 24).Draw(r, "steps") {
			step := "name"
			if i == 4 || i == 5 {
				step = "second"
			} else if i > 5 {
				step = rapid.SampledFrom(names).Draw(r, "step")
			}
			if step != "charter" && step != "abolish" && step != "dissolve" && len(h.of("Membership", "memberships", "TRUE")) == 0 {
				continue
			}
			if p, err := steps[step](h); p != nil && h.code(p, err) == "" {
				done[step]++
			}
		}
		h.compare(reasons)
	})
	for step := range steps {
		if done[step] == 0 {
			t.Errorf("%s was always refused: %v", step, done)
		}
	}
	for _, reason := range []string{"", "NO_BODY", "BODY_FORMING", "NOT_NAMED", "HOLDER_LEFT", "SUSPENDED"} {
		if reasons[reason] == 0 {
			t.Errorf("no seat was vacant for %q: %v", reason, reasons)
		}
	}
}

// daySeat is a row of assembly_seats on one day.
type daySeat struct {
	Day      core.Date
	Fillable bool
	seatRow
}

// onEach are the seats of each day from one to another, in one statement.
func (h *random) onEach(from, to core.Date) map[string][]daySeat {
	var rows []daySeat
	must(h.t, h.db.NewRaw(`SELECT every.day::date AS day, rule_id, number, district_id, council_id, membership_id, person_id, fillable, reason FROM generate_series(?::date, ?::date, interval '1 day') AS every(day), assembly_seats(?, ?, every.day::date) AS seat`,
		from, to, h.town.ID, h.assembly.Key).Scan(h.ctx(), &rows))
	all := map[string][]daySeat{}
	for _, r := range rows {
		all[r.Day.String()] = append(all[r.Day.String()], r)
	}
	return all
}

// asPlain is a row as the reference writes it.
func (r *daySeat) asPlain() plain {
	p := plain{rule: r.RuleID, place: r.RuleID, number: r.Number, person: r.PersonID.UUID, fillable: r.Fillable}
	if r.DistrictID.Valid {
		p.place = r.DistrictID.UUID
	} else if r.CouncilID.Valid {
		p.place = r.CouncilID.UUID
	}
	if r.MembershipID.Valid {
		p.number = 0
	}
	if r.Reason != nil {
		p.reason = string(*r.Reason)
	}
	return p
}

func (h *random) compare(reasons map[string]int) {
	all := h.history(h.assembly)
	first, last := day(2012, 2, 28), day(2012, 3, 3).AddDays(span)
	days := h.onEach(first, last)
	for on := first; !last.Before(on); on = on.AddDays(1) {
		want, sits := all.on(on), map[uuid.UUID]bool{}
		var got []plain
		for _, row := range days[on.String()] {
			p := row.asPlain()
			if p.person != uuid.Nil && sits[p.person] {
				h.r.Fatalf("%s: somebody sits twice", on)
			}
			sits[p.person] = true
			if p.person != uuid.Nil && row.CouncilID.Valid && !all.member(row.CouncilID.UUID, p.person, on) {
				h.r.Fatalf("%s: a delegate is no member of the body: %s", on, p)
			}
			got = append(got, p)
		}
		for _, p := range want {
			reasons[p.reason]++
		}
		if diff := gocmp.Diff(sorted(want), sorted(got)); diff != "" {
			h.r.Fatalf("%s: the walk finds −, SQL +\n%s", on, diff)
		}
	}
	on := first.AddDays(rapid.IntRange(0, span).Draw(h.r, "figures of"))
	if got, want := h.composition(h.assembly, on).Figures, figuresOf(all.on(on)); got != want {
		h.r.Fatalf("%s: %+v, the walk finds %+v", on, got, want)
	}
	if got, want := len(h.seats(h.assembly, on, nil)), len(all.on(on)); got != want {
		h.r.Fatalf("%s: %d seats are listed of %d", on, got, want)
	}
}

func figuresOf(seats []plain) (f Figures) {
	for _, s := range seats {
		f.Expected++
		if s.fillable {
			f.Fillable++
		}
		if s.person != uuid.Nil {
			f.Filled++
		}
	}
	f.Vacant = f.Expected - f.Filled
	return f
}

func (h *history) member(council, person uuid.UUID, on core.Date) bool {
	return slices.ContainsFunc(h.memberships, func(m councils.Membership) bool {
		return m.CouncilID == council && m.PersonID == person && holds(m.StartsOn, m.EndsOn, on)
	})
}
