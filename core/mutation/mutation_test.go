package mutation_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/mutation"
)

func TestAWriteThatSaysNothingIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	_, err := h.Do(mutation.WithKey(h.as(), "key"), "sneak", input{}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		_, err := tx.NewInsert().Model(&Thing{ID: core.NewID(), Name: "a", Version: 1}).Exec(ctx)
		return core.NewID(), err
	})
	if err == nil || !strings.Contains(err.Error(), "sneak: nothing was recorded") {
		t.Errorf("got %v", err)
	}
	h.left(nothing)
}

func TestNowhereNothingIsWritten(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	if got, err := h.create(t.Context(), input{Name: "a"}); err == nil {
		t.Errorf("got %+v", got)
	}
	if got, err := h.create(mutation.WithKey(t.Context(), "key"), input{Name: "a"}); err == nil {
		t.Errorf("got %+v", got)
	}
	h.left(nothing)
}

func TestAPanicLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	func() {
		defer func() { _ = recover() }()
		_, _ = h.Do(mutation.WithKey(h.as(), "key"), "fall", input{}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
			_, err := tx.NewInsert().Model(&Thing{ID: core.NewID(), Name: "a", Version: 1}).Exec(ctx)
			h.must(err)
			panic("on the way")
		})
	}()
	h.left(nothing)
}

func TestAuditAndOutbox(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	organisation, account := core.NewID(), core.NewID()
	ctx := core.WithActor(core.WithRequestID(core.WithMunicipality(t.Context(), h.town), "request-7"),
		core.Actor{Kind: core.Account, Account: account, ActingFor: organisation})
	got, err := h.create(ctx, input{Name: "кружка"})
	h.must(err)
	var row struct {
		Municipality, ActorID, ActingFor, ObjectID uuid.UUID
		ActorKind, Action, ObjectType, RequestID   string
		Before, After, Reason                      *string
		At                                         time.Time
	}
	h.must(h.db.QueryRow(`SELECT municipality_id, actor_id, acting_for, object_id, actor_kind, action, object_type, request_id, before, after, reason, at FROM audit`).
		Scan(&row.Municipality, &row.ActorID, &row.ActingFor, &row.ObjectID, &row.ActorKind, &row.Action, &row.ObjectType, &row.RequestID, &row.Before, &row.After, &row.Reason, &row.At))
	if row.Municipality != h.town.ID || row.ActorID != account || row.ActingFor != organisation || row.ObjectID != got.Key || row.ActorKind != "account" ||
		row.Action != "createThing" || row.ObjectType != "Thing" || row.RequestID != "request-7" || row.Before != nil || *row.After != `{"name": "кружка"}` || *row.Reason != "because" || !row.At.Equal(h.Clock()) {
		t.Errorf("audit: got %+v", row)
	}
	var kind, object, touched string
	var municipality, id uuid.UUID
	var at time.Time
	h.must(h.db.QueryRow(`SELECT municipality_id, kind, object_type, object_id, touched, at FROM outbox`).Scan(&municipality, &kind, &object, &id, &touched, &at))
	var list []map[string]string
	h.must(json.Unmarshal([]byte(touched), &list))
	if municipality != h.town.ID || kind != "CREATED" || object != "Thing" || id != got.Key || !at.Equal(h.Clock()) || len(list) != 1 || list[0]["type"] != "Shelf" || list[0]["id"] != id.String() {
		t.Errorf("outbox: got %s %s %s %s", kind, object, id, touched)
	}
	system := core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.System})
	_, err = h.Do(system, "quietly", input{}, func(_ context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		for range 3 {
			tx.Changed(core.Change{Kind: core.Updated, Type: "Thing", ID: got.Key})
		}
		return got.Key, nil
	})
	h.must(err)
	var n int
	h.must(h.db.QueryRow(`SELECT count(*) FROM audit WHERE actor_kind = 'system' AND actor_id IS NULL AND acting_for IS NULL AND reason IS NULL AND after IS NULL AND request_id = ''`).Scan(&n))
	if n != 3 {
		t.Errorf("%d rows of the system's", n)
	}
	h.left(map[string]int{"audit": 4, "outbox": 4})
}

