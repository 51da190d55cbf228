package access

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Store changes roles, rules and assignments of the context's municipality, inside the caller's
// transaction. Callers are services that have asked for permissions:edit or permissions:assign
// (in the scope of the assignment) before; Store keeps what must hold whoever asks:
//
//   - Power over permissions is given, taken and edited only by whoever holds all of it. A role
//     that allows more of permissions:* than to read is called governing; to assign or end one, or
//     to make a role such, the actor needs permissions:* everywhere, as administrators have it. So
//     an administrator of permissions may hand out any work in the town hall, also to themself
//     (which the audit shows), but can neither become an administrator nor unmake one.
//   - Power over permissions is never denied by a rule, since deny beats allow and the town would
//     be locked out. It is taken by ending the assignment.
//   - The role administrator keeps its rules and inherits nothing, is held in the whole
//     municipality only, and keeps a holder without a last day.
//   - Roles inherit without a cycle, over eight steps at most.
//
// Every method raises the policy's version first; that lock is what makes the checks safe in a
// race. A refusal is a core.Error, and the transaction is to be rolled back.
type Store struct{ guard *Guard }

const (
	maxRules    = 500
	maxParents  = 20
	maxName     = 200
	maxSentence = 2000
)

// edit makes a change of one role under the lock, and checks the policy on both of its sides.
func (s Store) edit(ctx context.Context, tx postgres.Tx, role string, change func() error) error {
	before, err := s.begin(ctx, tx)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return postgres.Conflicts(err, conflicts())
	}
	after, err := readSnapshot(ctx, tx, core.MunicipalityOf(ctx).ID)
	switch {
	case errors.Is(err, errCycle):
		return core.Invalid(core.T("This role would inherit itself. Choose parents that do not inherit it.", "Роль унаследовала бы сама себя. Выберите родителей, которые её не наследуют."), "input", "parents")
	case errors.Is(err, errDepth):
		return core.Invalid(core.Textf("Roles inherit over %d steps at most. Choose a parent nearer to the root.", "Роли наследуются не более чем через %d ступеней. Выберите родителя ближе к корню.", maxDepth), "input", "parents")
	case err != nil:
		return err
	}
	if before.governs(role) || after.governs(role) {
		return requireAdministrator(ctx, before)
	}
	return nil
}

// begin takes the lock and reads the policy as it stands.
func (s Store) begin(ctx context.Context, tx postgres.Tx) (*snapshot, error) {
	if _, err := s.guard.Bump(ctx, tx); err != nil {
		return nil, err
	}
	return readSnapshot(ctx, tx, core.MunicipalityOf(ctx).ID)
}

func requireAdministrator(ctx context.Context, policy *snapshot) error {
	if policy.covered(core.ActorOf(ctx), permissionsAll) {
		return nil
	}
	return &core.Error{Code: core.CodeForbidden, Text: core.T(
		"This role gives power over permissions, so only an administrator may do this. Ask one.",
		"Эта роль даёт власть над правами, поэтому это может сделать только администратор. Обратитесь к нему.")}
}

// role loads a role, by its key; the caller holds the lock.
func (s Store) role(ctx context.Context, tx postgres.Tx, key string, path ...string) (*Role, error) {
	role := &Role{}
	err := tx.NewSelect().Model(role).Where("?TableAlias.key = ?", key).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, &core.Error{Code: core.CodeNotFound, Path: path, Text: core.Textf(
			"There is no role %q. Take its key from the list of roles.", "Роли %q нет. Возьмите её ключ из списка ролей.", clip(key))}
	}
	return role, err
}

// expect refuses a change of something that was changed since its reader saw it.
func expect(wanted *int64, version int64) error {
	if wanted != nil && *wanted != version {
		return core.ErrConflict
	}
	return nil
}

func conflicts() map[string]*core.Error {
	return map[string]*core.Error{
		"roles_key":             core.Conflict(core.T("There is already a role of this key. Choose another key.", "Роль с таким ключом уже есть. Выберите другой ключ."), "input", "key"),
		"role_parents_parent":   core.Conflict(core.T("A role inherits this one, or a parent does not exist. Check the parents.", "Эту роль наследует другая, либо родительской роли нет. Проверьте родителей."), "input", "parents"),
		"policy_rules_once":     core.Conflict(core.T("The role already has this rule.", "У роли уже есть такое правило."), "input"),
		"role_assignments_role": core.Conflict(core.T("This role is or was held by accounts, and the record of it is kept. Take its rules away instead.", "Эта роль назначена или была назначена, и запись об этом хранится. Вместо удаления уберите её правила."), "input"),
		"role_assignments_once": core.Conflict(core.T("The account already holds this role in this scope on some of these days. End that assignment first, or choose other days.", "На часть этих дней роль в этой области уже назначена. Сначала завершите то назначение или выберите другие дни."), "input", "startsOn"),
	}
}

func checkText(text core.Text, limit int, field string) error {
	for _, s := range [2]string{text.Ru, text.En} {
		if strings.TrimSpace(s) == "" || utf8.RuneCountInString(s) > limit || strings.ContainsRune(s, 0) {
			return core.Invalid(core.Textf("Write it in Russian and in English, in 1 to %d characters each.", "Заполните по-русски и по-английски, от 1 до %d знаков.", limit), "input", field)
		}
	}
	return nil
}

func checkScope(scope core.Scope) error {
	if scope == core.Everywhere || (kindForm.MatchString(scope.Kind) && scope.ID != [16]byte{}) {
		return nil
	}
	return core.Invalid(core.T("A scope is the whole municipality, or a kind and an id.", "Область — весь муниципалитет либо вид и идентификатор."), "input", "scope")
}

// unchangeable refuses to touch the rules and parents of the administrator's role.
func unchangeable(role string) error {
	if role != RoleAdministrator {
		return nil
	}
	return core.Invalid(core.T("The administrator may do everything; the rules of this role stand. Make another role.", "Администратор может всё, правила этой роли неизменны. Создайте другую роль."), "input", "role")
}

// implied says whether everybody holds the role without an assignment.
func implied(role string) bool { return slices.Contains([]string{roleAnonymous, roleResident}, role) }

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
