package permissions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

const maxReason = 2000

// AssignRole gives an account a role. Whoever may assign in a scope only may do so in that scope.
func (s *Service) AssignRole(ctx context.Context, in AssignRoleInput) (*Answer, error) {
	a := action{name: "assignRole", input: in, client: in.ClientMutationID, fields: map[string]string{"account": "accountId", "scope": "scopeId"}}
	return s.do(ctx, a, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		scope, err := s.scope(ctx, tx, mayAssign, in.ScopeID, "input", "scopeId")
		if err != nil {
			return uuid.Nil, err
		}
		account, err := in.AccountID.Of("Account", "input", "accountId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := hasAccount(ctx, tx, account, "input", "accountId"); err != nil {
			return uuid.Nil, err
		}
		given := access.AssignmentInput{Account: account, Role: in.Role, Scope: scope, StartsOn: tx.Today(), EndsOn: in.EndsOn, Note: in.Note}
		if in.StartsOn != nil {
			given.StartsOn = *in.StartsOn
		}
		assignment, err := s.guard.Store().AssignRole(ctx, tx.Tx, given)
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(assignmentChange(core.Created, nil, assignment, in.Note))
		return assignment.ID, nil
	})
}

// EndRoleAssignment gives an assignment its last day; one that would end before it begins is
// removed.
func (s *Service) EndRoleAssignment(ctx context.Context, in EndRoleAssignmentInput) (*Answer, error) {
	a := action{name: "endRoleAssignment", input: in, client: in.ClientMutationID, fields: map[string]string{"lastDay": "endsOn"}}
	return s.do(ctx, a, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("RoleAssignment", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[RoleAssignment](ctx, s.reads, tx, mayAssign, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		reason, err := reasonOf(in.Reason)
		if err != nil {
			return uuid.Nil, err
		}
		before := &access.RoleAssignment{}
		if err := tx.NewSelect().Model(before).Where("?TableAlias.id = ?", key).Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		after, err := s.guard.Store().EndAssignment(ctx, tx.Tx, key, access.Ending{LastDay: in.EndsOn, ExpectedVersion: version(in.ExpectedVersion)})
		if err != nil {
			return uuid.Nil, err
		}
		if after.EndsOn.Before(after.StartsOn) {
			tx.Changed(assignmentChange(core.Deleted, before, nil, reason))
		} else {
			tx.Changed(assignmentChange(core.Ended, before, after, reason))
		}
		return key, nil
	})
}

func reasonOf(given *string) (string, error) {
	if given == nil {
		return "", nil
	}
	if len([]rune(*given)) > maxReason {
		return "", core.Invalid(core.Textf("Write %d characters at most.", "Не более %d знаков.", maxReason), "input", "reason")
	}
	return *given, nil
}

// assignmentChange is the record of a change; nil is what is not there.
func assignmentChange(kind core.ChangeKind, before, after *access.RoleAssignment, reason string) core.Change {
	c := core.Change{Kind: kind, Type: "RoleAssignment", Reason: reason}
	for _, a := range []*access.RoleAssignment{before, after} {
		if a != nil {
			c.ID, c.Touched = a.ID, []core.ID{{Type: "Account", Key: a.AccountID}}
		}
	}
	if before != nil {
		c.Before = assignmentFacts(before)
	}
	if after != nil {
		c.After = assignmentFacts(after)
	}
	return c
}
