package extension_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core/extension"
)

// filler notes all places and fills them at the first call.
type filler struct {
	mu     sync.Mutex
	places []*extension.Place
	calls  int
	fail   error
	leave  bool
}

func (f *filler) Note(p *extension.Place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.places = append(f.places, p)
}

func (f *filler) Fill(context.Context) error {
	f.calls++
	for _, p := range f.places {
		if !f.leave {
			p.Put(fmt.Appendf(nil, `{"slot":%d}`, p.Slot))
		}
	}
	return f.fail
}

func TestNobodyAsked(t *testing.T) {
	if p, err := extension.At(t.Context(), "Council", uuid.New(), 1); err == nil {
		t.Errorf("got %v", p)
	}
	if err := new(extension.Place).UnmarshalGQLContext(t.Context(), map[string]any{}); err == nil {
		t.Error("a place was taken from outside")
	}
}

func TestPlacesAreFilledTogether(t *testing.T) {
	f := &filler{}
	ctx := extension.With(t.Context(), f)
	places := make([]*extension.Place, 100)
	keys := make([]uuid.UUID, len(places))
	var wait sync.WaitGroup
	for i := range places {
		keys[i] = uuid.New()
		wait.Go(func() {
			var err error
			if places[i], err = extension.At(ctx, "Council", keys[i], i); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	for i, p := range places {
		var out bytes.Buffer
		if err := p.MarshalGQLContext(ctx, &out); err != nil || out.String() != fmt.Sprintf(`{"slot":%d}`, i) {
			t.Errorf("place %d: got %s, %v", i, out.Bytes(), err)
		}
		if p.Type != "Council" || p.Key != keys[i] || p.Slot != i {
			t.Errorf("got %+v", p)
		}
	}
	if f.calls != 1 || len(f.places) != len(places) {
		t.Errorf("%d calls for %d of %d places", f.calls, len(f.places), len(places))
	}
}

func TestAFillerThatFails(t *testing.T) {
	f := &filler{fail: errors.New("the plugin is away"), leave: true}
	ctx := extension.With(t.Context(), f)
	p, err := extension.At(ctx, "Query", uuid.Nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := p.MarshalGQLContext(ctx, &out); !errors.Is(err, f.fail) || out.Len() != 0 {
		t.Errorf("got %s, %v", out.Bytes(), err)
	}
	f.fail = nil
	if err := p.MarshalGQLContext(ctx, &out); err != nil || out.String() != "null" {
		t.Errorf("left unfilled: got %s, %v", out.Bytes(), err)
	}
}
