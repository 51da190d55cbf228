package access

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// modelText is the policy's language.
//
//go:embed model.conf
var modelText string

// Policies is the Casbin adapter: it reads one municipality's policy from our tables into a model.
// Casbin's ways of writing are refused, since they know no transaction, version or audit; a policy
// is changed through Store.
type Policies struct {
	ctx context.Context // Casbin's interface carries none
	db  bun.IDB
}

// Filter says which policy to load.
type Filter struct {
	Municipality uuid.UUID
	// On adds the role assignments in force on that day; the zero date adds none. Roles that
	// memberships grant are no stored assignments and are not among them.
	On core.Date
}

var (
	_ persist.FilteredAdapter = Policies{}

	errOneTown  = errors.New("access: a policy is loaded for one municipality: use LoadFilteredPolicy with a Filter")
	errReadOnly = errors.New("access: a policy is changed through access.Store")
)

// NewPolicies makes an adapter that reads through db, which may be a transaction, under ctx.
func NewPolicies(ctx context.Context, db bun.IDB) Policies { return Policies{ctx: ctx, db: db} }

// policyRow is a line in Casbin's own form: p or g and its words.
type policyRow struct {
	Kind  string   `bun:"kind"`
	Words []string `bun:"words,array"`
}

const scopeWord = `CASE scope_kind WHEN '' THEN '*' ELSE scope_kind || ':' || scope_id END`

// LoadFilteredPolicy adds the lines that the Filter chooses to the model.
func (p Policies) LoadFilteredPolicy(m model.Model, filter any) error {
	f, ok := filter.(Filter)
	if !ok {
		return errOneTown
	}
	var rows []policyRow
	query := p.db.NewRaw(`
		SELECT 'p' AS kind, ARRAY[role, `+scopeWord+`, permission, relation, effect] AS words
		FROM policy_rules WHERE municipality_id = ?0
		UNION ALL
		SELECT 'g', ARRAY[role, parent, '*'] FROM role_parents WHERE municipality_id = ?0
		UNION ALL
		SELECT 'g', ARRAY[account_id::text, role, `+scopeWord+`]
		FROM role_assignments WHERE municipality_id = ?0 AND starts_on <= ?1 AND coalesce(ends_on >= ?1, true)
		ORDER BY 1, 2`, f.Municipality, dayOrNull(f.On))
	if err := query.Scan(p.ctx, &rows); err != nil {
		return fmt.Errorf("policy of municipality %s: %w", f.Municipality, err)
	}
	for _, row := range rows {
		if err := persist.LoadPolicyArray(append([]string{row.Kind}, row.Words...), m); err != nil {
			return fmt.Errorf("policy of municipality %s: %w", f.Municipality, err)
		}
	}
	return nil
}

// dayOrNull is NULL for the zero date, before which and after which nothing is.
func dayOrNull(d core.Date) *core.Date {
	if d.IsZero() {
		return nil
	}
	return &d
}

func (Policies) IsFiltered() bool                           { return true }
func (Policies) LoadPolicy(model.Model) error               { return errOneTown }
func (Policies) SavePolicy(model.Model) error               { return errReadOnly }
func (Policies) AddPolicy(_, _ string, _ []string) error    { return errReadOnly }
func (Policies) RemovePolicy(_, _ string, _ []string) error { return errReadOnly }
func (Policies) RemoveFilteredPolicy(_, _ string, _ int, _ ...string) error {
	return errReadOnly
}

// NewEnforcer is Casbin's own reading of a policy: the referee that decisions are compared with,
// slow, and for tests and tools only. Ask it with Request's words.
func NewEnforcer(policies Policies, filter Filter) (*casbin.Enforcer, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	e.AddFunction("permissionCovered", words(func(wanted, pattern string) bool { return covers(pattern, wanted) }))
	e.AddFunction("standsIn", words(standsIn))
	e.AddFunction("related", words(func(relations, wanted string) bool {
		return wanted == anyRelation || listed(relations, wanted)
	}))
	e.AddNamedDomainMatchingFunc("g", "standsIn", standsIn)
	e.SetAdapter(policies)
	if err := e.LoadFilteredPolicy(filter); err != nil {
		return nil, fmt.Errorf("access: %w", err)
	}
	return e, nil
}

// Request is a question to an Enforcer: what Decide and Allows answer together. System and service
// actors hold no roles and are not in the policy.
func Request(actor core.Actor, permission string, r Resource) []any {
	who, base := roleAnonymous, roleAnonymous
	if actor.Kind == core.Account {
		who, base = actor.Account.String(), roleResident
	}
	scopes := make([]string, len(r.Scopes))
	for i, s := range r.Scopes {
		scopes[i] = s.String()
	}
	return []any{who, base, strings.Join(scopes, " "), strings.Join(r.Relations, " "), permission}
}

func standsIn(scopes, scope string) bool { return scope == everything || listed(scopes, scope) }

func listed(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// words makes a function of two texts one of Casbin's.
func words(f func(a, b string) bool) func(args ...any) (any, error) {
	return func(args ...any) (any, error) {
		if len(args) != 2 {
			return false, fmt.Errorf("access: %d words instead of 2", len(args))
		}
		a, isText := args[0].(string)
		b, isTextToo := args[1].(string)
		if !isText || !isTextToo {
			return false, errors.New("access: a word is not a text")
		}
		return f(a, b), nil
	}
}
