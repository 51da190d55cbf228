package audit

import (
	"context"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

func declare(r *read.Reader) {
	read.Declare[AuditEntry](r, read.Type{
		Name:  "AuditEntry",
		Guard: mayRead,
		Filters: map[string]read.Filter{
			"object":     {SQL: `(?TableAlias.object_type, ?TableAlias.object_id)`, ID: read.AnyType},
			"objectType": {SQL: `?TableAlias.object_type`},
			"actor": {ID: read.AnyType, SQL: `(CASE ?TableAlias.actor_kind WHEN 'account' THEN 'Account'
				WHEN 'service' THEN 'ServiceToken' END, ?TableAlias.actor_id)`},
			"actorKind": {SQL: `upper(?TableAlias.actor_kind)`},
			"action":    {SQL: `?TableAlias.action`},
			"at":        {SQL: `?TableAlias.at`},
		},
		// Keys are UUIDv7, so the order in which entries were written is that of their keys.
		Orders: map[string][]read.Key{"RECORDED": {}},
		Order:  "RECORDED",
		Needs: map[string][]string{
			"actorKind":   {"Caller"},
			"actorId":     {"Caller", "CallerKey"},
			"actingForId": {"MandateKey"},
			"objectId":    {"ObjectType", "ObjectKey"},
			"object":      {"ObjectType", "ObjectKey"},
		},
	})
}

// AuditEntryResolver answers what no declaration does.
type AuditEntryResolver struct{ Module *Module }

func (r AuditEntryResolver) Object(ctx context.Context, obj *AuditEntry) (core.Node, error) {
	return r.Module.host.Reads.Object(ctx, obj.ObjectID())
}
