package people

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// The types that can be merged, by their GraphQL names.
const (
	typePerson       = "Person"
	typeOrganisation = "Organisation"
)

// Reference is a column of any module's table that names a person or an organisation. A merge moves
// it from the duplicate to the survivor. The table's key is municipality_id and id.
type Reference struct {
	To            string // Person or Organisation
	Table, Column string
	// Conflict is what a merge says when the move breaks a constraint of the table, e.g. because
	// both persons sit in one council at the same time; it names the way out. It may be left empty
	// where no constraint stands in the way.
	Conflict core.Text
}

// Holder is a part of the house that keeps something of persons. Each function may be nil. persons
// are one human being: the person and all duplicates that were merged into them.
type Holder struct {
	Name string // the key of its part in an export
	// Holds says why the persons cannot be erased now: a seat that is held, say. today is the
	// town's.
	Holds func(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error)
	// Erase removes what tells who the persons were, and leaves what statistics need.
	Erase func(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error
	// Export answers all that is kept of the persons, as it shall stand in JSON.
	Export func(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error)
}

// RegisterReference makes merges move a column. It is called while modules are made.
func (m *Module) RegisterReference(r Reference) {
	m.Service.references = append(m.Service.references, r)
}

// Elsewhere are rows of a plugin's table that a merge moved, by the keys under which they are found again.
type Elsewhere struct {
	Plugin, Table, Column string
	Keys                  json.RawMessage
}

// Keeper keeps persons in tables that come and go at run time: plugins'. It works in the context's
// municipality and in the transaction, after the modules' own holders; what stands against it is a
// CONFLICT in words.
type Keeper struct {
	Move     func(ctx context.Context, tx *mutation.Tx, from, to uuid.UUID) ([]Elsewhere, error)
	MoveBack func(ctx context.Context, tx *mutation.Tx, back Elsewhere, from, to uuid.UUID) error
	Erase    func(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error
	// Export answers parts of the export by their keys.
	Export func(ctx context.Context, persons []uuid.UUID) (map[string]any, error)
}

// Join has a keeper asked beside the holders. It is called before the house serves.
func (m *Module) Join(k Keeper) { m.Service.keeper = &k }

// References are the columns that merges move, of every module.
func (m *Module) References() []Reference { return slices.Clone(m.Service.references) }

// RegisterHolder makes erasure and export ask a holder. It is called while modules are made.
func (m *Module) RegisterHolder(h Holder) { m.Service.holders = append(m.Service.holders, h) }

// registerOwn names this module's own references and holders.
func (m *Module) registerOwn() {
	both := func(en, ru string) core.Text {
		return core.Textf("Both %[1]s at the same time. End or correct one of them first.", "Оба %[2]s в одно и то же время. Сначала завершите или исправьте одну из записей.", en, ru)
	}
	for _, r := range []Reference{
		{To: typePerson, Table: "accounts", Column: "person_id"},
		{To: typePerson, Table: "posts", Column: "person_id", Conflict: both("hold the same post", "занимают одну должность")},
		{To: typePerson, Table: "mandates", Column: "person_id"},
		{To: typePerson, Table: "honours", Column: "person_id"},
		{To: typePerson, Table: "consents", Column: "person_id"},
		{To: typePerson, Table: "household_members", Column: "person_id", Conflict: both("belong to a household", "входят в домохозяйство")},
		{To: typePerson, Table: "personal_data_accesses", Column: "person_id"},
		{To: typePerson, Table: "personal_data_accesses", Column: "reader_person_id"},
		{To: typeOrganisation, Table: "posts", Column: "organisation_id", Conflict: both("have the same post, held", "имеют одну должность, занятую")},
		{To: typeOrganisation, Table: "mandates", Column: "organisation_id"},
		{To: typeOrganisation, Table: "organisations", Column: "parent_id", Conflict: errCircle.Text},
	} {
		m.RegisterReference(r)
	}
	for _, h := range ownHolders() {
		m.RegisterHolder(h)
	}
}
