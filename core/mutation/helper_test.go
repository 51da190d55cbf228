package mutation_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// Thing is what the tests' mutations change.
type Thing struct {
	bun.BaseModel `bun:"table:things,alias:thing"`
	postgres.Owned
	ID      uuid.UUID `bun:"id,pk,type:uuid"`
	Name    string    `bun:"name"`
	Note    string    `bun:"note"`
	Version int       `bun:"version"`
}

type house struct {
	*mutation.Writer
	testing.TB
	db   *postgres.DB
	town *core.Municipality
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{TB: t, db: coretest.Database(t)}
	h.Writer = &mutation.Writer{DB: h.db, Clock: coretest.Noon(2012, 5, 15)}
	_, err := h.db.Pool.Exec(t.Context(), `CREATE TABLE things (municipality_id uuid NOT NULL, id uuid NOT NULL, name text NOT NULL,
		note text NOT NULL DEFAULT '', version int NOT NULL DEFAULT 1, PRIMARY KEY (municipality_id, id), CHECK (name <> 'broken'))`)
	h.must(err)
	h.town = coretest.Town(t, h.db, "kansk")
	return h
}

func (h *house) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

// as is the town's context for a fresh account.
func (h *house) as() context.Context {
	return core.WithActor(core.WithMunicipality(h.Context(), h.town), core.Actor{Kind: core.Account, Account: core.NewID()})
}

// input is a mutation's; clientMutationId is handed back.
type input struct {
	Name             string
	ClientMutationID *string
}

// create is a use case as a service writes it: it makes one thing and says so.
func (h *house) create(ctx context.Context, in input) (*core.Payload, error) {
	return h.Do(ctx, "createThing", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if in.Name == "" {
			return uuid.Nil, core.Invalid(core.T("A thing needs a name.", "Вещи нужно имя."), "input", "name")
		}
		thing := &Thing{ID: core.NewID(), Name: in.Name, Version: 1}
		if _, err := tx.NewInsert().Model(thing).Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Thing", ID: thing.ID, After: map[string]string{"name": in.Name},
			Reason: "because", Touched: []core.ID{{Type: "Shelf", Key: thing.ID}}})
		if in.Name == "cursed" {
			return uuid.Nil, errCursed
		}
		return thing.ID, nil
	})
}

var errCursed = errors.New("a curse")

// left fails unless the tables hold that many rows.
func (h *house) left(want map[string]int) {
	h.Helper()
	for table, n := range want {
		var got int
		h.must(h.db.NewRaw(`SELECT count(*) FROM ?`, bun.Ident(table)).Scan(h.Context(), &got))
		if got != n {
			h.Errorf("%s: %d rows, want %d", table, got, n)
		}
	}
}

var nothing = map[string]int{"things": 0, "audit": 0, "outbox": 0, "idempotency_keys": 0}
