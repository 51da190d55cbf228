package extension_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core/extension"
)

// echo answers each place with its parent, and notes how many it was asked for at once. A number
// holds the next smaller one within it, which another part is asked for.
type echo struct {
	calls []int
	inner extension.Part
}

func (e *echo) Fill(wanted []*extension.Wanted) {
	e.calls = append(e.calls, len(wanted))
	for _, w := range wanted {
		n := w.Parent.(int)
		w.JSON = fmt.Appendf(nil, `{"n":%d,"of":`, n)
		if n > 0 && e.inner != nil {
			w.Inner = []extension.Inner{{At: len(w.JSON), Wanted: &extension.Wanted{Part: e.inner, Parent: n - 1, Context: w.Context}}}
		} else {
			w.JSON = append(w.JSON, "null"...)
		}
		w.JSON = append(w.JSON, '}')
	}
}

func itself(object any) any { return object }

func TestNobodyAsked(t *testing.T) {
	some := extension.With(t.Context(), extension.NewSlots([]extension.Slot{{Part: &echo{}, Parent: itself}}))
	for _, c := range []struct {
		ctx  context.Context
		slot int
	}{{t.Context(), 0}, {some, 1}, {some, -1}} {
		if p, err := extension.At(c.ctx, 1, c.slot); err == nil {
			t.Errorf("slot %d: got %v", c.slot, p)
		}
	}
	if err := new(extension.Place).UnmarshalGQLContext(t.Context(), map[string]any{}); err == nil {
		t.Error("a place was taken from outside")
	}
}

// All places of a slot are one call, whoever notes them and whichever is written first; one with
// nothing to ask for is null, and nobody is asked.
func TestPlacesAreFilledTogether(t *testing.T) {
	part := &echo{}
	slots := extension.NewSlots([]extension.Slot{{Part: part, Parent: itself}, {Part: part, Parent: func(any) any { return nil }}})
	ctx := extension.With(graphql.WithResponseContext(t.Context(), graphql.DefaultErrorPresenter, graphql.DefaultRecover), slots)
	places := make([]*extension.Place, 100)
	var wait sync.WaitGroup
	for i := range places {
		wait.Go(func() {
			var err error
			if places[i], err = extension.At(ctx, i, i%10/9); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i, p := range places {
		want := fmt.Sprintf(`{"n":%d,"of":null}`, i)
		if i%10 == 9 {
			want = "null"
		}
		if got := written(t, p); got != want {
			t.Errorf("place %d: got %s, want %s", i, got, want)
		}
	}
	if len(part.calls) != 1 || part.calls[0] != 90 {
		t.Errorf("asked for %v", part.calls)
	}
}

// What stands within values is asked for in the next round, all of it together.
func TestRounds(t *testing.T) {
	deep := &echo{}
	top := &echo{inner: deep}
	deep.inner = top
	wanted := []*extension.Wanted{{Part: top, Parent: 3, Context: t.Context()}, {Part: top, Parent: 2, Context: t.Context()}}
	extension.Fill(wanted)
	if got, want := string(wanted[0].Append(nil)), `{"n":3,"of":{"n":2,"of":{"n":1,"of":{"n":0,"of":null}}}}`; got != want {
		t.Errorf("got %s", got)
	}
	if fmt.Sprint(top.calls, deep.calls) != "[2 2] [2 1]" {
		t.Errorf("asked for %v and %v", top.calls, deep.calls)
	}
}

// A part that breaks breaks its own places only.
func TestAPanicIsAnErrorAtEachPlace(t *testing.T) {
	ctx := graphql.WithOperationContext(t.Context(), &graphql.OperationContext{RecoverFunc: func(context.Context, any) error { return errors.New("broken") }})
	whole := &echo{}
	wanted := []*extension.Wanted{{Part: &echo{}, Parent: "no number", Context: ctx, Before: []byte(`{"a":`)}, {Part: whole, Parent: 1, Context: ctx}}
	extension.Fill(wanted)
	if got := string(wanted[0].Append(nil)); got != `{"a":null` || !wanted[0].Null || len(wanted[0].All()) != 1 || wanted[0].All()[0].Err.Error() != "broken" {
		t.Errorf("got %s, %v", got, wanted[0].All())
	}
	if got := string(wanted[1].Append(nil)); got != `{"n":1,"of":null}` {
		t.Errorf("the other part's place: %s", got)
	}
}

func written(t *testing.T, p *extension.Place) string {
	t.Helper()
	var out bytes.Buffer
	if err := p.MarshalGQLContext(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}
