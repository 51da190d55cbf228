package permissions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
)

// CreateRole makes a role without rules.
func (s *Service) CreateRole(ctx context.Context, in CreateRoleInput) (*Answer, error) {
	return s.do(ctx, action{name: "createRole", input: in, client: in.ClientMutationID}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.mayEdit(ctx); err != nil {
			return uuid.Nil, err
		}
		role, err := s.guard.Store().CreateRole(ctx, tx.Tx, access.RoleInput{
			Key: in.Key, Name: in.Name, Description: in.Description, Parents: in.Parents,
		})
		if err != nil {
			return uuid.Nil, err
		}
		return role.ID, recordRole(ctx, tx, core.Created, role.Key, nil)
	})
}

// UpdateRole changes names and parents.
func (s *Service) UpdateRole(ctx context.Context, in UpdateRoleInput) (*Answer, error) {
	return s.change(ctx, action{name: "updateRole", input: in, client: in.ClientMutationID}, in.Role, func(ctx context.Context, tx *mutation.Tx) error {
		change := access.RoleChange{Name: in.Name, Description: in.Description, ExpectedVersion: version(in.ExpectedVersion)}
		if in.Parents != nil {
			change.Parents = &in.Parents
		}
		_, err := s.guard.Store().UpdateRole(ctx, tx.Tx, in.Role, change)
		return err
	})
}

// DeleteRole deletes a role that was never held and that none inherits.
func (s *Service) DeleteRole(ctx context.Context, in DeleteRoleInput) (*Answer, error) {
	return s.change(ctx, action{name: "deleteRole", input: in, client: in.ClientMutationID}, in.Role, func(ctx context.Context, tx *mutation.Tx) error {
		return s.guard.Store().DeleteRole(ctx, tx.Tx, in.Role)
	})
}

// change changes a role, and records what it was before and is after.
func (s *Service) change(ctx context.Context, a action, role string, change func(ctx context.Context, tx *mutation.Tx) error) (*Answer, error) {
	return s.do(ctx, a, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.mayEdit(ctx); err != nil {
			return uuid.Nil, err
		}
		before, err := roleNow(ctx, tx, role)
		if err != nil {
			return uuid.Nil, err
		}
		if err := change(ctx, tx); err != nil {
			return uuid.Nil, err
		}
		return before.id, recordRole(ctx, tx, core.Updated, role, before)
	})
}

// recordRole records a change of a role: one that is no longer there was deleted.
func recordRole(ctx context.Context, tx *mutation.Tx, kind core.ChangeKind, role string, before *roleFacts) error {
	after, err := roleNow(ctx, tx, role)
	if err != nil {
		return err
	}
	c := core.Change{Kind: kind, Type: "Role"}
	if before != nil {
		c.ID, c.Before = before.id, before
	}
	if after != nil {
		c.ID, c.After = after.id, after
	} else {
		c.Kind = core.Deleted
	}
	tx.Changed(c)
	return nil
}

func version(n int) *int64 {
	v := int64(n)
	return &v
}
