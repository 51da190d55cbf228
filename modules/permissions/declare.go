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
		// Lists in the role's own statement: they hang on a key that is a text, which relations do not go
		// by, and a role has few of them.
		Computed: map[string]read.Computed{
			"name":        {SQL: inLanguage(`?TableAlias.name`)},
			"description": {SQL: inLanguage(`?TableAlias.description`)},
			"parents":     {SQL: `SELECT ARRAY(SELECT part.parent FROM role_parents AS part` + ofRole + ` ORDER BY part.parent)`},
			"rules": {SQL: `SELECT coalesce(json_agg(json_build_object('ID', part.id, 'Permission', part.permission, 'Relation', part.relation,
				'Effect', upper(part.effect), 'Place', json_build_object('Kind', part.scope_kind, 'ID', part.scope_id))
				ORDER BY part.permission, part.scope_kind, part.scope_id, part.relation, part.effect), '[]')::text FROM policy_rules AS part` + ofRole},
		},
		Groups: map[string]read.Group{"names": inBoth(`?TableAlias.name`), "descriptions": inBoth(`?TableAlias.description`)},
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
			"scope":    {SQL: `(` + scopeType + `, ?TableAlias.scope_id)`, ID: read.AnyType},
			"startsOn": {SQL: `?TableAlias.starts_on`},
			"endsOn":   {SQL: `?TableAlias.ends_on`},
		},
		Orders: map[string][]read.Key{
			"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}},
			"ROLE":      {{SQL: `?TableAlias.role`}, {SQL: `?TableAlias.starts_on`, Cast: "date"}},
		},
		Order: "STARTS_ON",
		Computed: map[string]read.Computed{
			"accountId": {SQL: `?TableAlias.account_id`, ID: "Account"},
			// The column does not say of which type the key is.
			"assignedById": {ID: read.AnyType, SQL: `CASE WHEN EXISTS (SELECT FROM service_tokens AS token
				WHERE token.municipality_id = ?TableAlias.municipality_id AND token.id = ?TableAlias.assigned_by)
				THEN 'ServiceToken:' ELSE 'Account:' END || ?TableAlias.assigned_by::text`},
		},
		Groups: map[string]read.Group{"scope": {
			When: `?TableAlias.scope_kind <> ''`,
			Fields: map[string]read.Computed{
				"kind": {SQL: `?TableAlias.scope_kind`},
				"id":   {SQL: scopeType + ` || ':' || ?TableAlias.scope_id::text`, ID: read.AnyType},
			},
		}},
	})
}

// scopeType is the type whose objects are scopes of the kind.
const scopeType = `upper(left(?TableAlias.scope_kind, 1)) || substr(?TableAlias.scope_kind, 2)`

// inLanguage is a text in the reader's language, or in the other when it is written in that one
// alone: core.Text.In in SQL.
func inLanguage(text string) string {
	return `coalesce(CASE WHEN ?language = 'ru' THEN nullif(` + text + `->>'ru', '') END, nullif(` + text + `->>'en', ''), ` + text + `->>'ru', '')`
}

// inBoth is a text in both languages.
func inBoth(text string) read.Group {
	return read.Group{Fields: map[string]read.Computed{
		"ru": {SQL: `coalesce(` + text + `->>'ru', '')`}, "en": {SQL: `coalesce(` + text + `->>'en', '')`},
	}}
}
