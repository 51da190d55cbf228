package access

import (
	"context"
	"fmt"
	"regexp"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

type assignmentRow struct {
	Role      string    `bun:"role"`
	ScopeKind string    `bun:"scope_kind"`
	ScopeID   uuid.UUID `bun:"scope_id"`
}

// AssignmentsOf are the roles that the account holds today in the town's time zone, assigned to it
// or granted to its person by membership; implied roles are not listed. It is one statement, and
// is not kept: memberships begin and end without a change of policy.
//
// The order is always the same, so that equal sets of roles share their decisions.
func (g *Guard) AssignmentsOf(ctx context.Context, account, person uuid.UUID) ([]core.Assignment, error) {
	town := core.MunicipalityOf(ctx)
	today := town.Today(g.settings.Clock)
	query, args := assigned, []any{town.ID, account, today, today}
	if person != uuid.Nil {
		for _, grant := range g.grants {
			text, more := fillGrant(grant, town.ID, person, today)
			query += granted(text)
			args = append(append(args, more...), person)
		}
	}
	var rows []assignmentRow
	if err := g.db.NewRaw(query+" ORDER BY 1, 2, 3", args...).Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("roles of account %s: %w", account, err)
	}
	held := make([]core.Assignment, len(rows))
	for i, row := range rows {
		held[i] = core.Assignment{Role: row.Role, Scope: core.Scope{Kind: row.ScopeKind, ID: row.ScopeID}}
	}
	return held, nil
}

const assigned = `SELECT role, scope_kind, scope_id FROM role_assignments
	WHERE municipality_id = ? AND account_id = ? AND starts_on <= ? AND coalesce(ends_on >= ?, true)`

// granted takes a grant for the whole municipality only when its kind says so (” and not null),
// and leaves out one whose scope has no id: nothing missing must become everything.
func granted(text string) string {
	return ` UNION SELECT g.role, g.scope_kind, CASE g.scope_kind WHEN '' THEN '` + uuid.Nil.String() + `' ELSE g.scope_id END
		FROM (` + text + `) AS g WHERE g.person_id = ?::uuid AND (g.scope_kind = '' OR g.scope_id IS NOT NULL)`
}

var grantWord = regexp.MustCompile(`\?(municipality|person|today)\b`)

// fillGrant puts the values for the words of the query.
func fillGrant(grant core.Grant, town, person uuid.UUID, today core.Date) (text string, args []any) {
	return fillWords(grant.Query, grantWord, func(word string) (string, []any) {
		switch word {
		case "?municipality":
			return "?::uuid", []any{town}
		case "?person":
			return "?::uuid", []any{person}
		default:
			return "?::date", []any{today}
		}
	})
}

// fillWords replaces the words by what fill says; the arguments come in the order of the text.
func fillWords(text string, word *regexp.Regexp, fill func(word string) (string, []any)) (filled string, args []any) {
	filled = word.ReplaceAllStringFunc(text, func(w string) string {
		with, more := fill(w)
		args = append(args, more...)
		return with
	})
	return filled, args
}
