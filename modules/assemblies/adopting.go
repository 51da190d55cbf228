package assemblies

import (
	"context"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
)

// AdoptCharter puts a charter into force from a day on; the one before ends the day before. Rules go on
// under their keys, and so do those who sit by them, as far as their seats are still there.
func (s *Service) AdoptCharter(ctx context.Context, in AdoptCharterInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "adoptCharter", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, err := s.lockAssembly(ctx, tx, mayWrite, in.AssemblyID, "input", "assemblyId")
		if err != nil {
			return uuid.Nil, err
		}
		charter := in.charter(a)
		if err := in.validate(a); err != nil {
			return uuid.Nil, err
		}
		rules, parts, err := s.rulesOf(ctx, tx, charter, in.Rules)
		if err != nil {
			return uuid.Nil, err
		}
		if err := follow(ctx, tx, charter); err != nil {
			return uuid.Nil, err
		}
		if err := write(ctx, tx, charter, rules, parts, in.majorities(charter)); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Charter", ID: charter.ID, After: charter.facts(), Touched: []core.ID{touch("Assembly", a.ID)},
			Notice: &core.Notice{Text: core.Textf("%[1]s has a new charter from %[2]s on.", "«%[1]s»: с %[2]s действует новый устав.", a.Name, charter.StartsOn)}})
		return charter.ID, endUnseated(ctx, tx, a, charter, parts)
	})
}

func (in *AdoptCharterInput) charter(a *Assembly) *Charter {
	return &Charter{
		ID: core.NewID(), AssemblyID: a.ID, Number: 1, StartsOn: in.StartsOn, TermMonths: in.TermMonths, QuorumOf: in.QuorumOf,
		QuorumNumerator: in.QuorumNumerator, QuorumDenominator: in.QuorumDenominator, QuorumStrict: in.QuorumStrict,
		SubstitutesAllowed: in.SubstitutesAllowed, ProxiesHeld: in.ProxiesHeld, ProxiesInQuorum: in.ProxiesInQuorum,
		Manners: in.Manners, AmendmentsAs: in.AmendmentsAs, NoticeDays: in.NoticeDays, Version: 1,
		Act: in.Act,
	}
}

// validate holds the charter's own rules, all problems at once.
func (in *AdoptCharterInput) validate(a *Assembly) error {
	var p core.Problems
	words(&p, in.Act, 500, "input", "act")
	p.Check(!in.StartsOn.Before(a.FoundedOn), core.Textf("The assembly was founded on %s only.", "Собрание создано только %s.", a.FoundedOn), "input", "startsOn")
	p.Check(a.DissolvedOn == nil, core.T("The assembly is dissolved.", "Собрание упразднено."), "input", "assemblyId")
	p.Check(in.TermMonths == nil || *in.TermMonths >= 1 && *in.TermMonths <= 120, core.T("From 1 to 120 months.", "От 1 до 120 месяцев."), "input", "termMonths")
	between(&p, in.QuorumDenominator, 1, 1000, "input", "quorumDenominator")
	between(&p, in.QuorumNumerator, 1, in.QuorumDenominator, "input", "quorumNumerator")
	p.Check(!in.QuorumStrict || in.QuorumNumerator < in.QuorumDenominator, core.T("There is no more than all.", "Больше, чем все, не бывает."), "input", "quorumStrict")
	between(&p, in.ProxiesHeld, 0, 100, "input", "proxiesHeld")
	between(&p, in.NoticeDays, 0, 365, "input", "noticeDays")
	manners := slices.Clone(in.Manners)
	slices.Sort(manners)
	p.Check(len(manners) > 0 && len(slices.Compact(manners)) == len(in.Manners), core.T("At least one way of voting, each once.", "Хотя бы один способ голосования, каждый один раз."), "input", "manners")
	in.validateRules(&p)
	in.validateMajorities(&p)
	return p.Err()
}

func (in *AdoptCharterInput) validateRules(p *core.Problems) {
	between(p, len(in.Rules), 1, 20, "input", "rules")
	keys := map[string]bool{}
	for i, r := range in.Rules {
		at := func(field string) []string { return []string{"input", "rules", strconv.Itoa(i), field} }
		key(p, r.Key, at("key")...)
		p.Check(!keys[r.Key], core.T("Each rule has a key of its own.", "У каждого правила свой ключ."), at("key")...)
		keys[r.Key] = true
		words(p, r.Name, 300, at("name")...)
		if r.Kind == BodyAll {
			p.Check(r.Seats == nil, core.T("All members sit: leave the number out.", "Входят все члены органа: не указывайте число."), at("seats")...)
		} else {
			p.Check(r.Seats != nil && *r.Seats >= 1 && *r.Seats <= 500, core.T("From 1 to 500 seats.", "От 1 до 500 мест."), at("seats")...)
		}
		ofKind := r.Kind == EachDistrict || r.Kind == EachBody
		p.Check(ofKind == (r.CouncilKind != nil), core.T("Name the kind of bodies, for seats of each district or body and for no others.",
			"Укажите вид органов — для мест от каждого микрорайона или органа, и только для них."), at("councilKind")...)
		p.Check(r.Kind != BodyChooses && r.Kind != BodyAll || r.CouncilID != nil, core.T("Name the body.", "Укажите орган."), at("councilId")...)
		p.Check(!ofKind || r.CouncilID == nil, core.T("These seats are for bodies of a kind: leave the body out.", "Эти места — для органов одного вида: не указывайте орган."), at("councilId")...)
		p.Check(r.OrganisationID == nil || r.Kind == ByNomination && r.CouncilID == nil,
			core.T("An organisation nominates, alone: leave it out here.", "Организация только выдвигает, и одна: не указывайте её здесь."), at("organisationId")...)
	}
}