func TestSave(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := h.as()
	got, err := h.create(ctx, input{Name: "a"})
	h.must(err)
	save := func(ctx context.Context, expected int, name string, columns ...string) *core.Payload {
		payload, err := h.Do(ctx, "rename", input{}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
			tx.Changed(core.Change{Kind: core.Updated, Type: "Thing", ID: got.Key})
			thing := &Thing{ID: got.Key, Name: name, Note: "never written"}
			thing.MunicipalityID = h.town.ID
			return got.Key, mutation.Save(ctx, tx, thing, expected, columns...)
		})
		h.must(err)
		return payload
	}
	conflict := func(p *core.Payload) bool {
		return len(p.UserErrors) == 1 && p.UserErrors[0].Code == core.CodeConflict && slices.Equal(p.UserErrors[0].Path, []string{"input", "expectedVersion"})
	}
	other := core.WithMunicipality(ctx, coretest.Town(t, h.db, "other"))
	for name, p := range map[string]*core.Payload{"too old": save(ctx, 0, "b", "name"), "too new": save(ctx, 2, "b", "name"), "another town's": save(other, 1, "b", "name")} {
		if !conflict(p) {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	if p := save(ctx, 1, "b", "name"); len(p.UserErrors) != 0 {
		t.Errorf("got %+v", p)
	}
	if p := save(ctx, 2, "c"); len(p.UserErrors) != 0 {
		t.Errorf("got %+v", p)
	}
	if p := save(ctx, 1, "d", "name"); !conflict(p) {
		t.Errorf("got %+v", p)
	}
	thing := &Thing{ID: got.Key}
	h.must(h.db.NewSelect().Model(thing).Where("thing.id = ?", got.Key).Scan(ctx))
	if thing.Name != "b" || thing.Note != "" || thing.Version != 3 {
		t.Errorf("got %+v", thing)
	}
	var wait sync.WaitGroup
	results := make([]bool, 20)
	for i := range results {
		wait.Go(func() { results[i] = conflict(save(ctx, 3, "e", "name")) })
	}
	wait.Wait()
	if won := len(results) - len(slices.DeleteFunc(results, func(lost bool) bool { return !lost })); won != 1 {
		t.Errorf("%d won with one version", won)
	}
}

// Two mutations that lock two rows crosswise: Postgres undoes one, which is told to try again.
func TestADeadlockIsAConflict(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := h.as()
	var keys [2]uuid.UUID
	for i := range keys {
		got, err := h.create(ctx, input{Name: "a"})
		h.must(err)
		keys[i] = got.Key
	}
	var both, done sync.WaitGroup
	both.Add(2)
	var payloads [2]*core.Payload
	for i := range payloads {
		done.Go(func() {
			var err error
			payloads[i], err = h.Do(ctx, "cross", input{}, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
				tx.Changed(core.Change{Kind: core.Updated, Type: "Thing", ID: keys[i]})
				for step, key := range []uuid.UUID{keys[i], keys[1-i]} {
					if step == 1 {
						both.Done()
						both.Wait()
					}
					if _, err := tx.NewRaw(`UPDATE things SET note = 'crossed' WHERE id = ?`, key).Exec(ctx); err != nil {
						return uuid.Nil, err
					}
				}
				return keys[i], nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
	if lost := len(payloads[0].UserErrors) + len(payloads[1].UserErrors); lost != 1 {
		t.Fatalf("got %+v and %+v", payloads[0], payloads[1])
	}
	for _, p := range payloads {
		if len(p.UserErrors) == 1 && p.UserErrors[0].Code != core.CodeConflict {
			t.Errorf("got %+v", p.UserErrors)
		}
	}
}

func TestASerializationFailureIsAConflict(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	got, err := h.create(h.as(), input{Name: "a"})
	h.must(err)
	err = h.Run(h.as(), "serial", input{}, &struct{}{}, func(ctx context.Context, tx *mutation.Tx) error {
		if _, err := tx.Exec(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`); err != nil {
			return err
		}
		var name string
		if err := tx.NewRaw(`SELECT name FROM things`).Scan(ctx, &name); err != nil {
			return err
		}
		_, err := h.db.NewRaw(`UPDATE things SET name = 'b' WHERE id = ?`, got.Key).Exec(ctx)
		h.must(err)
		_, err = tx.NewRaw(`UPDATE things SET name = 'c' WHERE id = ?`, got.Key).Exec(ctx)
		return err
	})
	if core.CodeOf(err) != core.CodeConflict {
		t.Errorf("got %v", err)
	}
}

func TestUserErrors(t *testing.T) {
	t.Parallel()
	ctx := core.WithLanguage(t.Context(), core.Russian)
	for _, err := range []error{nil, errors.New("ours"), core.ErrNotFound, core.ErrForbidden, core.ErrUnauthenticated} {
		if list, ok := mutation.UserErrors(ctx, err); ok || list != nil {
			t.Errorf("%v: got %v", err, list)
		}
	}
	var problems core.Problems
	problems.Check(false, core.T("one", "один"), "input", "a")
	problems.Check(false, core.T("two", "два"))
	list, ok := mutation.UserErrors(ctx, errors.Join(errors.New("around"), problems.Err()))
	if !ok || len(list) != 2 || list[0].Message != "один" || list[1].Message != "два" || list[1].Path == nil {
		t.Errorf("got %+v", list)
	}
}
