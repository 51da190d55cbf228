package assemblies

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
)

// RecallDelegate ends a delegate's or substitute's time early: by the body that named, or by the
// assembly where a nomination did.
func (s *Service) RecallDelegate(ctx context.Context, in RecallDelegateInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "recallDelegate", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, d, err := s.lockDelegate(ctx, tx, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		cited := minutes(&p, in.Minutes)
		p.Check(!in.EndsOn.Before(d.StartsOn), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if d.EndsOn != nil && !in.EndsOn.Before(*d.EndsOn) {
			return uuid.Nil, core.Conflict(core.Textf("The time ends on %s already.", "Полномочия и так заканчиваются %s.", *d.EndsOn), "input", "endsOn")
		}
		before := d.facts()
		d.EndsOn, d.EndReason, d.LeavingReason, d.EndMinutes = &in.EndsOn, ptr(DelegateEndReason(in.Reason)), nil, &cited
		if err := mutation.Save(ctx, tx, d, in.ExpectedVersion, "ends_on", "end_reason", "leaving_reason", "end_minutes"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Delegate", ID: d.ID, Before: before, After: d.facts(), Touched: d.touched(), Notice: d.ended(a.Name)})
		return d.ID, nil
	})
}

// lockDelegate finds a delegate for a change by those who named, and locks the body that did, the
// assembly and then the delegate.
func (s *Service) lockDelegate(ctx context.Context, tx *mutation.Tx, id core.ID, field string) (*Assembly, *Delegate, error) {
	key, err := seen[Delegate](ctx, s, tx, id, "Delegate", "input", field)
	if err != nil {
		return nil, nil, err
	}
	d, err := find[Delegate](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	if d.CouncilID == nil {
		err = read.Require[Assembly](ctx, s.reads, tx, mayDecide, d.AssemblyID, "input", field)
	} else if err = read.Require[councils.Council](ctx, s.reads, tx, mayDelegate, *d.CouncilID, "input", field); err == nil {
		_, err = lockBody(ctx, tx, *d.CouncilID)
	}
	if err != nil {
		return nil, nil, err
	}
	return lockOne(ctx, tx, d.AssemblyID, key, field)
}

// lockOne locks an assembly and then one of its delegates.
func lockOne(ctx context.Context, tx *mutation.Tx, assembly, key uuid.UUID, field string) (*Assembly, *Delegate, error) {
	a, err := lock[Assembly](ctx, tx, assembly, "input", field)
	if err != nil {
		return nil, nil, err
	}
	d, err := lock[Delegate](ctx, tx, key, "input", field)
	return a, d, err
}

// CallSubstitute lets a substitute sit for a delegate of the same body and rule.
func (s *Service) CallSubstitute(ctx context.Context, in CallSubstituteInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "callSubstitute", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, d, err := s.lockDelegate(ctx, tx, in.DelegateID, "delegateId")
		if err != nil {
			return uuid.Nil, err
		}
		key, err := seen[Delegate](ctx, s, tx, in.SubstituteID, "Delegate", "input", "substituteId")
		if err != nil {
			return uuid.Nil, err
		}
		by, err := lock[Delegate](ctx, tx, key, "input", "substituteId")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		inOrder(&p, in.StartsOn, in.EndsOn)
		p.Check(d.Capacity == Holder && d.CouncilID != nil, core.T("Only for a delegate whom a body named.", "Замещают только делегата, названного органом."), "input", "delegateId")
		p.Check(by.Capacity == Substitute && by.RuleID == d.RuleID && equal(by.CouncilID, d.CouncilID),
			core.T("Choose one of the substitutes of the same body and rule.", "Выберите одного из заместителей от того же органа по тому же правилу."), "input", "substituteId")
		p.Check(d.on(in.StartsOn, in.EndsOn) && by.on(in.StartsOn, in.EndsOn),
			core.T("Both are named for all of that time only if they go on that long: choose another time.", "В это время полномочия одного из них не действуют: выберите другое время."), "input", "startsOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		call := &SubstituteCall{ID: core.NewID(), AssemblyID: a.ID, DelegateID: d.ID, SubstituteID: by.ID, StartsOn: in.StartsOn, EndsOn: in.EndsOn, Version: 1}
		if err := insert(ctx, tx, call); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "SubstituteCall", ID: call.ID, After: call.facts(), Touched: append(d.touched(), touch("Delegate", d.ID), touch("Person", by.PersonID)),
			Notice: &core.Notice{Text: core.Textf("A substitute was called to %[1]s.", "В орган «%[1]s» призван заместитель делегата.", a.Name), Tell: []uuid.UUID{d.PersonID, by.PersonID}}})
		return call.ID, nil
	})
}

