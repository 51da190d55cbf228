package councils

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// DissolveCouncil ends a body. Seats and terms that go on beyond the day end on it; those that
// would have begun later never do. A body that had not begun its work never will have.
func (s *Service) DissolveCouncil(ctx context.Context, in DissolveCouncilInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "dissolveCouncil", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayWrite, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		p.Words(in.Reason, 1000, "input", "reason")
		p.Check(!in.DissolvedOn.Before(c.FoundedOn), core.T("A body cannot be dissolved before it was founded.", "Орган нельзя упразднить до его создания."), "input", "dissolvedOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if c.DissolvedOn != nil {
			return uuid.Nil, core.Conflict(core.Textf("The body was dissolved on %s already.", "Орган уже упразднён %s.", *c.DissolvedOn), "input", "dissolvedOn")
		}
		before, reason := c.facts(), strings.TrimSpace(in.Reason)
		c.DissolvedOn, c.DissolutionReason = &in.DissolvedOn, &reason
		if c.ActiveFrom != nil && in.DissolvedOn.Before(*c.ActiveFrom) {
			c.ActiveFrom = nil
		}
		if err := mutation.Save(ctx, tx, c, in.ExpectedVersion, "active_from", "dissolved_on", "dissolution_reason"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Council", ID: c.ID, Before: before, After: c.facts(), Reason: reason,
			Notice: c.notice("%s was dissolved.", "%s: орган упразднён.")})
		if err := s.endSeats(ctx, tx, c.ID, in.DissolvedOn); err != nil {
			return uuid.Nil, err
		}
		return c.ID, endTerms(ctx, tx, c.ID, in.DissolvedOn)
	})
}

// endSeats ends the seats that go on beyond a body's last day.
func (s *Service) endSeats(ctx context.Context, tx *mutation.Tx, council uuid.UUID, on core.Date) error {
	seats, err := beyond[Membership](ctx, tx, council, on)
	if err != nil {
		return err
	}
	return s.endAll(ctx, tx, seats, on, BodyDissolved)
}

// endAll ends seats of one body, which is locked, on a day before their own last, says so one by one, and
// lets end what hangs on them. A seat that had not begun never will.
func (s *Service) endAll(ctx context.Context, tx *mutation.Tx, seats []Membership, on core.Date, reason LeavingReason) (err error) {
	for i := range seats {
		m := &seats[i]
		if !on.Before(m.StartsOn) {
			err = m.end(ctx, tx, m.Version, leaving{on: on, reason: reason})
		} else if err = remove(ctx, tx, m); err == nil {
			tx.Changed(core.Change{Kind: core.Deleted, Type: "Membership", ID: m.ID, Before: m.facts(), Touched: m.touched()})
			m.never(reason)
		}
		if err != nil {
			return err
		}
	}
	return s.tellEnded(ctx, tx, seats...)
}

// never is how a seat is told of that did not begin: it is no row any more.
func (m *Membership) never(reason LeavingReason) {
	eve := m.StartsOn.AddDays(-1)
	m.EndsOn, m.LeavingReason = &eve, &reason
}

// endTerms is endSeats for terms.
func endTerms(ctx context.Context, tx *mutation.Tx, council uuid.UUID, on core.Date) error {
	terms, err := beyond[Term](ctx, tx, council, on)
	if err != nil {
		return err
	}
	for i := range terms {
		t := &terms[i]
		if !on.Before(t.StartsOn) {
			err = t.end(ctx, tx, on)
		} else if err = remove(ctx, tx, t); err == nil {
			tx.Changed(core.Change{Kind: core.Deleted, Type: "Term", ID: t.ID, Before: t.facts(), Touched: t.touched()})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// StartTerm opens the body's next term. The one before ends the day before at the latest.
func (s *Service) StartTerm(ctx context.Context, in StartTermInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "startTerm", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.CouncilID, mayWrite, "input", "councilId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := c.stands(in.StartsOn, in.EndsOn); err != nil {
			return uuid.Nil, err
		}
		term := &Term{ID: core.NewID(), CouncilID: c.ID, Number: 1, StartsOn: in.StartsOn, EndsOn: in.EndsOn, Version: 1}
		if term.EndsOn == nil && c.TermMonths != nil {
			last := LastDay(in.StartsOn, *c.TermMonths)
			term.EndsOn = &last
		}
		if err := follow(ctx, tx, term); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, term); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Term", ID: term.ID, After: term.facts(), Touched: term.touched(),
			Notice: c.notice("%s: a new term of office begins.", "%s: начинается новый срок полномочий.")})
		return term.ID, nil
	})
}

// follow numbers a term after the body's last one, and ends that the day before where it goes on.
func follow(ctx context.Context, tx *mutation.Tx, term *Term) error {
	last, err := lastTerm(ctx, tx, term.CouncilID)
	if err != nil || last == nil {
		return err
	}
	if !last.StartsOn.Before(term.StartsOn) {
		return core.Invalid(core.Textf("Term %[1]d began on %[2]s: the next one begins later.", "Срок № %[1]d начался %[2]s: следующий начинается позже.", last.Number, last.StartsOn), "input", "startsOn")
	}
	term.Number = last.Number + 1
	if last.EndsOn != nil && last.EndsOn.Before(term.StartsOn) {
		return nil
	}
	return last.end(ctx, tx, term.StartsOn.AddDays(-1))
}

func (t *Term) end(ctx context.Context, tx *mutation.Tx, on core.Date) error {
	before := t.facts()
	t.EndsOn = &on
	if err := mutation.Save(ctx, tx, t, t.Version, "ends_on"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Ended, Type: "Term", ID: t.ID, Before: before, After: t.facts(), Touched: t.touched()})
	return nil
}

// LastDay is the day before the one that bears the first day's number, that many months on; the
// month's last day where it has no such day (Civil Code of Russia, article 192).
func LastDay(first core.Date, months int) core.Date {
	year, month, day := first.Time().Date()
	month += time.Month(months)
	last := core.NewDate(year, month+1, 0)
	if eve := core.NewDate(year, month, day-1); eve.Before(last) {
		return eve
	}
	return last
}
