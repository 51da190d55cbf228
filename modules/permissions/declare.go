package permissions

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead   = "permissions:read"
	mayEdit   = "permissions:edit"
	mayAssign = "permissions:assign"
)

// ofRole are the rows of a table that hang on the role by its key.
const ofRole = ` WHERE part.municipality_id = ?TableAlias.municipality_id AND part.role = ?TableAlias.key`

func declare(r *read.Reader) {
	read.Declare[Role](r, read.Type{
		Name:  "Role",
		Guard: mayRead,
		Filters: map[string]read.Filter{
			"key":     {SQL: `?TableAlias.key`},
			"builtin": {SQL: `?TableAlias.builtin`},
		},
		Orders: map[string][]read.Key{"KEY": {{SQL: `?TableAlias.key`}}},
		Order:  "KEY",
		// Lists as JSON in the role's own statement: they hang on a key that is a text, which relations
		// do not go by, and a role has few of them.
		Computed: map[string]read.Computed{
			"parents": {SQL: `SELECT coalesce(json_agg(part.parent ORDER BY part.parent), '[]')::text FROM role_parents AS part` + ofRole},
			"rules": {SQL: `SELECT coalesce(json_agg(json_build_object('ID', part.id, 'Permission', part.permission, 'Relation', part.relation,
				'Effect', upper(part.effect), 'Place', json_build_object('Kind', part.scope_kind, 'ID', part.scope_id))
				ORDER BY part.permission, part.scope_kind, part.scope_id, part.relation, part.effect), '[]')::text FROM policy_rules AS part` + ofRole},
		},
		Needs: map[string][]string{
			"name": {"NameText"}, "names": {"NameText"},
			"description": {"DescriptionText"}, "descriptions": {"DescriptionText"},
		},
	})
	declareAssignments(r)
}

func declareAssignments(r *read.Reader) {
	read.Declare[RoleAssignment](r, read.Type{
		Name:  "RoleAssignment",
		Guard: mayRead,
		Rows: access.Rows{
			Relations: map[string]string{"own": `?TableAlias.account_id = ?actor_account`},
		},
		Within: read.Within{Kind: `?TableAlias.scope_kind`, ID: `?TableAlias.scope_id`},
		AsOf:   `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`,
		Filters: map[string]read.Filter{
			"role":     {SQL: `?TableAlias.role`},
			"account":  {SQL: `?TableAlias.account_id`, ID: "Account"},
			"scope":    {SQL: `(upper(left(?TableAlias.scope_kind, 1)) || substr(?TableAlias.scope_kind, 2), ?TableAlias.scope_id)`, ID: read.AnyType},
			"startsOn": {SQL: `?TableAlias.starts_on`},
			"endsOn":   {SQL: `?TableAlias.ends_on`},
		},
		Orders: map[string][]read.Key{
			"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}},
			"ROLE":      {{SQL: `?TableAlias.role`}, {SQL: `?TableAlias.starts_on`, Cast: "date"}},
		},
		Order: "STARTS_ON",
		Computed: map[string]read.Computed{
			// The column does not say of which type the key is.
			"assignedById": {SQL: `CASE WHEN EXISTS (SELECT FROM service_tokens AS token
				WHERE token.municipality_id = ?TableAlias.municipality_id AND token.id = ?TableAlias.assigned_by)
				THEN 'ServiceToken:' ELSE 'Account:' END || ?TableAlias.assigned_by::text`},
		},
		Needs: map[string][]string{"accountId": {"Holder"}, "scope": {"ScopeKind", "ScopeKey"}},
	})
}
