// Package host is what every module is given: the house's services, made once by cmd/veche and
// handed to the modules' constructors. A module takes from it what it needs and keeps no other
// way to the outside.
package host

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Handling is a module that serves more than the graph: HTTP handlers by the patterns of
// http.ServeMux, GET /calendar/{name}. They stand behind the language, the municipality, the request's
// id and the sign-in, and decide about rights themselves.
type Handling interface {
	Handlers() map[string]http.Handler
}

// Host is handed to every module.
type Host struct {
	DB     *postgres.DB
	Guard  *access.Guard    // who may do what
	Reads  *read.Reader     // what can be asked; modules declare their types here
	Writer *mutation.Writer // the one way to change something
	// Identity knows accounts and sessions.
	Identity *identity.Service
	Events   *events.Broker // changes as they are committed, for subscriptions
	// Consumers hear of every change, whoever is away meanwhile; added to while modules are made.
	Consumers *events.Consumers
	Jobs      *jobs.Jobs // work after commit; workers are registered while modules are made
	// Fresh is the context with the caller's rights as they are now, for what lasts longer than a
	// request; an error when the session has ended.
	Fresh func(ctx context.Context) (context.Context, error)
	Clock core.Clock
	Log   *slog.Logger
}
