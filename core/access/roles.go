package access

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// RoleInput is a role to be made.
type RoleInput struct {
	Key         string
	Name        core.Text
	Description core.Text
	Parents     []string // keys of the roles that it inherits
}

// RoleChange changes what it names; nil leaves as is.
type RoleChange struct {
	Name            *core.Text
	Description     *core.Text
	Parents         *[]string
	ExpectedVersion *int64
}

// CreateRole makes a role without rules.
func (s Store) CreateRole(ctx context.Context, tx postgres.Tx, in RoleInput) (*Role, error) {
	if !roleForm.MatchString(in.Key) {
		return nil, core.Invalid(core.T("A key is 2 to 40 small latin letters, digits and underscores, a letter first.", "Ключ — от 2 до 40 строчных латинских букв, цифр и подчёркиваний, первая — буква."), "input", "key")
	}
	if err := checkRole(in.Name, in.Description, in.Parents); err != nil {
		return nil, err
	}
	role := &Role{ID: core.NewID(), Key: in.Key, Name: in.Name, Description: in.Description, Version: 1, CreatedAt: s.guard.settings.Clock()}
	return role, s.edit(ctx, tx, in.Key, func() error {
		if _, err := tx.NewInsert().Model(role).Exec(ctx); err != nil {
			return err
		}
		return s.setParents(ctx, tx, in.Key, in.Parents)
	})
}

// UpdateRole changes names and parents.
func (s Store) UpdateRole(ctx context.Context, tx postgres.Tx, key string, change RoleChange) (role *Role, err error) {
	err = s.edit(ctx, tx, key, func() error {
		if role, err = s.role(ctx, tx, key, "input", "role"); err != nil {
			return err
		}
		if err := expect(change.ExpectedVersion, role.Version); err != nil {
			return err
		}
		if change.Name != nil {
			role.Name = *change.Name
		}
		if change.Description != nil {
			role.Description = *change.Description
		}
		var parents []string
		if change.Parents != nil {
			parents = *change.Parents
		}
		if err := checkRole(role.Name, role.Description, parents); err != nil {
			return err
		}
		if err := s.touch(ctx, tx, role); err != nil || change.Parents == nil {
			return err
		}
		if err := unchangeable(key); err != nil {
			return err
		}
		return s.setParents(ctx, tx, key, parents)
	})
	return role, err
}

// DeleteRole removes a role of the town's own, with its rules. A role that was ever held, or that
// another inherits, stays.
func (s Store) DeleteRole(ctx context.Context, tx postgres.Tx, key string) error {
	return s.edit(ctx, tx, key, func() error {
		role, err := s.role(ctx, tx, key, "input", "role")
		if err != nil {
			return err
		}
		if role.Builtin {
			return core.Conflict(core.T("A built-in role is not deleted. Take its rules away instead.", "Встроенная роль не удаляется. Вместо этого уберите её правила."), "input", "role")
		}
		_, err = tx.NewDelete().Model(role).WherePK().Exec(ctx)
		return err
	})
}

// touch writes the role with its next version.
func (s Store) touch(ctx context.Context, tx postgres.Tx, role *Role) error {
	role.Version++
	_, err := tx.NewUpdate().Model(role).Column("name", "description", "version").WherePK().Exec(ctx)
	return err
}

func (s Store) setParents(ctx context.Context, tx postgres.Tx, role string, parents []string) error {
	_, err := tx.NewDelete().Model((*RoleParent)(nil)).Where("?TableAlias.role = ?", role).Exec(ctx)
	if err != nil {
		return err
	}
	var rows []*RoleParent
	for parent := range set(parents) {
		if parent == role {
			return core.Invalid(core.T("A role cannot inherit itself.", "Роль не может наследовать сама себя."), "input", "parents")
		}
		rows = append(rows, &RoleParent{Role: role, Parent: parent})
	}
	return insertAll(ctx, tx, rows)
}

func checkRole(name, description core.Text, parents []string) error {
	if err := checkText(name, maxName, "name"); err != nil {
		return err
	}
	if err := checkText(description, maxSentence, "description"); err != nil {
		return err
	}
	if len(parents) > maxParents {
		return core.Invalid(core.Textf("A role has %d parents at most.", "У роли не более %d родителей.", maxParents), "input", "parents")
	}
	return nil
}
