package permissions

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/places"
)

// scopeKind joins a kind of scope, as rules know it, to the objects that are such scopes.
type scopeKind struct {
	kind, object string
	// require asks that the caller sees the object and holds the permission on it.
	require func(ctx context.Context, r *read.Reader, db bun.IDB, permission string, key uuid.UUID, path ...string) error
}

// scopeKinds are the scopes that roles and rules can be given in.
func scopeKinds() []scopeKind {
	return []scopeKind{
		{kind: "district", object: "District", require: read.Require[places.District]},
		{kind: "body", object: "Council", require: read.Require[councils.Council]},
	}
}

// scopeOf is how the graph shows a scope; the whole municipality is none.
func scopeOf(s core.Scope) *Scope {
	if s == core.Everywhere {
		return nil
	}
	shown := &Scope{Kind: s.Kind}
	for _, k := range scopeKinds() {
		if k.kind == s.Kind {
			shown.ID = &core.ID{Type: k.object, Key: s.ID}
		}
	}
	return shown
}

// scope reads a scope's id, and asks that the caller holds the permission there: in a council that
// is in it or in its district, or in the whole municipality.
func (s *Service) scope(ctx context.Context, tx *mutation.Tx, permission string, id *core.ID, path ...string) (core.Scope, error) {
	if id == nil {
		return core.Everywhere, s.guard.Check(ctx, permission, access.Resource{})
	}
	for _, k := range scopeKinds() {
		if k.object == id.Type {
			return core.Scope{Kind: k.kind, ID: id.Key}, k.require(ctx, s.reads, tx, permission, id.Key, path...)
		}
	}
	return core.Scope{}, core.Invalid(core.Textf(
		"Rights are given in a District, in a Council or, without scopeId, in the whole municipality; this is the id of a %s.",
		"Права даются в микрорайоне (District), в совете (Council) или, без scopeId, во всём муниципалитете; это идентификатор объекта %s.", id.Type), path...)
}
