package fields

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/extension"
	"github.com/veche-city/veche/plugins/contract"
)

// Stream is a subscription that a plugin answers.
type Stream struct{ *part }

// Stream is the subscription's field; nil when it is the core's.
func (c *Compiler) Stream(op *graphql.OperationContext, f graphql.CollectedField) *Stream {
	if source := c.Schema.Owner("Subscription", f.Name); source != nil {
		return &Stream{c.part(op, source, "Subscription", f)}
	}
	return nil
}

// event is what a plugin's stream gave; err is its last.
type event struct {
	item *contract.Item
	err  error
}

// Run listens until ctx ends. Rights are asked at every event, as they are then; a stream that breaks
// ends with an error.
func (s *Stream) Run(ctx context.Context) graphql.ResponseHandler {
	if err := s.allowed(ctx); err != nil {
		return s.failed(err)
	}
	arguments, err := s.Arguments(s.field.Field, graphql.GetOperationContext(ctx).Variables)
	if err != nil {
		return s.failed(err)
	}
	events := make(chan event)
	go s.listen(ctx, arguments, events)
	ended := false
	return func(ctx context.Context) *graphql.Response {
		if ended {
			return nil
		}
		e, ok := <-events
		if !ok {
			return nil
		}
		answer, err := s.answer(ctx, e)
		if err != nil {
			ended = true
			return s.failed(err)(ctx)
		}
		return answer
	}
}

func (s *Stream) listen(ctx context.Context, arguments json.RawMessage, to chan<- event) {
	defer close(to)
	for item, err := range s.source.Plugin.Listen(ctx, s.field.Name, arguments, s.selects) {
		select {
		case to <- event{item, err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (s *Stream) allowed(ctx context.Context) error {
	if s.can == "" {
		return nil
	}
	return s.May(ctx, s.can)
}

// answer completes an event under the caller's rights of now.
func (s *Stream) answer(ctx context.Context, e event) (*graphql.Response, error) {
	if e.err != nil {
		return nil, e.err
	}
	if s.Fresh != nil {
		var err error
		if ctx, err = s.Fresh(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.allowed(ctx); err != nil {
		return nil, err
	}
	w := s.wanted(ctx, e.item)
	extension.Report(ctx, w.All())
	if w.Null && s.field.Definition.Type.NonNull {
		return &graphql.Response{Data: []byte("null")}, nil
	}
	data := append([]byte("{"), strconv.Quote(s.field.Alias)+":"...)
	return &graphql.Response{Data: append(w.Append(data), '}')}, nil
}

// failed is one answer that tells why there are no more.
func (s *Stream) failed(err error) graphql.ResponseHandler {
	told := false
	return func(ctx context.Context) *graphql.Response {
		if told {
			return nil
		}
		told = true
		extension.Report(ctx, []*extension.Error{{Path: ast.Path{ast.PathName(s.field.Alias)}, Field: s.field.Position, Err: err}})
		return &graphql.Response{Data: []byte("null")}
	}
}

// given is a part whose value is there already.
type given struct {
	*part
	item *contract.Item
}

func (g *given) Source() any { return g }

func (g *given) Fill(wanted []*extension.Wanted) {
	for _, w := range wanted {
		(&asking{part: g.part}).complete(w, g.item)
	}
}

// wanted is the item completed, with all that others answer within it.
func (p *part) wanted(ctx context.Context, item *contract.Item) *extension.Wanted {
	w := &extension.Wanted{Part: &given{p, item}, Path: ast.Path{ast.PathName(p.field.Alias)}, Context: ctx}
	extension.Fill([]*extension.Wanted{w})
	return w
}

// Complete writes a value for a field of the core whose answer is not the core's own: the payload of
// an action that was refused before it began.
func (c *Compiler) Complete(ctx context.Context, op *graphql.OperationContext, f graphql.CollectedField, value json.RawMessage) *extension.Wanted {
	p := &part{Compiler: c, field: f, value: c.value(op, f)}
	return p.wanted(ctx, &contract.Item{Value: value})
}
