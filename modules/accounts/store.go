package accounts

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/postgres"
)

// assigned are the roles that were given to the account and have not ended, those of later too.
func assigned(ctx context.Context, db bun.IDB, account uuid.UUID, today core.Date) ([]access.RoleAssignment, error) {
	var rows []access.RoleAssignment
	err := db.NewSelect().Model(&rows).Column("id", "role", "scope_kind", "scope_id").
		Where("?TableAlias.account_id = ?", account).
		Where("?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?", today).
		Order("role_assignment.id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("roles of account %s: %w", account, err)
	}
	return rows, nil
}

// makerOf is the account that made a service token.
func makerOf(ctx context.Context, db bun.IDB, token uuid.UUID) (uuid.UUID, error) {
	var maker uuid.UUID
	err := db.NewSelect().Model((*identity.ServiceToken)(nil)).Column("created_by").
		Where("?TableAlias.id = ?", token).Scan(ctx, &maker)
	if postgres.NoRows(err) {
		return uuid.Nil, core.ErrNotFound
	}
	if err != nil {
		return uuid.Nil, fmt.Errorf("maker of a service token: %w", err)
	}
	return maker, nil
}
