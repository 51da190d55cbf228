package core

import (
	"context"

	"github.com/google/uuid"
)

// ActorKind says what sort of caller acts.
type ActorKind string

const (
	Anonymous ActorKind = "anonymous" // nobody signed in
	Account   ActorKind = "account"   // a person's account, by session
	Service   ActorKind = "service"   // a program, by service token
	System    ActorKind = "system"    // Veche itself: jobs, migrations, the demonstration data
	Plugin    ActorKind = "plugin"    // a plugin in the background: an event, a job
)

// Actor is who acts. It is made once a request by the sign-in, and never changes after.
type Actor struct {
	Kind      ActorKind
	Account   uuid.UUID // the account, a service's token, or what stands for a plugin (PluginKey); nil for anonymous and system
	Person    uuid.UUID // the person that the account belongs to; nil when it is linked to none
	Session   uuid.UUID // the session of this request; nil without one
	ActingFor uuid.UUID // the organisation under whose mandate the person acts; nil when for themself

	// Assignments are the roles given to the actor, each with its scope, alive now. The roles
	// anonymous (everybody) and resident (every account) are implied and not listed.
	Assignments []Assignment
	// Permissions bound a service token: it may do these and nothing else. A plugin may do these, and
	// what everybody may. Nil for others.
	Permissions []string
}

// Assignment is a role held in a scope.
type Assignment struct {
	Role  string
	Scope Scope
}

// Scope is a place in the tree of rights: the whole municipality (zero value), or one district,
// body, office or other thing below it. A right in a scope covers everything that stands in it.
type Scope struct {
	Kind string // "district", "council", ...: the object's type; empty for the municipality
	ID   uuid.UUID
}

// Everywhere is the whole municipality.
var Everywhere = Scope{}

func (s Scope) String() string {
	if s == Everywhere {
		return "*"
	}
	return s.Kind + ":" + s.ID.String()
}

// plugins is the namespace of PluginKey.
var plugins = uuid.MustParse("5b0a8d66-6a0c-4b0e-9d0e-6f1d6f0b7c11")

// PluginKey stands for the plugin of that name wherever a key is wanted: as an actor, and as an
// object of the audit.
func PluginKey(name string) uuid.UUID { return uuid.NewSHA1(plugins, []byte(name)) }

type actorKey struct{}

// WithActor puts the actor into the context.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is who acts in this context; anonymous when nobody was put there.
func ActorOf(ctx context.Context) Actor {
	if a, ok := ctx.Value(actorKey{}).(Actor); ok {
		return a
	}
	return Actor{Kind: Anonymous}
}