// on says whether the delegate's time covers that one; of one without an end, as far as is known.
func (d *Delegate) on(from core.Date, to *core.Date) bool {
	return !from.Before(d.StartsOn) && (d.EndsOn == nil || !d.EndsOn.Before(from) && (to == nil || !d.EndsOn.Before(*to)))
}

// EndSubstituteCall ends a call early.
func (s *Service) EndSubstituteCall(ctx context.Context, in EndSubstituteCallInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "endSubstituteCall", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := seen[SubstituteCall](ctx, s, tx, in.ID, "SubstituteCall", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		call, err := find[SubstituteCall](ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		_, d, err := s.lockDelegate(ctx, tx, touch("Delegate", call.DelegateID), "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := endsEarly(call.StartsOn, call.EndsOn, in.EndsOn); err != nil {
			return uuid.Nil, err
		}
		before := call.facts()
		call.EndsOn = &in.EndsOn
		if err := mutation.Save(ctx, tx, call, in.ExpectedVersion, "ends_on"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "SubstituteCall", ID: call.ID, Before: before, After: call.facts(), Touched: append(d.touched(), touch("Delegate", d.ID))})
		return call.ID, nil
	})
}

// endsEarly refuses a last day that lies outside of the time that it is to end.
func endsEarly(from core.Date, to *core.Date, on core.Date) error {
	switch {
	case on.Before(from):
		return core.Invalid(core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
	case to != nil && !on.Before(*to):
		return core.Conflict(core.Textf("It ends on %s already.", "Это и так заканчивается %s.", *to), "input", "endsOn")
	}
	return nil
}

// SuspendDelegate keeps a delegate from sitting for a time, by decision of the assembly.
func (s *Service) SuspendDelegate(ctx context.Context, in SuspendDelegateInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "suspendDelegate", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, d, err := s.lockByAssembly(ctx, tx, in.DelegateID, "delegateId")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		suspension := &DelegateSuspension{ID: core.NewID(), AssemblyID: a.ID, DelegateID: d.ID, StartsOn: in.StartsOn, EndsOn: in.EndsOn, Minutes: minutes(&p, in.Minutes), Version: 1}
		inOrder(&p, in.StartsOn, in.EndsOn)
		p.Check(d.Capacity == Holder, core.T("Only a delegate is suspended.", "Приостанавливают полномочия только делегата."), "input", "delegateId")
		p.Check(d.on(in.StartsOn, in.EndsOn), core.T("The delegate's time does not cover that one.", "В это время полномочия делегата не действуют."), "input", "startsOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, suspension); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "DelegateSuspension", ID: suspension.ID, After: suspension.facts(), Touched: append(d.touched(), touch("Delegate", d.ID)),
			Notice: &core.Notice{Text: core.Textf("A delegate's seat in %[1]s is suspended from %[2]s on.", "«%[1]s»: полномочия делегата приостановлены с %[2]s.", a.Name, in.StartsOn), Tell: []uuid.UUID{d.PersonID}}})
		return suspension.ID, nil
	})
}

// lockByAssembly is lockDelegate for what the assembly decides.
func (s *Service) lockByAssembly(ctx context.Context, tx *mutation.Tx, id core.ID, field string) (*Assembly, *Delegate, error) {
	key, err := seen[Delegate](ctx, s, tx, id, "Delegate", "input", field)
	if err != nil {
		return nil, nil, err
	}
	d, err := find[Delegate](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[Assembly](ctx, s.reads, tx, mayDecide, d.AssemblyID, "input", field); err != nil {
		return nil, nil, err
	}
	return lockOne(ctx, tx, d.AssemblyID, key, field)
}

// EndSuspension ends a suspension early.
func (s *Service) EndSuspension(ctx context.Context, in EndSuspensionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "endSuspension", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := seen[DelegateSuspension](ctx, s, tx, in.ID, "DelegateSuspension", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		suspension, err := find[DelegateSuspension](ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		_, d, err := s.lockByAssembly(ctx, tx, touch("Delegate", suspension.DelegateID), "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := endsEarly(suspension.StartsOn, suspension.EndsOn, in.EndsOn); err != nil {
			return uuid.Nil, err
		}
		before := suspension.facts()
		suspension.EndsOn = &in.EndsOn
		if err := mutation.Save(ctx, tx, suspension, in.ExpectedVersion, "ends_on"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "DelegateSuspension", ID: suspension.ID, Before: before, After: suspension.facts(), Touched: append(d.touched(), touch("Delegate", d.ID))})
		return suspension.ID, nil
	})
}
