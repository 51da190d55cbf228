package permissions

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// scopeOf is how the graph shows a scope; the whole municipality is none.
func scopeOf(s core.Scope) *Scope {
	if s == core.Everywhere {
		return nil
	}
	return &Scope{Kind: s.Kind, ID: read.ScopeObject(s)}
}

// scope reads a scope's id, and asks that the caller holds the permission there: in a council that
// is in it or in its district, or in the whole municipality.
func (s *Service) scope(ctx context.Context, tx *mutation.Tx, permission string, id *core.ID, path ...string) (core.Scope, error) {
	if id == nil {
		return core.Everywhere, s.guard.Check(ctx, permission, access.Resource{})
	}
	return s.reads.Scope(ctx, tx, permission, *id, path...)
}
