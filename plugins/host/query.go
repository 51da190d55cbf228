package host

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// grantsOf are the core's fields that the manifest names.
func grantsOf(m *manifest.Manifest) map[string]bool {
	granted := map[string]bool{}
	for _, read := range m.Reads {
		granted[read] = true
	}
	for _, action := range m.Actions {
		granted["Mutation."+action] = true
	}
	return granted
}

// maxQuery is the longest text of an operation, in bytes.
const maxQuery = 64 << 10

// Query runs an operation of which every field is granted.
func (s *service) Query(ctx context.Context, r *contract.QueryRequest) (*contract.QueryResponse, error) {
	c := callOf(ctx)
	if len(r.Query) > maxQuery {
		return nil, status.Errorf(codes.InvalidArgument, "an operation has at most %d bytes", maxQuery)
	}
	variables := map[string]any{}
	if len(r.Variables) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(r.Variables))
		decoder.UseNumber()
		if err := decoder.Decode(&variables); err != nil {
			return nil, status.Errorf(codes.InvalidArgument, "variables are not a JSON object: %v", err)
		}
	}
	schema := s.host.options.Schema(ctx)
	doc, faults := parse(schema, r.Query)
	if faults != nil {
		answer, err := json.Marshal(map[string]any{"errors": faults})
		return &contract.QueryResponse{Response: answer}, err
	}
	writes, err := c.granted(schema, doc)
	if err != nil {
		return nil, err
	}
	if writes {
		ctx = mutation.WithKey(ctx, c.keyFor(r))
	}
	answer, err := s.host.options.Query(ctx, Query{Query: r.Query, Variables: variables, Operation: r.Operation})
	return &contract.QueryResponse{Response: answer}, err
}

func parse(schema *ast.Schema, text string) (*ast.QueryDocument, gqlerror.List) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: "plugin", Input: text}, 5000)
	if err != nil {
		return nil, gqlerror.List{gqlerror.Wrap(err)}
	}
	return doc, validator.ValidateWithRules(schema, doc, rules.NewDefaultRules())
}

// keyFor gives a mutation that a plugin runs within another, which came with a key, a key that is the
// same when that one is sent again; the same mutation asked for twice has two.
func (c *call) keyFor(r *contract.QueryRequest) string {
	if c.key == "" {
		return ""
	}
	sum := sha256.New()
	for _, part := range [][]byte{[]byte(c.key), []byte(c.instance.enabled.Name), []byte(r.Query), r.Variables, []byte(r.Operation)} {
		_, _ = fmt.Fprintf(sum, "%d:%s", len(part), part) // a hash never fails
	}
	same := hex.EncodeToString(sum.Sum(nil))
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asks == nil {
		c.asks = map[string]int{}
	}
	c.asks[same]++
	return same + "-" + strconv.Itoa(c.asks[same])
}

// granted refuses a document that names a field which is neither the plugin's own nor granted, and says
// whether it writes. All of its operations count, whichever is run.
func (c *call) granted(schema *ast.Schema, doc *ast.QueryDocument) (writes bool, err error) {
	w := walk{call: c, set: c.instance.host.Set(c.instance.town).Sources, schema: schema, seen: map[string]bool{}}
	for _, operation := range doc.Operations {
		switch operation.Operation {
		case ast.Subscription:
			return false, status.Error(codes.PermissionDenied, "a plugin asks and acts; what it is to hear comes by Deliver and Watch, not by subscriptions")
		case ast.Mutation:
			writes = true
		}
		w.selection(operation.SelectionSet)
	}
	if w.refused != "" {
		return false, status.Errorf(codes.PermissionDenied, "%s is not granted: name it in plugin.yaml, under reads or actions, and have it approved", w.refused)
	}
	return writes, nil
}

// walk goes through a document that is valid, up to the first field that is refused.
type walk struct {
	call    *call
	set     []*fields.Source
	schema  *ast.Schema
	seen    map[string]bool // fragments
	refused string
}

func (w *walk) selection(set ast.SelectionSet) {
	for _, s := range set {
		if w.refused != "" {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			w.field(s)
		case *ast.InlineFragment:
			w.selection(s.SelectionSet)
		case *ast.FragmentSpread:
			if !w.seen[s.Name] {
				w.seen[s.Name] = true
				w.selection(s.Definition.SelectionSet)
			}
		}
	}
}

func (w *walk) field(f *ast.Field) {
	if f.Name == "__typename" {
		return
	}
	if f.ObjectDefinition == nil || f.Definition == nil || !w.may(f.ObjectDefinition.Name, f.Name) {
		name := "?"
		if f.ObjectDefinition != nil {
			name = f.ObjectDefinition.Name
		}
		w.refused = name + "." + f.Name
		return
	}
	w.selection(f.SelectionSet)
}

func (w *walk) may(typ, field string) bool {
	v := w.call.version
	switch {
	case strings.HasPrefix(field, "__"): // introspection
		return false
	case w.call.instance.owns.has(typ, field):
		return true
	case w.others(typ, field):
		return false
	case v.grants[typ+"."+field]:
		return true
	}
	return field == "id" || plumbing(typ, field) || w.answer(typ)
}

// others says whether the field is another plugin's.
func (w *walk) others(typ, field string) bool {
	for _, s := range w.set {
		if i := s.Plugin.(*instance); i.enabled.Name != w.call.instance.enabled.Name && i.owns.has(typ, field) {
			return true
		}
	}
	return false
}

// plumbing are fields of lists, which show nothing that the objects in them do not.
func plumbing(typ, field string) bool {
	switch {
	case strings.HasSuffix(typ, "Connection"):
		return field == "nodes" || field == "edges" || field == "pageInfo" || field == "totalCount"
	case strings.HasSuffix(typ, "Edge"):
		return field == "node" || field == "cursor"
	}
	return typ == "PageInfo"
}

// answer says whether the type is what a granted action answers: its payload, or an error in it.
func (w *walk) answer(typ string) bool {
	if typ == "UserError" {
		return true
	}
	if w.schema.Mutation == nil {
		return false
	}
	for _, f := range w.schema.Mutation.Fields {
		if f.Type.Name() == typ && strings.HasSuffix(typ, "Payload") && w.call.version.grants["Mutation."+f.Name] {
			return true
		}
	}
	return false
}

// permissions are those of a plugin that acts by itself: its own, and those that the core's fields ask
// for which it was granted to read.
func (h *Host) permissions(ctx context.Context, i *instance) []string {
	var all []string
	for _, p := range i.enabled.Manifest.Permissions {
		all = append(all, p.Name)
	}
	if h.options.Schema == nil {
		return all
	}
	schema := h.options.Schema(core.WithMunicipality(ctx, i.town))
	if schema == nil {
		return all
	}
	for _, read := range i.enabled.Manifest.Reads {
		typ, name, _ := strings.Cut(read, ".")
		d := schema.Types[typ]
		if d == nil {
			continue
		}
		if f := d.Fields.ForName(name); f != nil {
			if can := f.Directives.ForName("can"); can != nil {
				if p := can.Arguments.ForName("permission"); p != nil {
					all = append(all, p.Value.Raw)
				}
			}
		}
	}
	return all
}
