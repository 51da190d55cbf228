package assemblies

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

// Service is every way to change assemblies. Each method that changes something checks the caller's
// right on the row, so it may be called from anywhere; those that only find keys (ByExternalKey, Rule,
// Named) check none and are for importers.
type Service struct {
	reads  *read.Reader
	guard  *access.Guard
	writer *mutation.Writer
	people *people.Service
	clock  core.Clock
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"assemblies_municipality_id_external_key_key": core.Conflict(core.T("An assembly with this external key is there already.", "Собрание с таким внешним ключом уже есть.")),
	"delegates_one_holder":                        core.Conflict(core.T("The seat is taken at that time. End that time first, or choose another number.", "Это место в это время занято. Сначала завершите полномочия или выберите другой номер."), "input", "number"),
	"delegates_one_seat":                          core.Conflict(core.T("This person is named to the assembly at that time already.", "Этот человек в это время уже назван в состав собрания."), "input", "personId"),
	"nominations_once":                            core.Conflict(core.T("This person's nomination waits for a decision already.", "Выдвижение этого человека уже ждёт решения."), "input", "personId"),
	"delegate_suspensions_no_overlap":             core.Conflict(core.T("The delegate is suspended at that time already.", "Полномочия делегата в это время уже приостановлены."), "input", "startsOn"),
	"substitute_calls_one_for_a_holder":           core.Conflict(core.T("Somebody is called for this delegate at that time already. End that call first.", "Этого делегата в это время уже замещают. Сначала завершите то замещение."), "input", "delegateId"),
	"substitute_calls_one_of_a_substitute":        core.Conflict(core.T("The substitute is called for another delegate at that time.", "Этот заместитель в это время замещает другого делегата."), "input", "substituteId"),
}

// CreateAssembly founds an assembly.
func (s *Service) CreateAssembly(ctx context.Context, in CreateAssemblyInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createAssembly", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a := &Assembly{
			ID: core.NewID(), ExternalKey: in.ExternalKey, Kind: in.Kind, Name: strings.TrimSpace(in.Name), Purpose: strings.TrimSpace(in.Purpose),
			FoundingAct: strings.TrimSpace(in.FoundingAct), FoundedOn: in.FoundedOn, ActiveFrom: in.ActiveFrom, Version: 1,
		}
		if err := s.guard.Check(ctx, mayWrite, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		if err := a.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, a); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Assembly", ID: a.ID, After: a.facts()})
		return a.ID, nil
	})
}

// UpdateAssembly changes what is not dated.
func (s *Service) UpdateAssembly(ctx context.Context, in UpdateAssemblyInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateAssembly", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, err := s.lockAssembly(ctx, tx, mayWrite, in.ID, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := a.facts()
		for _, text := range []struct {
			given interface{ ValueOK() (*string, bool) }
			into  *string
		}{{in.Name, &a.Name}, {in.Purpose, &a.Purpose}, {in.FoundingAct, &a.FoundingAct}} {
			if v, ok := text.given.ValueOK(); ok {
				*text.into = ""
				if v != nil {
					*text.into = strings.TrimSpace(*v)
				}
			}
		}
		if v, ok := in.ActiveFrom.ValueOK(); ok {
			a.ActiveFrom = v
		}
		if err := a.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, a, in.ExpectedVersion, "name", "purpose", "founding_act", "active_from"); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Assembly", ID: a.ID, Before: before, After: a.facts()})
		return a.ID, nil
	})
}

// validate holds the assembly's own rules, whether it is new or changed.
func (a *Assembly) validate() error {
	var p core.Problems
	words(&p, a.Name, 300, "input", "name")
	words(&p, a.FoundingAct, 500, "input", "foundingAct")
	p.Check(len([]rune(a.Purpose)) <= 4000, core.T("At most 4,000 characters.", "Не более 4000 знаков."), "input", "purpose")
	p.Check(a.ActiveFrom == nil || !a.ActiveFrom.Before(a.FoundedOn),
		core.T("An assembly cannot be at work before it was founded.", "Собрание не может начать работу до своего создания."), "input", "activeFrom")
	p.Check(a.ActiveFrom == nil || a.DissolvedOn == nil || !a.DissolvedOn.Before(*a.ActiveFrom),
		core.T("An assembly cannot begin its work after it was dissolved.", "Собрание не может начать работу после упразднения."), "input", "activeFrom")
	return p.Err()
}

// DissolveAssembly ends an assembly, its charter and the seats that go on beyond the day; what would
// have begun later never does.
func (s *Service) DissolveAssembly(ctx context.Context, in DissolveAssemblyInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "dissolveAssembly", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		a, err := s.lockAssembly(ctx, tx, mayWrite, in.ID, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		reason := words(&p, in.Reason, 1000, "input", "reason")
		p.Check(!in.DissolvedOn.Before(a.FoundedOn), core.T("An assembly cannot be dissolved before it was founded.", "Собрание нельзя упразднить до его создания."), "input", "dissolvedOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if a.DissolvedOn != nil {
			return uuid.Nil, core.Conflict(core.Textf("The assembly was dissolved on %s already.", "Собрание уже упразднено %s.", *a.DissolvedOn), "input", "dissolvedOn")
		}
		if err := s.noCharterLater(ctx, tx, a, in.DissolvedOn); err != nil {
			return uuid.Nil, err
		}
		before := a.facts()
		a.DissolvedOn, a.DissolutionReason = &in.DissolvedOn, &reason
		if a.ActiveFrom != nil && in.DissolvedOn.Before(*a.ActiveFrom) {
			a.ActiveFrom = nil
		}
		if err := mutation.Save(ctx, tx, a, in.ExpectedVersion, "active_from", "dissolved_on", "dissolution_reason"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Assembly", ID: a.ID, Before: before, After: a.facts(), Reason: reason,
			Notice: &core.Notice{Text: core.Textf("%[1]s is dissolved on %[2]s.", "«%[1]s»: собрание упраздняется %[2]s.", a.Name, in.DissolvedOn)}})
		if err := endCharter(ctx, tx, a.ID, in.DissolvedOn); err != nil {
			return uuid.Nil, err
		}
		return a.ID, endAll(ctx, tx, a, in.DissolvedOn)
	})
}

// endAll ends the delegates of an assembly that is dissolved.
func endAll(ctx context.Context, tx *mutation.Tx, a *Assembly, on core.Date) error {
	all, err := beyond(ctx, tx, a.ID, on)
	if err != nil {
		return err
	}
	ends := make([]ending, len(all))
	for i := range all {
		ends[i] = ending{delegate: &all[i], last: on, reason: AssemblyDissolved}
	}
	return finish(ctx, tx, map[uuid.UUID]string{a.ID: a.Name}, ends)
}

// lockAssembly finds an assembly for a change: seen by the caller, changed under the permission, and
// held until the end of the transaction so that nothing changes below it meanwhile.
func (s *Service) lockAssembly(ctx context.Context, tx *mutation.Tx, permission string, id core.ID, path ...string) (*Assembly, error) {
	key, err := may[Assembly](ctx, s, tx, permission, id, "Assembly", path...)
	if err != nil {
		return nil, err
	}
	return lock[Assembly](ctx, tx, key, path...)
}
