package fields

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
	"github.com/veche-city/veche/plugins/contract"
)

// asking is one part in a round: the call, and who waits for which of its items.
type asking struct {
	*part
	call  *contract.FieldCall
	items map[string]int // parents that are asked for, by their text
	waits []waiting
}

type waiting struct {
	*extension.Wanted
	item int
}

// Fill asks the plugin for all that is wanted of it in this round, in one call.
func (p *part) Fill(wanted []*extension.Wanted) {
	ctx := wanted[0].Context
	op := graphql.GetOperationContext(ctx)
	var all []*asking
	by := map[extension.Part]*asking{}
	refused := map[extension.Part]error{}
	for _, w := range wanted {
		if _, known := refused[w.Part]; !known && by[w.Part] == nil {
			a, err := w.Part.(*part).begin(ctx, op)
			if refused[w.Part] = err; err == nil {
				all, by[w.Part] = append(all, a), a
				delete(refused, w.Part)
			}
		}
		if err := refused[w.Part]; err != nil {
			w.Fail(err, w.Part.(*part).field.Position)
			if at := (*argumentError)(nil); errors.As(err, &at) {
				w.Errors[0].Path = slices.Concat(w.Path, at.path)
			}
			continue
		}
		by[w.Part].want(w)
	}
	if len(all) == 0 {
		return
	}
	calls := make([]*contract.FieldCall, len(all))
	for i, a := range all {
		calls[i] = a.call
	}
	results, err := p.source.Plugin.Resolve(ctx, calls, op.Operation.Operation == ast.Mutation && p.object == "Mutation")
	for i, a := range all {
		if err == nil && (len(results) != len(all) || len(results[i].GetItems()) != max(len(a.call.Parents), 1)) {
			err = badResponse("another number of values than was asked for", "не столько значений, сколько запрошено")
		}
		for _, w := range a.waits {
			if err != nil {
				w.Fail(err, a.field.Position)
				continue
			}
			a.complete(w.Wanted, results[i].Items[w.item])
		}
	}
}

// begin puts the call together, and asks for the right. What is wrong with the arguments is said first, as
// gqlgen does for the core's fields.
func (p *part) begin(ctx context.Context, op *graphql.OperationContext) (*asking, error) {
	arguments, err := p.Arguments(p.field.Field, op.Variables)
	if err != nil {
		return nil, err
	}
	if p.can != "" {
		if err := p.May(ctx, p.can); err != nil {
			return nil, err
		}
	}
	return &asking{
		part: p, items: map[string]int{},
		call: &contract.FieldCall{Type: p.object, Field: p.field.Name, Arguments: arguments, Selects: p.selects},
	}, nil
}

// want adds one who waits; the same parent is asked for once.
func (a *asking) want(w *extension.Wanted) {
	var parent []byte
	switch of := w.Parent.(type) {
	case nil:
		a.waits = append(a.waits, waiting{w, 0})
		return
	case core.ID:
		parent, _ = json.Marshal(struct {
			ID string `json:"id"`
		}{of.String()})
	case json.RawMessage:
		parent = of
	}
	item, known := a.items[string(parent)]
	if !known {
		item = len(a.call.Parents)
		a.items[string(parent)] = item
		a.call.Parents = append(a.call.Parents, parent)
	}
	a.waits = append(a.waits, waiting{w, item})
}