func (in *AdoptCharterInput) validateMajorities(p *core.Problems) {
	p.Check(len(in.Majorities) <= 20, core.T("At most 20.", "Не более 20."), "input", "majorities")
	questions := map[string]bool{"": true}
	given := map[string]bool{}
	for i, m := range in.Majorities {
		at := func(field string) []string { return []string{"input", "majorities", strconv.Itoa(i), field} }
		if m.Question != "" {
			key(p, m.Question, at("question")...)
		}
		p.Check(!given[m.Question], core.T("One majority for a kind of question.", "Для вида вопросов — одно большинство."), at("question")...)
		given[m.Question], questions[m.Question] = true, true
		words(p, m.Name, 300, at("name")...)
		if m.Kind == Simple {
			p.Check(m.Numerator == nil && m.Denominator == nil, core.T("A simple majority has no share of its own.", "У простого большинства нет своей доли."), at("numerator")...)
			continue
		}
		p.Check(m.Denominator != nil && *m.Denominator >= 1 && *m.Denominator <= 1000, core.T("From 1 to 1,000.", "От 1 до 1000."), at("denominator")...)
		p.Check(m.Numerator != nil && *m.Numerator >= 1 && (m.Denominator == nil || *m.Numerator <= *m.Denominator),
			core.T("From 1 to the denominator.", "От 1 до знаменателя."), at("numerator")...)
	}
	p.Check(questions[in.AmendmentsAs], core.T("No majority is for this kind of question.", "Для такого вида вопросов большинство не названо."), "input", "amendmentsAs")
}

// majorities are the charter's rows; ordinary questions always have one.
func (in *AdoptCharterInput) majorities(c *Charter) []CharterMajority {
	var all []CharterMajority
	ordinary := false
	add := func(m CharterMajority) {
		m.ID, m.AssemblyID, m.CharterID, m.Position = core.NewID(), c.AssemblyID, c.ID, len(all)+1
		all = append(all, m)
	}
	for _, m := range in.Majorities {
		row := CharterMajority{Question: m.Question, Name: m.Name, Kind: m.Kind, Of: m.Of, Numerator: 1, Denominator: 2}
		if m.Kind == Qualified {
			row.Numerator, row.Denominator = *m.Numerator, *m.Denominator
		}
		add(row)
		ordinary = ordinary || m.Question == ""
	}
	if !ordinary {
		add(CharterMajority{Name: "Обычные вопросы", Kind: Simple, Of: motions.OfPresent, Numerator: 1, Denominator: 2})
	}
	return all
}

// rulesOf finds the rules that go on, and makes those that are new.
func (s *Service) rulesOf(ctx context.Context, tx *mutation.Tx, c *Charter, given []CharterRuleInput) (fresh []SeatRule, parts []CharterRule, err error) {
	var had []SeatRule
	if err := tx.NewSelect().Model(&had).Where("?TableAlias.assembly_id = ?", c.AssemblyID).Scan(ctx); err != nil {
		return nil, nil, err
	}
	var p core.Problems
	for i, in := range given {
		rule, err := s.rule(ctx, tx, c, in, i)
		if err != nil {
			return nil, nil, err
		}
		if at := slices.IndexFunc(had, func(r SeatRule) bool { return r.Key == in.Key }); at >= 0 {
			p.Check(had[at].same(rule), core.T("An earlier rule of this key is of another kind or for another body. Give the new one a key of its own.",
				"Прежнее правило с этим ключом — другого вида или для другого органа. Дайте новому свой ключ."), "input", "rules", strconv.Itoa(i), "key")
			rule.ID = had[at].ID
		} else {
			fresh = append(fresh, *rule)
		}
		parts = append(parts, CharterRule{ID: core.NewID(), AssemblyID: c.AssemblyID, CharterID: c.ID, RuleID: rule.ID, Position: i + 1, Name: in.Name, Seats: in.Seats})
	}
	return fresh, parts, p.Err()
}

