package accounts

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
)

// What core/access calls power over permissions.
const (
	mayAssign       = "permissions:assign"
	powerAll        = "permissions:*"
	powerPrefix     = "permissions:"
	readPermissions = "permissions:read"
)

// mayTake refuses unless the caller might hand out, by core/access, every role that comes with the
// account and the person: those of today, and those that the account is to hold later. A role is
// handed out by permissions:assign in its scope, and one that gives power over permissions by
// whoever holds all of that power. So an administrator's account is touched by administrators only,
// and to reset a password or to link a person gives nobody a role that they could not give
// themself.
//
// It reads by the pool, so it is called before the transaction. A role that is given meanwhile is
// one that is given to an account already touched.
func (s *Service) mayTake(ctx context.Context, account, person uuid.UUID) error {
	held, err := s.guard.AssignmentsOf(ctx, account, person)
	if err != nil {
		return err
	}
	later, err := assigned(ctx, s.reads.DB(), account, core.MunicipalityOf(ctx).Today(s.writer.Clock))
	if err != nil {
		return err
	}
	for _, a := range later {
		held = append(held, core.Assignment{Role: a.Role, Scope: a.Scope()})
	}
	return s.mayGive(ctx, held)
}

// mayTouch is mayTake for an account and the person that it is linked to.
func (s *Service) mayTouch(ctx context.Context, account uuid.UUID) error {
	a, err := s.identity.AccountByID(ctx, account)
	if err != nil {
		return err
	}
	person := uuid.Nil
	if a.PersonID != nil {
		person = *a.PersonID
	}
	return s.mayTake(ctx, account, person)
}

// mayGive refuses unless the caller might hand out all of the roles.
func (s *Service) mayGive(ctx context.Context, roles []core.Assignment) error {
	d, err := s.guard.Decide(ctx, mayAssign)
	if err != nil {
		return err
	}
	for _, a := range roles {
		if !d.Allows(access.Resource{Scopes: []core.Scope{a.Scope}}) {
			return errHoldsMore()
		}
	}
	govern, err := s.govern(ctx, roles)
	if err != nil || !govern {
		return err
	}
	covered, err := s.guard.Covered(ctx, core.ActorOf(ctx), []string{powerAll})
	if err == nil && len(covered) == 0 {
		err = errHoldsMore()
	}
	return err
}

// govern says whether the roles give power over permissions beyond seeing them.
func (s *Service) govern(ctx context.Context, roles []core.Assignment) (bool, error) {
	holder := core.WithActor(ctx, core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: roles})
	held, err := s.guard.Permissions(holder)
	return slices.ContainsFunc(held, func(p string) bool {
		return strings.HasPrefix(p, powerPrefix) && p != readPermissions
	}), err
}

func errHoldsMore() *core.Error {
	return &core.Error{Code: core.CodeForbidden, Text: core.T("This account holds roles that you could not give yourself. Ask an administrator.",
		"У этой учётной записи есть роли, которые вы не могли бы назначить сами. Обратитесь к администратору.")}
}
