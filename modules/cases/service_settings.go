package cases

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
)

// CreateCaseKindInput adds a kind; what is left out is as the law has it for appeals.
type CreateCaseKindInput struct {
	Key              string
	Names            core.Text
	Terms            *CaseTermsInput
	IsDefault        bool
	ClientMutationID *string
}

// CaseTermsInput is the terms of a kind; what is left out stays as it is.
type CaseTermsInput struct {
	RegistrationDays *int
	RegistrationUnit *calendar.DeadlineUnit
	ForwardingDays   *int
	ForwardingUnit   *calendar.DeadlineUnit
	AnswerDays       *int
	AnswerUnit       *calendar.DeadlineUnit
	ExtensionDays    *int
	ReplyDays        *int
	ObjectionDays    *int
	RemindDays       *int
	MayPause         *bool
}

// UpdateCaseKindInput changes a kind; cases that are open keep their terms.
type UpdateCaseKindInput struct {
	ID               core.ID
	ExpectedVersion  int
	Names            *core.Text
	Terms            *CaseTermsInput
	IsDefault        *bool
	RetiredOn        graphql.Omittable[*core.Date]
	ClientMutationID *string
}

// CreateCaseStateInput adds a state to the workflow.
type CreateCaseStateInput struct {
	Key              string
	Names            core.Text
	PublicState      CasePublicState
	Entry            bool
	NextIDs          []core.ID
	ClientMutationID *string
}

// UpdateCaseStateInput changes a state and the ways that lead from it.
type UpdateCaseStateInput struct {
	ID               core.ID
	ExpectedVersion  int
	Names            *core.Text
	Entry            *bool
	NextIDs          []core.ID
	ClientMutationID *string
}

var keyForm = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

func checkKey(p *core.Problems, key string) {
	p.Check(keyForm.MatchString(key), core.T("A key is Latin letters, digits and _, at most 40, and begins with a letter.",
		"Ключ — латинские буквы, цифры и _, не более 40, начинается с буквы."), "input", "key")
}

func checkNames(p *core.Problems, names core.Text) {
	p.Words(names.En, 200, "input", "names")
	p.Words(names.Ru, 200, "input", "names")
}

// set puts the terms that are given into the kind.
func (k *CaseKind) set(t *CaseTermsInput) error {
	if t == nil {
		return nil
	}
	var p core.Problems
	for _, days := range []struct {
		given *int
		into  *int
		most  int
		field string
	}{
		{t.RegistrationDays, &k.RegistrationDays, 366, "registrationDays"}, {t.ForwardingDays, &k.ForwardingDays, 366, "forwardingDays"},
		{t.AnswerDays, &k.AnswerDays, 366, "answerDays"}, {t.ExtensionDays, &k.ExtensionDays, 366, "extensionDays"},
		{t.ReplyDays, &k.ReplyDays, 366, "replyDays"}, {t.ObjectionDays, &k.ObjectionDays, 366, "objectionDays"}, {t.RemindDays, &k.RemindDays, 60, "remindDays"},
	} {
		if days.given != nil {
			p.Check(*days.given >= 0 && *days.given <= days.most, core.Textf("From 0 to %d days.", "От 0 до %d дней.", days.most), "input", "terms", days.field)
			*days.into = *days.given
		}
	}
	for _, unit := range []struct{ given, into *calendar.DeadlineUnit }{
		{t.RegistrationUnit, &k.RegistrationUnit}, {t.ForwardingUnit, &k.ForwardingUnit}, {t.AnswerUnit, &k.AnswerUnit},
	} {
		if unit.given != nil {
			*unit.into = *unit.given
		}
	}
	if t.MayPause != nil {
		k.MayPause = *t.MayPause
	}
	return p.Err()
}

