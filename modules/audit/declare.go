package audit

import "github.com/veche-city/veche/core/read"

// actorType is the type of the object that acted; null for callers that are no object.
const actorType = `CASE ?TableAlias.actor_kind WHEN 'account' THEN 'Account' WHEN 'service' THEN 'ServiceToken' END`

func declare(r *read.Reader) {
	read.Declare[AuditEntry](r, read.Type{
		Name:  "AuditEntry",
		Guard: mayRead,
		Filters: map[string]read.Filter{
			"object":     {SQL: `(?TableAlias.object_type, ?TableAlias.object_id)`, ID: read.AnyType},
			"objectType": {SQL: `?TableAlias.object_type`},
			"actor":      {SQL: `(` + actorType + `, ?TableAlias.actor_id)`, ID: read.AnyType},
			"actorKind":  {SQL: `upper(?TableAlias.actor_kind)`},
			"action":     {SQL: `?TableAlias.action`},
			"at":         {SQL: `?TableAlias.at`},
		},
		// Keys are UUIDv7, so the order in which entries were written is that of their keys.
		Orders: map[string][]read.Key{"RECORDED": {}},
		Order:  "RECORDED",
		Computed: map[string]read.Computed{
			"actorKind":   {SQL: `upper(?TableAlias.actor_kind)`},
			"actorId":     {ID: read.AnyType, SQL: actorType + ` || ':' || ?TableAlias.actor_id::text`},
			"actingForId": {ID: "Organisation", SQL: `?TableAlias.acting_for`},
			"objectId":    {ID: read.AnyType, SQL: `?TableAlias.object_type || ':' || ?TableAlias.object_id::text`},
		},
		References: map[string]read.Reference{"object": {Type: `?TableAlias.object_type`, Key: `?TableAlias.object_id`}},
	})
}