func (s *Service) rule(ctx context.Context, tx *mutation.Tx, c *Charter, in CharterRuleInput, i int) (*SeatRule, error) {
	r := &SeatRule{ID: core.NewID(), AssemblyID: c.AssemblyID, Key: in.Key, Kind: in.Kind, CouncilKind: in.CouncilKind}
	at := func(field string) []string { return []string{"input", "rules", strconv.Itoa(i), field} }
	var err error
	if r.CouncilID, err = core.KeyOf(in.CouncilID, "Council", at("councilId")...); err != nil {
		return nil, err
	}
	if r.CouncilID != nil {
		if err := read.Seen[councils.Council](ctx, s.reads, tx, *r.CouncilID, at("councilId")...); err != nil {
			return nil, err
		}
	}
	if r.OrganisationID, err = core.KeyOf(in.OrganisationID, "Organisation", at("organisationId")...); err != nil || r.OrganisationID == nil {
		return r, err
	}
	return r, read.Seen[people.Organisation](ctx, s.reads, tx, *r.OrganisationID, at("organisationId")...)
}

// same says whether two rules make seats of the same things.
func (r *SeatRule) same(other *SeatRule) bool {
	return r.Kind == other.Kind && equal(r.CouncilKind, other.CouncilKind) && equal(r.CouncilID, other.CouncilID) && equal(r.OrganisationID, other.OrganisationID)
}

func equal[V comparable](a, b *V) bool { return a == b || a != nil && b != nil && *a == *b }

// follow numbers a charter after the assembly's last one, and ends that the day before.
func follow(ctx context.Context, tx *mutation.Tx, c *Charter) error {
	last, err := lastCharter(ctx, tx, c.AssemblyID)
	if err != nil || last == nil {
		return err
	}
	if !last.StartsOn.Before(c.StartsOn) {
		return core.Invalid(core.Textf("Version %[1]d is in force from %[2]s: the next one begins later.", "Редакция № %[1]d действует с %[2]s: следующая начинается позже.", last.Number, last.StartsOn), "input", "startsOn")
	}
	c.Number = last.Number + 1
	return last.end(ctx, tx, c.StartsOn.AddDays(-1))
}

// lastCharter is the assembly's newest charter; nil when it has none.
func lastCharter(ctx context.Context, tx *mutation.Tx, assembly uuid.UUID) (*Charter, error) {
	c := new(Charter)
	err := tx.NewSelect().Model(c).Where("?TableAlias.assembly_id = ?", assembly).Order("number DESC").Limit(1).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil
	}
	return c, err
}

func (c *Charter) end(ctx context.Context, tx *mutation.Tx, on core.Date) error {
	before := c.facts()
	c.EndsOn = &on
	if err := mutation.Save(ctx, tx, c, c.Version, "ends_on"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Ended, Type: "Charter", ID: c.ID, Before: before, After: c.facts(), Touched: []core.ID{touch("Assembly", c.AssemblyID)}})
	return nil
}

// noCharterLater refuses a dissolution before the newest charter comes into force.
func (s *Service) noCharterLater(ctx context.Context, tx *mutation.Tx, a *Assembly, on core.Date) error {
	last, err := lastCharter(ctx, tx, a.ID)
	if err == nil && last != nil && on.Before(last.StartsOn) {
		err = core.Conflict(core.Textf("A charter comes into force on %s: dissolve the assembly on that day or later.", "Устав вступает в силу %s: упраздните собрание в этот день или позже.", last.StartsOn), "input", "dissolvedOn")
	}
	return err
}

// endCharter ends the charter with its assembly.
func endCharter(ctx context.Context, tx *mutation.Tx, assembly uuid.UUID, on core.Date) error {
	last, err := lastCharter(ctx, tx, assembly)
	if err != nil || last == nil {
		return err
	}
	return last.end(ctx, tx, on)
}

func write(ctx context.Context, tx *mutation.Tx, c *Charter, rules []SeatRule, parts []CharterRule, majorities []CharterMajority) error {
	if err := insert(ctx, tx, c); err != nil {
		return err
	}
	if len(rules) > 0 {
		if err := insert(ctx, tx, &rules); err != nil {
			return err
		}
	}
	if err := insert(ctx, tx, &parts); err != nil {
		return err
	}
	return insert(ctx, tx, &majorities)
}

// endUnseated ends the times of those whose seats a new charter no longer has.
func endUnseated(ctx context.Context, tx *mutation.Tx, a *Assembly, c *Charter, parts []CharterRule) error {
	eve := c.StartsOn.AddDays(-1)
	all, err := beyond(ctx, tx, a.ID, eve)
	if err != nil {
		return err
	}
	var ends []ending
	for i := range all {
		if d := &all[i]; !c.seats(d, parts) {
			ends = append(ends, ending{delegate: d, last: eve, reason: CharterChanged})
		}
	}
	return finish(ctx, tx, map[uuid.UUID]string{a.ID: a.Name}, ends)
}

// seats says whether the charter still has the delegate's seat, or the substitutes' row.
func (c *Charter) seats(d *Delegate, parts []CharterRule) bool {
	return slices.ContainsFunc(parts, func(part CharterRule) bool {
		if part.RuleID != d.RuleID || part.Seats == nil {
			return false
		}
		return d.Capacity == Holder && d.Number <= *part.Seats || d.Capacity == Substitute && c.SubstitutesAllowed
	})
}
