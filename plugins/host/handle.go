package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"

	"golang.org/x/sync/errgroup"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
)

// piece is a part of a round that goes in one message: for each of its calls, whose answer it adds to.
type piece struct {
	calls []*contract.FieldCall
	of    []int
	items int // parents in it
	bytes int
}

// Resolve asks for the fields of one round: in one message, or in several side by side where it is too
// large for one. A mutation's calls are never parted.
func (i *instance) Resolve(ctx context.Context, calls []*contract.FieldCall, write bool) ([]*contract.FieldResult, error) {
	pieces := []piece{{calls: calls, of: places(len(calls))}}
	if !write {
		pieces = i.host.split(calls)
	}
	answers := make([][]*contract.FieldResult, len(pieces))
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(i.host.options.Limits.Side)
	for n, p := range pieces {
		group.Go(func() (err error) {
			answers[n], err = i.resolve(within, p.calls, write)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	results := make([]*contract.FieldResult, len(calls))
	for n, p := range pieces {
		for k, of := range p.of {
			if results[of] == nil {
				results[of] = answers[n][k]
				continue
			}
			results[of].Items = append(results[of].Items, answers[n][k].GetItems()...)
		}
	}
	i.logFailures(ctx, results)
	return results, nil
}

// logFailures keeps the first failure of each field: a batch may bear the same one a thousand times.
func (i *instance) logFailures(ctx context.Context, results []*contract.FieldResult) {
	for _, r := range results {
		for _, item := range r.GetItems() {
			if item.GetError() == nil {
				continue
			}
			if err := fields.ErrorOf(item.Error); err.Code == core.CodePluginError {
				i.failed(ctx, err)
				break
			}
		}
	}
}

func places(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// split parts a round into messages of at most so many parents and bytes, in its order.
func (h *Host) split(calls []*contract.FieldCall) []piece {
	limits := h.options.Limits
	pieces := []piece{{}}
	for at, c := range calls {
		head := len(c.Arguments) + len(c.Type) + len(c.Field) + 64
		for from := 0; from == 0 || from < len(c.Parents); {
			p := &pieces[len(pieces)-1]
			size, to := head, from
			for to < len(c.Parents) && p.items+to-from < limits.Parents && (p.bytes+size+len(c.Parents[to]) <= limits.Message || p.items+to-from == 0) {
				size += len(c.Parents[to]) + 8
				to++
			}
			if to == from && len(c.Parents) > 0 || len(c.Parents) == 0 && p.bytes+size > limits.Message && len(p.calls) > 0 {
				pieces = append(pieces, piece{})
				continue
			}
			p.calls = append(p.calls, &contract.FieldCall{Type: c.Type, Field: c.Field, Arguments: c.Arguments, Parents: c.Parents[from:to], Selects: c.Selects})
			p.of, p.items, p.bytes = append(p.of, at), p.items+to-from, p.bytes+size
			if from = to; from == 0 {
				break
			}
		}
	}
	return pieces
}

func (i *instance) resolve(ctx context.Context, calls []*contract.FieldCall, write bool) (results []*contract.FieldResult, err error) {
	err = i.call(ctx, write, func(ctx context.Context, said *contract.Call, client contract.PluginClient) error {
		answer, err := client.Resolve(ctx, &contract.ResolveRequest{Call: said, Calls: calls})
		if err != nil {
			return err
		}
		results = answer.Results
		return i.counted(calls, results)
	})
	return results, err
}

// counted refuses an answer of another shape than the question's: no value can be told whose it is.
func (i *instance) counted(calls []*contract.FieldCall, results []*contract.FieldResult) error {
	if len(results) != len(calls) {
		return i.badResponse(fmt.Errorf("%d results for %d calls", len(results), len(calls)))
	}
	for n, c := range calls {
		if got, want := len(results[n].GetItems()), max(1, len(c.Parents)); got != want {
			return i.badResponse(fmt.Errorf("%s.%s: %d items for %d parents", c.Type, c.Field, got, want))
		}
	}
	return nil
}

func (i *instance) badResponse(cause error) *core.Error {
	return &core.Error{Code: core.CodePluginBadResponse, Err: fmt.Errorf("plugin %s: %w", i.enabled.Name, cause), Text: core.Textf(
		"The plugin %[1]s answered what cannot be used. Its author has to mend it.",
		"Плагин %[1]s дал непригодный ответ. Его должен исправить автор.", i.enabled.Name)}
}

// errLeft ends a stream whose reader went away.
var errLeft = errors.New("plugins/host: the reader left")

// Listen is a subscription. When it breaks, the break is its last item: no end is taken for a whole one.
func (i *instance) Listen(ctx context.Context, field string, arguments json.RawMessage, selects []string) iter.Seq2[*contract.Item, error] {
	return func(yield func(*contract.Item, error) bool) {
		v := i.version.Load()
		if v == nil || !i.ready.Load() {
			yield(nil, i.unavailable(errors.New("not ready")))
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		ask := &contract.ListenRequest{Field: field, Arguments: arguments, Selects: selects}
		err := v.process.Stream(ctx, func(ctx context.Context, client contract.PluginClient) error {
			return i.within(ctx, v, client, func(ctx context.Context, said *contract.Call, client contract.PluginClient) error {
				ask.Call = said
				stream, err := client.Listen(ctx, ask)
				for err == nil {
					var item *contract.Item
					if item, err = stream.Recv(); err == nil && !yield(item, nil) {
						return errLeft
					}
				}
				if errors.Is(err, io.EOF) {
					return nil
				}
				return err
			})
		})
		if err != nil && !errors.Is(err, errLeft) && ctx.Err() == nil {
			yield(nil, err)
		}
	}
}
