package read

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// A type whose rows are scopes says so by standing in a scope of its own name: Council has the
// scope "council", whose expression is the row's own key. So the kind of a scope and the type of
// its object follow from each other.

// scopeKind is the kind of scope that objects of the type are.
func scopeKind(typ string) string { return strings.ToLower(typ[:1]) + typ[1:] }

// ScopeObject is the id of the object that a scope is; nil for the whole municipality.
func ScopeObject(s core.Scope) *core.ID {
	if s == core.Everywhere {
		return nil
	}
	return &core.ID{Type: strings.ToUpper(s.Kind[:1]) + s.Kind[1:], Key: s.ID}
}

// Scope is the scope that an object is, for a caller who sees it and holds the permission on it;
// see Require for what is answered otherwise.
func (r *Reader) Scope(ctx context.Context, db bun.IDB, permission string, id core.ID, path ...string) (core.Scope, error) {
	t, kind := r.byName[id.Type], ""
	if t != nil {
		kind = scopeKind(id.Type)
	}
	if t == nil || t.Rows.Scopes[kind] == "" {
		return core.Everywhere, core.Invalid(core.Textf("Rights are given in the whole municipality, or in one of these: %[1]s. This is the id of a %[2]s.",
			"Права даются во всём муниципалитете или в одном из таких объектов: %[1]s. Это идентификатор объекта %[2]s.", strings.Join(r.scopes(), ", "), id.Type), path...)
	}
	return core.Scope{Kind: kind, ID: id.Key}, r.require(ctx, db, t, permission, id.Key, path...)
}

// scopes are the types whose objects are scopes, in order.
func (r *Reader) scopes() []string {
	return slices.DeleteFunc(r.Types(), func(name string) bool { return r.byName[name].Rows.Scopes[scopeKind(name)] == "" })
}

// Within says that a row stands wherever the scope stands that two of its columns name.
type Within struct{ Kind, ID string }

// settle works out where such rows stand, from where the scopes themselves do.
func (t *typ) settle(r *Reader) {
	if t.Within == (Within{}) {
		return
	}
	scopes := maps.Clone(t.Rows.Scopes)
	if scopes == nil {
		scopes = map[string]string{}
	}
	for _, outer := range r.scopes() {
		var cases strings.Builder
		for _, name := range r.scopes() {
			of := r.byName[name]
			expr := of.Rows.Scopes[scopeKind(outer)]
			if expr == "" {
				continue
			}
			fmt.Fprintf(&cases, " WHEN '%s' THEN (SELECT %s FROM %s AS within WHERE within.municipality_id = ?TableAlias.municipality_id AND within.%s = %s)",
				scopeKind(name), strings.ReplaceAll(expr, "?TableAlias", "within"), of.table.SQLName, of.key.SQLName, t.Within.ID)
		}
		scopes[scopeKind(outer)] = "CASE " + t.Within.Kind + cases.String() + " END"
	}
	t.Rows.Scopes = scopes
}
