package read

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
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

// Hangs names the object that a row hangs on: two expressions, the name of its type and its key. The
// row is seen by whoever sees the object, and other permissions on it are decided on the object. Of
// are the types that it may be of; it is asked once, when all are declared.
type Hangs struct {
	Type, Key string
	Of        func() []string
}

// settle works out where rows stand that stand where others do, those others first.
func (t *typ) settle(r *Reader) error {
	if t.settled {
		return nil
	}
	t.settled = true
	if t.Within != (Within{}) {
		if err := t.settleWithin(r); err != nil {
			return err
		}
	}
	if t.Through != "" {
		return t.settleThrough(r)
	}
	return nil
}

func (t *typ) settleWithin(r *Reader) error {
	for _, name := range r.scopes() {
		if err := r.byName[name].settle(r); err != nil {
			return err
		}
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
			if expr == "" || of == t {
				continue
			}
			fmt.Fprintf(&cases, " WHEN '%s' THEN (SELECT %s FROM %s AS within WHERE within.municipality_id = ?TableAlias.municipality_id AND within.%s = %s)",
				scopeKind(name), strings.ReplaceAll(expr, "?TableAlias", "within"), of.table.SQLName, of.key.SQLName, t.Within.ID)
		}
		if had := scopes[scopeKind(outer)]; cases.Len() > 0 {
			scopes[scopeKind(outer)] = "CASE " + t.Within.Kind + cases.String() + elseOf(had) + " END"
		}
	}
	t.Rows.Scopes = scopes
	return nil
}

// elseOf keeps what the declaration itself says of a scope, for rows that hang on none.
func elseOf(had string) string {
	if had == "" {
		return ""
	}
	return " ELSE " + had
}

// settleThrough takes over the scopes and relations of the row that the relation leads to.
func (t *typ) settleThrough(r *Reader) error {
	rel := t.relations[fold(t.Through)]
	if rel == nil || r.byModel[rel.target] == nil {
		return fmt.Errorf("read: %s stands through %s, which is no relation to a declared type", t.Name, t.Through)
	}
	of := r.byModel[rel.target]
	if err := of.settle(r); err != nil {
		return err
	}
	rows := access.Rows{Scopes: maps.Clone(t.Rows.Scopes), Relations: maps.Clone(t.Rows.Relations)}
	if rows.Scopes == nil {
		rows.Scopes = map[string]string{}
	}
	if rows.Relations == nil {
		rows.Relations = map[string]string{}
	}
	for kind, expr := range of.Rows.Scopes {
		if _, own := rows.Scopes[kind]; !own {
			rows.Scopes[kind] = t.through(of, rel, expr)
		}
	}
	for name, expr := range of.Rows.Relations {
		if _, own := rows.Relations[name]; !own {
			rows.Relations[name] = "(" + t.through(of, rel, expr) + ")"
		}
	}
	t.Rows = rows
	return nil
}

// through is an expression of another type's row, asked of the one row that the relation leads to.
func (t *typ) through(of *typ, rel *relation, expr string) string {
	alias := "through_" + strings.ToLower(of.Name)
	expr = strings.ReplaceAll(expr, "?TableAlias", alias)
	shown, lateral := expr, ""
	if access.IsSelect(expr) {
		shown, lateral = "each.scope", ", LATERAL ("+expr+") AS each (scope)"
	}
	return fmt.Sprintf("SELECT %s FROM %s AS %s%s WHERE %s.municipality_id = ?TableAlias.municipality_id AND %s.%s = ?TableAlias.%s",
		shown, of.table.SQLName, alias, lateral, alias, alias, rel.join.SQLName, rel.base.SQLName)
}
