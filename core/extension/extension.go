// Package extension is the seam through which sources answer parts of an operation.
//
// A source (core/read's SQL; plugins, plugins/fields) compiles a part of an operation: a Part is given
// all places that want it at once, and answers a value or an error for each. What stands within a
// value and is another part's is asked for in the next round, all of it together; parts of one source
// that say so (Joint) are asked in one call.
//
// Parts below what gqlgen resolves join by one hidden field, _extension(slot). Its resolver,
// written by cmd/generate, only notes a Place. gqlgen resolves a whole operation before it writes
// the first byte; when it comes to write a Place, all places of the operation are known, at
// whatever depth and in whatever list, and are filled together. (gqlgen does so, but does not
// promise it: if it changed, rounds would become smaller and answers stay right.)
//
// No schema that is served names the field. Whoever compiles operations puts its Slots into the
// operation's context; without them a Place is an error, since nobody may have asked for it.
package extension

import (
	"context"
	"errors"
	"io"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Slot is what fills the places of one number.
type Slot struct {
	Part Part
	// Parent is what the part is given of the object at which the place is; nil: there is nothing.
	Parent func(object any) any
}

// Slots are those of one operation while it runs.
type Slots struct {
	slots   []Slot
	mu      sync.Mutex
	waiting []*Wanted
}

// NewSlots are numbered in their order.
func NewSlots(slots []Slot) *Slots { return &Slots{slots: slots} }

type slotsKey struct{}

// With puts the operation's slots into its context.
func With(ctx context.Context, s *Slots) context.Context {
	return context.WithValue(ctx, slotsKey{}, s)
}

// Place is a value that gqlgen writes without knowing it.
type Place struct {
	slots  *Slots
	wanted *Wanted // nil: there is nothing to ask for
}

var errNobody = errors.New("extension: this operation has no slots")

// At notes a place on the object; the generated resolvers call it.
func At(ctx context.Context, object any, slot int) (*Place, error) {
	s, ok := ctx.Value(slotsKey{}).(*Slots)
	if !ok || slot < 0 || slot >= len(s.slots) {
		return nil, errNobody
	}
	p := &Place{slots: s}
	parent := s.slots[slot].Parent(object)
	if parent == nil {
		return p, nil
	}
	p.wanted = &Wanted{Part: s.slots[slot].Part, Parent: parent, Path: graphql.GetPath(ctx), Context: ctx}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, p.wanted)
	return p, nil
}

// Fill asks for all that was noted since the last time, and for others at the same time.
func (s *Slots) Fill(others ...*Wanted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	noted := s.waiting
	s.waiting = nil
	Fill(append(others, noted...))
}

// Report adds the errors to the answer, each at its place.
func Report(ctx context.Context, errs []*Error) {
	for _, e := range errs {
		shown := &gqlerror.Error{Err: e.Err, Message: e.Err.Error(), Path: e.Path}
		if e.Field != nil {
			shown.Locations = []gqlerror.Location{{Line: e.Field.Line, Column: e.Field.Column}}
		}
		graphql.AddError(ctx, shown)
	}
}

// MarshalGQLContext writes the value, filling all places first, and tells what is wrong with it: where
// something else made null of what a place stands in, nobody hears of the place.
func (p *Place) MarshalGQLContext(_ context.Context, w io.Writer) error {
	if p.wanted == nil {
		_, err := io.WriteString(w, "null")
		return err
	}
	p.slots.Fill()
	Report(p.wanted.Context, p.wanted.All())
	_, err := w.Write(p.wanted.Append(nil))
	return err
}

// UnmarshalGQLContext refuses: a place is never an input.
func (*Place) UnmarshalGQLContext(context.Context, any) error { return errNobody }