// CreateCaseKind adds a kind of case.
func (s *Service) CreateCaseKind(ctx context.Context, in CreateCaseKindInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createCaseKind", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayConfigure, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		// The terms of the law, as the migration gives them to appeals.
		kind := &CaseKind{
			ID: core.NewID(), Key: in.Key, NameEn: strings.TrimSpace(in.Names.En), NameRu: strings.TrimSpace(in.Names.Ru), IsDefault: in.IsDefault, Version: 1,
			RegistrationDays: 3, RegistrationUnit: calendar.Calendar, ForwardingDays: 7, ForwardingUnit: calendar.Calendar, AnswerDays: 30, AnswerUnit: calendar.Calendar,
			ExtensionDays: 30, ReplyDays: 15, ObjectionDays: 30, RemindDays: 3,
		}
		var p core.Problems
		checkKey(&p, in.Key)
		checkNames(&p, in.Names)
		if err := p.Add(kind.set(in.Terms)); err != nil {
			return uuid.Nil, err
		}
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := onlyDefault(ctx, tx, kind); err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewInsert().Model(kind).Exec(ctx); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "CaseKind", ID: kind.ID, After: kind.facts()})
		return kind.ID, nil
	})
}

func (k *CaseKind) facts() any {
	return map[string]any{
		"key": k.Key, "registrationDays": k.RegistrationDays, "forwardingDays": k.ForwardingDays, "answerDays": k.AnswerDays, "answerUnit": k.AnswerUnit,
		"extensionDays": k.ExtensionDays, "objectionDays": k.ObjectionDays, "mayPause": k.MayPause, "isDefault": k.IsDefault, "retiredOn": k.RetiredOn,
	}
}

// onlyDefault takes the mark from the kind that was the default before.
func onlyDefault(ctx context.Context, tx *mutation.Tx, kind *CaseKind) error {
	if !kind.IsDefault {
		return nil
	}
	_, err := tx.NewUpdate().Model((*CaseKind)(nil)).Set("is_default = false").Set("version = version + 1").
		Where("is_default").Where("id <> ?", kind.ID).Exec(ctx)
	return err
}

// UpdateCaseKind changes a kind. There is always one default: another takes its place.
func (s *Service) UpdateCaseKind(ctx context.Context, in UpdateCaseKindInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateCaseKind", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("CaseKind", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[CaseKind](ctx, s.reads, tx, mayConfigure, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		kind := new(CaseKind)
		if err := tx.NewSelect().Model(kind).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		before := kind.facts()
		if err := kind.change(in); err != nil {
			return uuid.Nil, err
		}
		if err := onlyDefault(ctx, tx, kind); err != nil {
			return uuid.Nil, err
		}
		err = mutation.Save(ctx, tx, kind, in.ExpectedVersion, "name_en", "name_ru", "registration_days", "registration_unit", "forwarding_days", "forwarding_unit",
			"answer_days", "answer_unit", "extension_days", "reply_days", "objection_days", "remind_days", "may_pause", "is_default", "retired_on")
		tx.Changed(core.Change{Kind: core.Updated, Type: "CaseKind", ID: key, Before: before, After: kind.facts()})
		return key, postgres.Conflicts(err, broken)
	})
}

func (k *CaseKind) change(in UpdateCaseKindInput) error {
	var p core.Problems
	if in.Names != nil {
		checkNames(&p, *in.Names)
		k.NameEn, k.NameRu = strings.TrimSpace(in.Names.En), strings.TrimSpace(in.Names.Ru)
	}
	if err := p.Add(k.set(in.Terms)); err != nil {
		return err
	}
	if in.IsDefault != nil {
		p.Check(*in.IsDefault || !k.IsDefault, core.T("One kind is the default: make another one so instead.", "Один вид всегда по умолчанию: назначьте таким другой."), "input", "isDefault")
		k.IsDefault = *in.IsDefault
	}
	if on, ok := in.RetiredOn.ValueOK(); ok {
		k.RetiredOn = on
	}
	p.Check(!k.IsDefault || k.RetiredOn == nil, core.T("The default kind is not retired: make another one the default first.",
		"Вид по умолчанию не выводят из употребления: сначала назначьте другой."), "input", "retiredOn")
	return p.Err()
}

