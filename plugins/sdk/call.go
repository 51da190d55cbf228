package sdk

import (
	"context"
	"log/slog"
	"slices"
	"time"
	_ "time/tzdata" // a plugin knows the town's time zone on any machine

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/contract"
)

// ActorKind is what sort of caller acts.
type ActorKind int

// The kinds of callers.
const (
	Anonymous ActorKind = iota
	Account
	Service
	System // Veche itself
	Self   // the plugin in the background: a job, an event
)

// Actor is who acts.
type Actor struct {
	Kind    ActorKind
	Account *ID
	Person  *ID // nil: the account is linked to none
}

// CallInfo says for whom a function is run.
type CallInfo struct {
	Municipality   string // its key: kansk
	Actor          Actor
	Language       string // ru or en
	At             time.Time
	Zone           *time.Location // of the municipality
	RequestID      string
	IdempotencyKey string
}

// Today is the day in the town.
func (c *CallInfo) Today() Date { return DateOf(c.At, c.Zone) }

// call is what a context bears.
type call struct {
	context.Context
}

type state struct {
	info    *CallInfo
	plugin  *Plugin
	host    contract.HostClient
	token   string
	selects []string
}

type stateKey struct{}

func stateOf(ctx context.Context) *state {
	s, ok := ctx.Value(stateKey{}).(*state)
	if !ok {
		panic("sdk: the context is not of a call: pass on the one that the function was given")
	}
	return s
}

// Call says for whom the function is run.
func Call(ctx context.Context) *CallInfo { return stateOf(ctx).info }

// Log is the plugin's log, each line of which names the municipality and the request.
func Log(ctx context.Context) *slog.Logger {
	s := stateOf(ctx)
	return s.plugin.Log.With("municipality", s.info.Municipality, "request", s.info.RequestID)
}

// Selects says whether a property of the value is asked for, so that what is dear to make need not be
// made in vain. It is true for all where that is not known.
func Selects(ctx context.Context, property string) bool {
	s := stateOf(ctx)
	return s.selects == nil || slices.Contains(s.selects, property)
}

// Draining is closed when the process is about to be replaced: long work of its own stops then.
func Draining(ctx context.Context) <-chan struct{} { return stateOf(ctx).plugin.drain }

// NewIDOnce is a new id; where the client named an idempotency key, the same one for the same caller,
// key and type at each attempt, so that the second one meets the primary key of what the first made.
func NewIDOnce(ctx context.Context, typ string) ID {
	c := Call(ctx)
	if c.IdempotencyKey == "" || c.Actor.Account == nil {
		return NewID(typ)
	}
	return ID{Type: typ, Key: uuid.NewSHA1(c.Actor.Account.Key, []byte(typ+"\x00"+c.Municipality+"\x00"+c.IdempotencyKey))}
}

func (p *Plugin) enter(ctx context.Context, host contract.HostClient, c *contract.Call, selects []string) call {
	info := &CallInfo{
		Municipality: c.GetMunicipality(), Language: c.GetLanguage(), RequestID: c.GetRequestId(), IdempotencyKey: c.GetIdempotencyKey(),
		At: time.Now(), Zone: time.UTC, Actor: actor(c.GetActor()),
	}
	if c.GetAt() != nil {
		info.At = c.GetAt().AsTime()
	}
	if zone, err := time.LoadLocation(c.GetTimeZone()); err == nil {
		info.Zone = zone
	}
	return call{context.WithValue(ctx, stateKey{}, &state{info: info, plugin: p, host: host, token: c.GetToken(), selects: selects})}
}

func actor(a *contract.Actor) Actor {
	kinds := map[contract.Actor_Kind]ActorKind{
		contract.Actor_KIND_ACCOUNT: Account, contract.Actor_KIND_SERVICE: Service,
		contract.Actor_KIND_SYSTEM: System, contract.Actor_KIND_PLUGIN: Self,
	}
	return Actor{Kind: kinds[a.GetKind()], Account: optionalID(a.GetAccount()), Person: optionalID(a.GetPerson())}
}

func optionalID(s string) *ID {
	id, err := ParseID(s)
	if err != nil {
		return nil
	}
	return &id
}
