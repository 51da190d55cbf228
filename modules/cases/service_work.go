package cases

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// RegisterCase registers a case that was handed in; the clocks for forwarding and for the answer begin.
func (s *Service) RegisterCase(ctx context.Context, in RegisterCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "registerCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayRegister, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if c.RegisteredOn != nil {
			return uuid.Nil, core.Conflict(core.Textf("The case was registered on %s already.", "Обращение уже зарегистрировано %s.", *c.RegisteredOn), "input", "id")
		}
		if err := c.ended(); err != nil {
			return uuid.Nil, err
		}
		var o Opening
		if err := s.kindNamed(ctx, tx, in.KindID, &o); err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		kind, err := kindByID(ctx, tx, c.KindID)
		if err == nil && o.Kind != "" {
			kind, err = kindOf(ctx, tx, &o)
		}
		if err != nil {
			return uuid.Nil, err
		}
		today := tx.Today()
		c.KindID, c.RegisteredOn = kind.ID, &today
		return c.ID, s.registered(ctx, tx, c, kind, before)
	})
}

func (s *Service) registered(ctx context.Context, tx *mutation.Tx, c *Case, kind *CaseKind, before any) error {
	if err := move(ctx, tx, c, Registered); err != nil {
		return err
	}
	if err := endClocks(ctx, tx, c.ID, tx.Today(), Met, ClockRegistration); err != nil {
		return err
	}
	if err := s.startRegistered(ctx, tx, c, kind, nil); err != nil {
		return err
	}
	return s.do(ctx, tx, c, act{
		step: StepRegistered, before: before, columns: []string{"kind_id", "registered_on", "state_id", "public_state", "due_on"},
		told: core.Textf("Case %[1]s was registered; an answer is due by %[2]s.", "Обращение %[1]s зарегистрировано, срок ответа — %[2]s.", c.Number, *c.DueOn),
	})
}

// AssignCase gives a registered case to its first owner, or a reopened one to the next.
func (s *Service) AssignCase(ctx context.Context, in AssignCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "assignCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayAssign, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := c.worked(); err != nil {
			return uuid.Nil, err
		}
		if c.PublicState == InProgress && c.owned() {
			return uuid.Nil, core.Conflict(core.T("The case has an owner. Hand it over instead (handOverCase).", "У обращения уже есть исполнитель. Передайте его (handOverCase)."), "input", "id")
		}
		before := c.facts()
		if err := s.give(ctx, tx, c, in.OwnerOrganisationID, in.OwnerPersonID); err != nil {
			return uuid.Nil, err
		}
		if c.PublicState != InProgress {
			if err := move(ctx, tx, c, InProgress); err != nil {
				return uuid.Nil, err
			}
		}
		if err := endClocks(ctx, tx, c.ID, tx.Today(), Stopped, ClockForwarding); err != nil {
			return uuid.Nil, err
		}
		return c.ID, s.given(ctx, tx, c, act{step: StepAssigned, before: before, columns: []string{"state_id", "public_state"}})
	})
}

// HandOverCase gives a case to another owner, who is told, as is the one before.
func (s *Service) HandOverCase(ctx context.Context, in HandOverCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "handOverCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayAssign, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Reason, "reason"); err != nil {
			return uuid.Nil, err
		}
		if err := c.worked(); err != nil {
			return uuid.Nil, err
		}
		if !c.owned() {
			return uuid.Nil, core.Conflict(core.T("The case has no owner yet. Assign it (assignCase).", "У обращения ещё нет исполнителя. Назначьте его (assignCase)."), "input", "id")
		}
		had, err := ownersOf(ctx, tx, c, tx.Today())
		if err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		if err := s.give(ctx, tx, c, in.OwnerOrganisationID, in.OwnerPersonID); err != nil {
			return uuid.Nil, err
		}
		return c.ID, s.given(ctx, tx, c, act{step: StepHandedOver, before: before, text: &in.Reason, tell: had})
	})
}

