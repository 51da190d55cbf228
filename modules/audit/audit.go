// Package audit shows the trail that every change leaves: who did what to which object, in whose
// name and why.
//
// It owns nothing and writes nothing. The rows come from core/mutation, in the transaction of the
// change itself, and stand for the whole municipality: a right held in one district shows none of
// them. An entry names its object by id; the object itself is shown only to those who may see it.
package audit

import (
	_ "embed"
	"io"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

const mayRead = "audit:read"

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct{}

// New declares the module's type.
func New(h *host.Host) *Module {
	declare(h.Reads)
	return &Module{}
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "audit",
		Title: core.T("Audit", "Журнал действий"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See who did what", "Видеть, кто что сделал")},
		},
		Policy: policy,
	}
}

// AuditEntry is one change of one object.
type AuditEntry struct {
	bun.BaseModel `bun:"table:audit,alias:entry"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID `bun:"id,pk,type:uuid"`
	At         time.Time `bun:"at"`
	Action     string    `bun:"action"`
	ObjectType string    `bun:"object_type"`
	Before     *JSON     `bun:"before"`
	After      *JSON     `bun:"after"`
	Reason     *string   `bun:"reason"`
	RequestID  string    `bun:"request_id"`
}

// ActorKind is a core.ActorKind as the graph writes it.
type ActorKind string

// JSON is a JSON value as text, written out as it is.
type JSON string

func (j JSON) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, string(j)) }

// UnmarshalGQL refuses: no input takes JSON.
func (*JSON) UnmarshalGQL(any) error {
	return core.Invalid(core.T("JSON is only shown, not taken.", "JSON только показывается, но не принимается."))
}
