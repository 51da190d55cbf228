package access

import (
	"context"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// AssignmentInput is a role to be given. Whether the account and the thing that the scope names
// exist is known to those who own them; callers look before.
type AssignmentInput struct {
	Account  uuid.UUID
	Role     string
	Scope    core.Scope
	StartsOn core.Date
	EndsOn   *core.Date // the last day; nil: until it is ended
	Note     string     // the ground, e.g. the number of an order
}

// AssignRole gives an account a role.
func (s Store) AssignRole(ctx context.Context, tx postgres.Tx, in AssignmentInput) (*RoleAssignment, error) {
	if err := checkAssignment(in); err != nil {
		return nil, err
	}
	policy, err := s.begin(ctx, tx)
	if err != nil {
		return nil, err
	}
	if _, err := s.role(ctx, tx, in.Role, "input", "role"); err != nil {
		return nil, err
	}
	if policy.governs(in.Role) {
		if err := requireAdministrator(ctx, policy); err != nil {
			return nil, err
		}
	}
	a := &RoleAssignment{ID: core.NewID(), AccountID: in.Account, Role: in.Role, ScopeKind: in.Scope.Kind, ScopeID: in.Scope.ID,
		StartsOn: in.StartsOn, EndsOn: in.EndsOn, Note: in.Note, AssignedBy: accountOf(ctx), AssignedAt: s.guard.settings.Clock(), Version: 1}
	_, err = tx.NewInsert().Model(a).Exec(ctx)
	return a, postgres.Conflicts(err, conflicts())
}

func accountOf(ctx context.Context) *uuid.UUID {
	if id := core.ActorOf(ctx).Account; id != uuid.Nil {
		return &id
	}
	return nil
}

func checkAssignment(in AssignmentInput) error {
	if err := checkScope(in.Scope); err != nil {
		return err
	}
	switch {
	case in.Account == uuid.Nil:
		return core.Invalid(core.T("Name the account.", "Укажите учётную запись."), "input", "account")
	case implied(in.Role):
		return core.Invalid(core.T("Everybody holds this role already; it is not assigned.", "Эта роль и так есть у всех; её не назначают."), "input", "role")
	case in.Role == RoleAdministrator && in.Scope != core.Everywhere:
		return core.Invalid(core.T("The administrator's role is held in the whole municipality. Choose another role for one scope.", "Роль администратора действует во всём муниципалитете. Для отдельной области выберите другую роль."), "input", "scope")
	case in.StartsOn.IsZero():
		return core.Invalid(core.T("Name the first day.", "Укажите первый день."), "input", "startsOn")
	case in.EndsOn != nil && in.EndsOn.Before(in.StartsOn):
		return core.Invalid(core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
	case utf8.RuneCountInString(in.Note) > maxSentence:
		return core.Invalid(core.Textf("Write %d characters at most.", "Не более %d знаков.", maxSentence), "input", "note")
	}
	return nil
}

// Ending ends an assignment.
type Ending struct {
	// LastDay is the last day on which the role is held. Yesterday takes the role away at once,
	// and is the earliest: what has been is not rewritten.
	LastDay         core.Date
	ExpectedVersion *int64
}

// EndAssignment gives an assignment its last day, or an earlier one than it has. One that would
// end before it begins is removed, for it was never in force; the answer then ends before it starts.
func (s Store) EndAssignment(ctx context.Context, tx postgres.Tx, id uuid.UUID, in Ending) (*RoleAssignment, error) {
	policy, err := s.begin(ctx, tx)
	if err != nil {
		return nil, err
	}
	a := &RoleAssignment{}
	err = tx.NewSelect().Model(a).Where("?TableAlias.id = ?", id).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, core.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	if err := expect(in.ExpectedVersion, a.Version); err != nil {
		return nil, err
	}
	if err := s.checkEnding(ctx, a, in.LastDay); err != nil {
		return nil, err
	}
	if policy.governs(a.Role) {
		if err := requireAdministrator(ctx, policy); err != nil {
			return nil, err
		}
	}
	if err := s.end(ctx, tx, a, in.LastDay); err != nil {
		return nil, err
	}
	return a, s.keepAdministrator(ctx, tx, a.Role)
}

func (s Store) checkEnding(ctx context.Context, a *RoleAssignment, lastDay core.Date) error {
	yesterday := core.MunicipalityOf(ctx).Today(s.guard.settings.Clock).AddDays(-1)
	switch {
	case lastDay.Before(yesterday):
		return core.Invalid(core.Textf("The last day is %s at the earliest, which takes the role away at once.", "Последний день — не раньше %s: тогда роль снимается сразу.", yesterday), "input", "lastDay")
	case a.EndsOn != nil && a.EndsOn.Before(lastDay):
		return core.Invalid(core.Textf("The assignment ends on %s already. Make a new one for the days after it.", "Назначение и так заканчивается %s. На следующие дни сделайте новое.", *a.EndsOn), "input", "lastDay")
	}
	return nil
}

func (s Store) end(ctx context.Context, tx postgres.Tx, a *RoleAssignment, lastDay core.Date) error {
	a.EndsOn = &lastDay
	a.Version++
	if lastDay.Before(a.StartsOn) {
		_, err := tx.NewDelete().Model(a).WherePK().Exec(ctx)
		return err
	}
	_, err := tx.NewUpdate().Model(a).Column("ends_on", "version").WherePK().Exec(ctx)
	return err
}

// keepAdministrator refuses an ending after which no administrator would be left in force without
// a last day. Two who end each other's at once wait for one another at the lock, so one is refused.
func (s Store) keepAdministrator(ctx context.Context, tx postgres.Tx, ended string) error {
	if ended != RoleAdministrator {
		return nil
	}
	left, err := s.HasAdministrator(ctx, tx)
	if err != nil || left {
		return err
	}
	return core.Conflict(core.T("This is the last administrator. Give the role to another, without a last day, first.", "Это последний администратор. Сначала назначьте другого, без последнего дня."), "input")
}

// HasAdministrator says whether an account holds the role of administrator today, without a last
// day, in the municipality of ctx.
func (s Store) HasAdministrator(ctx context.Context, tx postgres.Tx) (bool, error) {
	today := core.MunicipalityOf(ctx).Today(s.guard.settings.Clock)
	var holders int
	// Counted by Scan: bun's Exists and Count pass by the tenant's filter.
	err := tx.NewSelect().Model((*RoleAssignment)(nil)).ColumnExpr("count(*)").
		Where("?TableAlias.role = ?", RoleAdministrator).
		Where("?TableAlias.starts_on <= ?", today).
		Where("?TableAlias.ends_on IS NULL").Scan(ctx, &holders)
	return holders > 0, err
}
