// Package assemblies holds the assemblies to which the town's bodies send delegates.
//
// It owns assemblies (Assembly), their charters in dated versions (Charter, with its rules of
// composition and majorities), the people named to seats in them and to stand in for those (Delegate),
// and nominations (Nomination). It needs councils (the bodies below), people and places (the
// districts), and adds its fields to their types.
//
// # Seats
//
// The composition of an assembly is a rule, not a list. What seats there are on a day, who sits in
// them and why nobody sits in the others is worked out by one SQL function (assembly_seats, in the
// migration) from the charter of that day and the state of districts and bodies. All that asks goes by
// it: the list of seats, the figures, the members of a session, the indicators.
//
// A delegate's time is written down: it begins with the naming and has its end from the start as far
// as one is known: by the term, by the charter, by the seat in the body below. When the seat below
// ends, the seat here ends in the same transaction (losing.go), whether that lies ahead or behind.
//
// # Order of a write
//
// The body below is locked first, then the assembly, then what hangs on it. Councils lock the body
// themselves before they tell of seats that end. So one assembly changes by one transaction at a time.
//
// Reads are declared (declare.go). Writes go through Service, which decides about the row again: the
// graph, the demonstration loader and plugins all come by it.
package assemblies

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Assembly is an assembly of delegates.
type Assembly struct {
	bun.BaseModel `bun:"table:assemblies,alias:assembly"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID                uuid.UUID    `bun:"id,pk,type:uuid"`
	ExternalKey       *string      `bun:"external_key"`
	Kind              AssemblyKind `bun:"kind"`
	Name              string       `bun:"name"`
	Purpose           string       `bun:"purpose"`
	FoundingAct       string       `bun:"founding_act"`
	FoundedOn         core.Date    `bun:"founded_on"`
	ActiveFrom        *core.Date   `bun:"active_from"`
	DissolvedOn       *core.Date   `bun:"dissolved_on"`
	DissolutionReason *string      `bun:"dissolution_reason"`
	Version           int          `bun:"version"`
}

// AssemblyKind is what sort of assembly it is.
type AssemblyKind string

const (
	CityAssembly       AssemblyKind = "CITY_ASSEMBLY"
	DelegateConference AssemblyKind = "DELEGATE_CONFERENCE"
)

// AssemblyStatus is how an assembly stands on a day; it follows from its dates.
type AssemblyStatus string

// AssemblyChange is something that happened to an assembly, or to its charter or a delegate.
type AssemblyChange struct {
	EventID  core.ID
	Kind     core.ChangeKind
	At       time.Time
	Assembly read.Ref[Assembly]
	Delegate read.Ref[Delegate]
}
