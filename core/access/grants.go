package access

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
)

// AssignmentsOf are the roles that the account holds today in the town's time zone, assigned to it
// or granted to its person by membership; implied roles are not listed. It is one statement, and
// is not kept: memberships begin and end without a change of policy.
//
// The order is always the same, so that equal sets of roles share their decisions.
func (g *Guard) AssignmentsOf(ctx context.Context, account, person uuid.UUID) ([]core.Assignment, error) {
	town := core.MunicipalityOf(ctx)
	query, args := assigned+inOrder, []any{[16]byte(town.ID), [16]byte(account), town.Today(g.settings.Clock).Time()}
	if person != uuid.Nil {
		query, args = g.granted, append(args, [16]byte(person))
	}
	rows, err := g.db.Query(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("roles of account %s: %w", account, err)
	}
	held, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a core.Assignment, err error) {
		err = row.Scan(&a.Role, &a.Scope.Kind, &a.Scope.ID)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("roles of account %s: %w", account, err)
	}
	return held, nil
}

const (
	assigned = `SELECT role, scope_kind, scope_id FROM role_assignments
	WHERE municipality_id = $1::uuid AND account_id = $2::uuid AND starts_on <= $3::date AND coalesce(ends_on >= $3::date, true)`
	inOrder = " ORDER BY 1, 2, 3"
)

// grantedQuery is the statement for an account with a person. A grant is for the whole municipality
// only when its kind says so (” and not null), and one whose scope has no id is left out: nothing
// missing must become everything.
func grantedQuery(grants []core.Grant) string {
	query := assigned
	for _, grant := range grants {
		query += ` UNION SELECT g.role, g.scope_kind, CASE g.scope_kind WHEN '' THEN '` + uuid.Nil.String() + `' ELSE g.scope_id END
		FROM (` + grantWords.Replace(grant.Query) + `) AS g WHERE g.person_id = $4::uuid AND (g.scope_kind = '' OR g.scope_id IS NOT NULL)`
	}
	if len(grants) == 0 {
		query += " AND $4::uuid IS NOT NULL"
	}
	return query + inOrder
}

var grantWords = strings.NewReplacer("?municipality", "$1::uuid", "?today", "$3::date", "?person", "$4::uuid")
