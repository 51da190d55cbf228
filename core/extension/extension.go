// Package extension is the seam through which fields that the core does not know join an answer.
//
// Every root and every object with an id has one hidden field, _extension(slot). Its resolver,
// written by cmd/generate, only notes a Place. gqlgen resolves a whole operation before it writes
// the first byte; when it comes to write a Place, all places of the operation are known, at
// whatever depth and in whatever list, and the operation's Filler fills them together.
//
// No schema that is served names the field. Whoever compiles operations puts a Filler into the
// operation's context; without one a Place is an error, since nobody may have asked for it.
package extension

import (
	"context"
	"errors"
	"io"

	"github.com/google/uuid"
)

// Place is where a value is wanted: the slot of the operation, on one object (none at the root).
type Place struct {
	Type string
	Key  uuid.UUID
	Slot int

	filler Filler
	json   []byte
}

// Filler answers all places of one operation.
type Filler interface {
	// Note is called while the operation is resolved, from many goroutines.
	Note(*Place)
	// Fill is called when the first place is written, and again for each that is not filled then.
	Fill(ctx context.Context) error
}

type fillerKey struct{}

// With puts the operation's filler into its context.
func With(ctx context.Context, f Filler) context.Context {
	return context.WithValue(ctx, fillerKey{}, f)
}

var errNobody = errors.New("extension: this operation has no slots")

// At notes a place; the generated resolvers call it.
func At(ctx context.Context, typ string, key uuid.UUID, slot int) (*Place, error) {
	f, ok := ctx.Value(fillerKey{}).(Filler)
	if !ok {
		return nil, errNobody
	}
	p := &Place{Type: typ, Key: key, Slot: slot, filler: f}
	f.Note(p)
	return p, nil
}

// Put gives the place its value, as JSON.
func (p *Place) Put(json []byte) { p.json = json }

// MarshalGQLContext writes the value, filling all places first.
func (p *Place) MarshalGQLContext(ctx context.Context, w io.Writer) error {
	if p.json == nil {
		if err := p.filler.Fill(ctx); err != nil {
			return err
		}
	}
	if p.json == nil {
		p.json = []byte("null")
	}
	_, err := w.Write(p.json)
	return err
}

// UnmarshalGQLContext refuses: a place is never an input.
func (*Place) UnmarshalGQLContext(context.Context, any) error { return errNobody }