// give puts a case into the hands of an organisation, a person or both.
func (s *Service) give(ctx context.Context, tx *mutation.Tx, c *Case, organisation, person *core.ID) (err error) {
	if organisation == nil && person == nil {
		return core.Invalid(core.T("Name an organisation, a person, or both.", "Укажите организацию, человека или обоих."), "input", "ownerOrganisationId")
	}
	if c.OwnerOrganisationID, c.OwnerPersonID, err = s.owner(ctx, tx, organisation, person); err != nil {
		return err
	}
	return s.ownerStands(ctx, tx, c.OwnerOrganisationID, c.OwnerPersonID, []string{"input", "ownerOrganisationId"}, []string{"input", "ownerPersonId"})
}

func (s *Service) given(ctx context.Context, tx *mutation.Tx, c *Case, a act) error {
	owners, err := ownersOf(ctx, tx, c, tx.Today())
	if err != nil {
		return err
	}
	a.columns = append(a.columns, "owner_organisation_id", "owner_person_id")
	a.organisation, a.tell = c.OwnerOrganisationID, append(a.tell, owners...)
	a.told = core.Textf("Case %s has a new owner.", "У обращения %s новый исполнитель.", c.Number)
	return s.do(ctx, tx, c, a)
}

// AddCaseStep notes a step of the work, and may bring the case to another state of the workflow. States
// that stand for more than work (an answer, a forwarding) are reached by their own mutations.
func (s *Service) AddCaseStep(ctx context.Context, in AddCaseStepInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addCaseStep", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.CaseID, mayWrite, nil, "caseId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Text, "text"); err != nil {
			return uuid.Nil, err
		}
		if err := c.worked(); err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		if in.StateID != nil {
			if err := s.step(ctx, tx, c, *in.StateID); err != nil {
				return uuid.Nil, err
			}
		}
		return c.ID, s.do(ctx, tx, c, act{
			step: StepProgress, before: before, text: &in.Text, columns: []string{"state_id", "public_state"},
			told: core.Textf("There is progress on case %s.", "Есть движение по обращению %s.", c.Number),
		})
	})
}

// step brings a case to a state of work.
func (s *Service) step(ctx context.Context, tx *mutation.Tx, c *Case, id core.ID) error {
	key, err := id.Of("CaseState", "input", "stateId")
	if err != nil {
		return err
	}
	var states []CaseState
	if err := tx.NewSelect().Model(&states).Column("id", "public_state").Where("?TableAlias.id = ?", key).Scan(ctx); err != nil {
		return err
	}
	if len(states) == 0 {
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", "stateId"}}
	}
	if states[0].PublicState != InProgress && states[0].PublicState != c.PublicState {
		return core.Invalid(core.T("A step leads to a state of work. Other states are reached by the mutations that they stand for.",
			"Шаг ведёт в рабочее состояние. В остальные переводят соответствующие мутации."), "input", "stateId")
	}
	return moveTo(ctx, tx, c, key, states[0].PublicState)
}

// AddCaseNote writes a note that neither the applicant nor the public sees.
func (s *Service) AddCaseNote(ctx context.Context, in AddCaseNoteInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addCaseNote", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.CaseID, mayWrite, nil, "caseId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := reason(in.Text, "text"); err != nil {
			return uuid.Nil, err
		}
		note := &CaseNote{ID: core.NewID(), CaseID: c.ID, Text: strings.TrimSpace(in.Text), At: tx.Now(), AuthorID: actorPerson(ctx)}
		// Not told of to those who follow the case: it is none of theirs.
		tx.Changed(core.Change{Kind: core.Created, Type: "CaseNote", ID: note.ID, After: map[string]any{"case": c.ID}})
		_, err = tx.NewInsert().Model(note).Exec(ctx)
		return note.ID, err
	})
}

// actorPerson is the person who acts; nil when it is no person.
func actorPerson(ctx context.Context) *uuid.UUID {
	if p := core.ActorOf(ctx).Person; p != uuid.Nil {
		return &p
	}
	return nil
}