// CreateCaseState adds a state to the workflow.
func (s *Service) CreateCaseState(ctx context.Context, in CreateCaseStateInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createCaseState", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayConfigure, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		checkKey(&p, in.Key)
		checkNames(&p, in.Names)
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		state := &CaseState{ID: core.NewID(), Key: in.Key, NameEn: strings.TrimSpace(in.Names.En), NameRu: strings.TrimSpace(in.Names.Ru), PublicState: in.PublicState, Entry: in.Entry, Version: 1}
		if err := onlyEntry(ctx, tx, state); err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewInsert().Model(state).Exec(ctx); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "CaseState", ID: state.ID, After: state.facts(in.NextIDs)})
		return state.ID, lead(ctx, tx, state.ID, in.NextIDs)
	})
}

func (s *CaseState) facts(next []core.ID) any {
	return map[string]any{"key": s.Key, "publicState": s.PublicState, "entry": s.Entry, "next": next}
}

// onlyEntry takes the mark from the state that was the entry before.
func onlyEntry(ctx context.Context, tx *mutation.Tx, state *CaseState) error {
	if !state.Entry {
		return nil
	}
	_, err := tx.NewUpdate().Model((*CaseState)(nil)).Set("entry = false").Set("version = version + 1").
		Where("entry").Where("public_state = ?", state.PublicState).Where("id <> ?", state.ID).Exec(ctx)
	return err
}

// lead says to which states the workflow leads from one.
func lead(ctx context.Context, tx *mutation.Tx, from uuid.UUID, next []core.ID) error {
	if _, err := tx.NewDelete().Model((*CaseTransition)(nil)).Where("from_id = ?", from).Exec(ctx); err != nil {
		return err
	}
	var ways []CaseTransition
	for _, id := range next {
		to, err := id.Of("CaseState", "input", "nextIds")
		if err != nil {
			return err
		}
		if to == from {
			return core.Invalid(core.T("A state does not lead to itself.", "Состояние не ведёт само в себя."), "input", "nextIds")
		}
		if !slices.ContainsFunc(ways, func(w CaseTransition) bool { return w.ToID == to }) {
			ways = append(ways, CaseTransition{ID: core.NewID(), FromID: from, ToID: to})
		}
	}
	if len(ways) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&ways).Exec(ctx)
	if postgres.Constraint(err) != "" {
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", "nextIds"}, Err: err}
	}
	return err
}

// UpdateCaseState changes a state's names, and where it leads. What the public sees of it stays: cases
// are in it.
func (s *Service) UpdateCaseState(ctx context.Context, in UpdateCaseStateInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateCaseState", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("CaseState", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[CaseState](ctx, s.reads, tx, mayConfigure, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		state := new(CaseState)
		if err := tx.NewSelect().Model(state).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		before := state.facts(nil)
		var p core.Problems
		if in.Names != nil {
			checkNames(&p, *in.Names)
			state.NameEn, state.NameRu = strings.TrimSpace(in.Names.En), strings.TrimSpace(in.Names.Ru)
		}
		if in.Entry != nil {
			p.Check(*in.Entry || !state.Entry, core.T("Each public state has an entry: make another state so instead.", "У каждого публичного состояния есть вход: назначьте входом другое состояние."), "input", "entry")
			state.Entry = *in.Entry
		}
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := onlyEntry(ctx, tx, state); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, state, in.ExpectedVersion, "name_en", "name_ru", "entry"); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "CaseState", ID: key, Before: before, After: state.facts(in.NextIDs)})
		if in.NextIDs == nil {
			return key, nil
		}
		return key, lead(ctx, tx, key, in.NextIDs)
	})
}
