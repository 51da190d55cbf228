package read_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
)

// compare asks the compiled way for the same operation, field by field at the root, and holds it to
// the resolvers' answer: the same data, the same errors, the same readings of what is logged.
func (w *world) compare(ctx context.Context, op *graphql.OperationContext, want *answer, logged []logged) {
	w.Helper()
	before := len(w.log.calls)
	defer func() { w.log.calls = w.log.calls[:before] }()
	data := object{}
	var codes []string
	for _, f := range graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Query"}) {
		part := w.reads.Root(op, f, nil)
		if part == nil || f.Name == "handmade" {
			return
		}
		wanted := &extension.Wanted{Part: part, Path: ast.Path{ast.PathName(f.Alias)}, Context: ctx}
		extension.Fill([]*extension.Wanted{wanted})
		var v any
		if err := json.Unmarshal(wanted.Append(nil), &v); err != nil {
			w.Fatalf("%s\nis no JSON: %v\n%s", op.RawQuery, err, wanted.Append(nil))
		}
		data[f.Alias] = v
		for _, e := range wanted.All() {
			codes = append(codes, string(core.CodeOf(e.Err)))
			if core.CodeOf(e.Err) == core.CodeInternal && len(want.errs) == 0 {
				w.Errorf("%s: %v", e.Path, e.Err)
			}
		}
	}
	var wantCodes []string
	for _, e := range want.errs {
		wantCodes = append(wantCodes, string(core.CodeOf(e.err)))
	}
	slices.Sort(codes)
	slices.Sort(wantCodes)
	if !slices.Equal(codes, wantCodes) {
		w.Errorf("%s\nfails compiled with %v, by resolvers with %v", op.RawQuery, codes, wantCodes)
	}
	if len(want.errs) > 0 {
		return // the resolvers of these tests let no null climb
	}
	if wanted := plain(w, want.data); !reflect.DeepEqual(any(data), wanted) {
		w.Errorf("%s %v\ncompiled     %v\nby resolvers %v", op.RawQuery, op.Variables, data, wanted)
	}
	if got := w.log.calls[before:]; !reflect.DeepEqual(ordered(got), ordered(logged)) {
		w.Errorf("%s\nlogged compiled %v, by resolvers %v", op.RawQuery, got, logged)
	}
}

func plain(w *world, v any) (out any) {
	text, err := json.Marshal(v)
	w.must(err)
	w.must(json.Unmarshal(text, &out))
	return out
}

// ordered is who was read, and which of the columns: in one call or in several, as each way has it.
func ordered(calls []logged) map[uuid.UUID]map[string]bool {
	all := map[uuid.UUID]map[string]bool{}
	for _, c := range calls {
		for _, key := range c.keys {
			if all[key] == nil {
				all[key] = map[string]bool{}
			}
			for _, column := range c.columns {
				all[key][column] = true
			}
		}
	}
	return all
}
