package mutation_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/mutation"
)

func TestABadKeyIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, key := range []string{strings.Repeat("k", mutation.MaxKey+1), "a\x00b", "a\nb", "\xff", "ключ"} {
		got, err := h.create(mutation.WithKey(h.as(), key), input{Name: "a"})
		h.must(err)
		if len(got.UserErrors) != 1 || got.UserErrors[0].Code != core.CodeBadUserInput || !strings.Contains(got.UserErrors[0].Message, "Idempotency-Key") {
			t.Errorf("%.20q: got %+v", key, got)
		}
	}
	h.left(nothing)
	got, err := h.create(mutation.WithKey(h.as(), strings.Repeat("k", mutation.MaxKey)), input{Name: "a"})
	if h.must(err); len(got.UserErrors) != 0 {
		t.Errorf("got %+v", got.UserErrors)
	}
}

func TestAKeyIsUsedOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, id := mutation.WithKey(h.as(), "key"), "7"
	first, err := h.create(ctx, input{"a", &id})
	h.must(err)
	again, err := h.create(ctx, input{"a", &id})
	h.must(err)
	if again.Key != first.Key || len(again.UserErrors) != 0 || *again.ClientMutationID != id {
		t.Errorf("got %+v, want %+v", again, first)
	}
	other, err := h.create(ctx, input{"b", &id})
	h.must(err)
	if len(other.UserErrors) != 1 || other.UserErrors[0].Code != core.CodeConflict || other.Key != uuid.Nil {
		t.Errorf("another input: got %+v", other)
	}
	h.left(map[string]int{"things": 1, "audit": 1, "outbox": 1, "idempotency_keys": 1})
	// Another action with the same input is another request too.
	err = h.Run(ctx, "deleteThing", input{"a", &id}, &struct{}{}, func(context.Context, *mutation.Tx) error { t.Error("it ran"); return nil })
	if core.CodeOf(err) != core.CodeConflict {
		t.Errorf("another action: got %v", err)
	}
}

func TestFailuresLeaveNoKey(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := mutation.WithKey(h.as(), "key")
	got, err := h.create(ctx, input{})
	h.must(err)
	if len(got.UserErrors) != 1 || !slices.Equal(got.UserErrors[0].Path, []string{"input", "name"}) {
		t.Errorf("got %+v", got)
	}
	for _, name := range []string{"cursed", "broken"} {
		if got, err := h.create(ctx, input{Name: name}); err == nil || core.CodeOf(err) != core.CodeInternal {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	err = h.Run(ended, "createThing", input{}, &struct{}{}, func(_ context.Context, tx *mutation.Tx) error {
		tx.Changed(core.Change{Kind: core.Created, Type: "Thing", ID: core.NewID()})
		cancel()
		return nil
	})
	if err == nil {
		t.Error("a request that had ended was carried out")
	}
	h.left(nothing)
	if got, err := h.create(ctx, input{Name: "a"}); err != nil || len(got.UserErrors) != 0 {
		t.Errorf("after the failures: got %+v, %v", got, err)
	}
}

func TestManyAtOnceWithOneKeyAreDoneOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := mutation.WithKey(h.as(), "key")
	keys := make([]uuid.UUID, 50)
	var wait sync.WaitGroup
	for i := range keys {
		wait.Go(func() {
			got, err := h.create(ctx, input{Name: "a"})
			if err != nil || len(got.UserErrors) > 0 {
				t.Errorf("got %+v, %v", got, err)
				return
			}
			keys[i] = got.Key
		})
	}
	wait.Wait()
	if all := slices.Compact(keys); len(all) != 1 || all[0] == uuid.Nil {
		t.Errorf("got %v", all)
	}
	h.left(map[string]int{"things": 1, "audit": 1, "outbox": 1, "idempotency_keys": 1})
}

// A key is its actor's, its town's, and its place's in the request.
func TestKeysAreKeptApart(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	other := coretest.Town(t, h.db, "other")
	account := core.Actor{Kind: core.Account, Account: core.NewID()}
	town := core.WithMunicipality(t.Context(), h.town)
	places := []context.Context{
		core.WithActor(town, account), h.as(), core.WithActor(core.WithMunicipality(t.Context(), other), account),
		core.WithActor(town, core.Actor{Kind: core.Anonymous}), core.WithActor(town, core.Actor{Kind: core.System}),
	}
	long := strings.Repeat("a", 5000) // a client's alias, longer than an index can hold
	for _, alias := range []string{"a", "b", long} {
		ctx := graphql.WithOperationContext(core.WithActor(town, account), &graphql.OperationContext{})
		places = append(places, graphql.WithPathContext(ctx, graphql.NewPathWithField(alias)))
	}
	seen := map[uuid.UUID]bool{}
	for round := range 2 {
		for i, ctx := range places {
			got, err := h.create(mutation.WithKey(ctx, "key"), input{Name: "a"})
			h.must(err)
			if len(got.UserErrors) > 0 || seen[got.Key] != (round == 1) {
				t.Errorf("round %d, place %d: got %+v", round, i, got)
			}
			seen[got.Key] = true
		}
	}
	h.left(map[string]int{"things": len(places), "idempotency_keys": len(places)})
	if _, err := h.create(core.WithActor(town, account), input{Name: "a"}); err != nil {
		t.Error(err)
	}
	h.left(map[string]int{"things": len(places) + 1, "idempotency_keys": len(places)})
}

func TestAnAnswerOfAnotherForm(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := mutation.WithKey(h.as(), "key")
	type answer struct{ Count int }
	var ran int
	for range 2 {
		var got answer
		h.must(h.Run(ctx, "count", input{}, &got, func(_ context.Context, tx *mutation.Tx) error {
			ran++
			got.Count = 7
			tx.Changed(core.Change{Kind: core.Updated, Type: "Thing", ID: core.NewID()})
			return nil
		}))
		if got.Count != 7 || ran != 1 {
			t.Errorf("got %+v after %d runs", got, ran)
		}
	}
}

// A field set to null asks for another change than one left out, though Go reads both as nothing.
func TestNullIsNotNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	account := h.as()
	for _, c := range []struct {
		sent   map[string]any
		refuse int
	}{{map[string]any{"name": nil}, 0}, {map[string]any{"name": nil}, 0}, {map[string]any{}, 1}} {
		field := &ast.Field{Alias: "rename", Definition: &ast.FieldDefinition{Arguments: ast.ArgumentDefinitionList{{Name: "input"}}},
			Arguments: ast.ArgumentList{{Name: "input", Value: &ast.Value{Kind: ast.Variable, Raw: "input"}}}}
		ctx := graphql.WithOperationContext(account, &graphql.OperationContext{Variables: map[string]any{"input": c.sent}})
		ctx = graphql.WithFieldContext(ctx, &graphql.FieldContext{Field: graphql.CollectedField{Field: field}})
		got, err := h.create(mutation.WithKey(ctx, "key"), input{Name: "a"})
		if h.must(err); len(got.UserErrors) != c.refuse {
			t.Errorf("%v: got %+v", c.sent, got)
		}
	}
}
