package house_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/randomop"
)

// harvester gathers what there is to ask for from the answers that an administrator gets.
type harvester struct {
	*stillWorld
	schema *ast.Schema
	as     request // by whom, and where
	pool   *randomop.Pool
	// holders are, by a field's coordinate, the objects that hold something there, with their types.
	holders map[string]map[string]string
}

// harvest makes the pool of the first town; what is found in the second is strange to the first.
func (s *stillWorld) harvest(schema *ast.Schema) *randomop.Pool {
	first := harvester{s, schema, request{as: s.admin}, newPool(), map[string]map[string]string{}}
	first.gather()
	second := harvester{s, schema, request{as: "admin-achinsk", town: "achinsk"}, newPool(), map[string]map[string]string{}}
	second.gather()
	p := first.pool
	p.Strange = second.pool.IDs
	for _, typ := range slices.Collect(maps.Keys(p.IDs)) {
		p.Strange[typ] = append(p.Strange[typ], core.ID{Type: typ, Key: core.NewID()}.String())
	}
	for _, person := range p.IDs["Person"] {
		id, err := core.ParseID(person)
		must(s.t, err)
		p.IDs["PersonalData"] = append(p.IDs["PersonalData"], core.ID{Type: "PersonalData", Key: id.Key}.String())
	}
	p.IDs["CalendarSettings"] = []string{at(s.ask(request{as: s.admin, Query: `{ calendarSettings { id } }`}), "calendarSettings", "id").(string)}
	p.Kinds = map[string][]string{"scope": {"District", "Council"}, "object": slices.Sorted(maps.Keys(p.IDs)), "actor": {"Account", "ServiceToken"},
		"parentOrganisation": {"Organisation"}, "body": {"Council"}, "member": {"Person"}, "parent": nil}
	for _, key := range []string{"Person.familyName", "Council.name", "Organisation.name", "Venue.name", "District.name", "Post.title", "Address.street", "Account.displayName"} {
		p.Texts["search"] = append(p.Texts["search"], p.Texts[key]...)
	}
	p.Texts["search"] = append(p.Texts["search"], "Образцав", "семенов", "ленина 1", "совет район", "zzz")
	p.Texts["externalKey"] = []string{"проба-1", "проба-2", "клуб", "district-1"}
	p.Texts["permission"], p.Texts["relation"] = []string{"people:read", "councils:*"}, []string{"any", "own"}
	p.Texts["GeoJSON"] = []string{"circle"}
	p.Texts["Date"] = append(p.Texts["Date"], "2011-12-31", "2012-04-01", "2012-04-02", "2012-12-31", "2013-01-31", "2013-02-01", "2014-06-01", "1900-01-01")
	p.Numbers = map[string][]float64{"longitude": {95.7, 95.71, 95.72, 0, 181}, "latitude": {56.2, 56.21, 56.22, -90, 91}}
	return p
}

func newPool() *randomop.Pool {
	return &randomop.Pool{IDs: map[string][]string{}, Cursors: map[string][]string{}, Texts: map[string][]string{}}
}

// gather asks every list at the root, and then every list of what was found, twice, for lists of lists.
func (h *harvester) gather() {
	for _, f := range h.schema.Query.Fields {
		if f.Arguments.ForName("first") != nil {
			h.list("Query", f, "%s")
		}
	}
	if of := h.schema.Types["Indicator"]; of != nil { // it is not near everything
		h.list("Indicator", of.Fields.ForName("rows"), `indicators(from: "2012-01-01", to: "2012-12-31") { __typename key %s }`)
	}
	for range 2 {
		for _, typ := range slices.Sorted(maps.Keys(h.pool.IDs)) {
			ids := slices.Compact(slices.Sorted(slices.Values(h.pool.IDs[typ])))
			for _, f := range h.schema.Types[typ].Fields {
				if f.Arguments.ForName("first") == nil {
					continue
				}
				for some := range slices.Chunk(ids, 10) {
					h.list(typ, f, fmt.Sprintf(`nodes(ids: ["%s"]) { ... on %s { __typename id %%s } }`, strings.Join(some, `", "`), typ))
				}
			}
		}
	}
	for _, all := range []map[string][]string{h.pool.IDs, h.pool.Texts, h.pool.Cursors} {
		for key := range all {
			slices.Sort(all[key])
			all[key] = slices.Compact(all[key])
		}
	}
	for _, ids := range h.holders {
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			if len(ids) <= fewHave {
				h.pool.IDs[ids[id]] = append(h.pool.IDs[ids[id]], slices.Repeat([]string{id}, 5)...)
			}
		}
	}
}

// fewHave is how few objects must hold a value for those to be asked for more often than others.
const fewHave = 6

// list asks a list in every order; in is where it stands in a query.
func (h *harvester) list(on string, f *ast.FieldDefinition, in string) {
	leaves := "__typename"
	node := h.schema.Types[f.Type.Name()].Fields.ForName("nodes").Type.Name()
	for _, leaf := range h.schema.Types[node].Fields {
		if h.schema.Types[leaf.Type.Name()].IsLeafType() && !strings.HasPrefix(leaf.Name, "__") {
			leaves += " " + leaf.Name
		} else if len(leaf.Arguments) == 0 && slices.Contains(h.schema.Types[leaf.Type.Name()].Interfaces, "Node") {
			leaves += " " + leaf.Name + " { __typename id }"
		}
	}
	h.page(on, f, in, nil, "nodes { "+leaves+" }")
	if f.Arguments.ForName("last") != nil {
		h.page(on, f, in, map[string]any{"last": true}, "nodes { "+leaves+" }")
	}
	if filter := f.Arguments.ForName("filter"); filter != nil {
		if h.schema.Types[filter.Type.Name()].Fields.ForName("search") != nil {
			h.page(on, f, in, map[string]any{"filter": map[string]any{"search": "совет"}}, "")
		}
		for _, rare := range []string{"merged", "erased"} {
			if h.schema.Types[filter.Type.Name()].Fields.ForName(rare) != nil {
				h.page(on, f, in, map[string]any{"filter": map[string]any{rare: true}}, "nodes { "+leaves+" }")
			}
		}
	}
	if by := f.Arguments.ForName("orderBy"); by != nil {
		for _, v := range h.schema.Types[h.schema.Types[by.Type.Name()].Fields.ForName("field").Type.Name()].EnumValues {
			for _, direction := range []string{"ASC", "DESC"} {
				h.page(on, f, in, map[string]any{"orderBy": map[string]any{"field": v.Name, "direction": direction}}, "")
			}
		}
	}
}

func (h *harvester) page(on string, f *ast.FieldDefinition, in string, given map[string]any, more string) {
	args, which := "", "first"
	if given["last"] != nil {
		which, given = "last", nil
	}
	if by, ok := given["orderBy"].(map[string]any); ok {
		args = fmt.Sprintf("orderBy: {field: %s, direction: %s}", by["field"], by["direction"])
	} else if filter, ok := given["filter"].(map[string]any); ok {
		args = `filter: {search: "совет"}`
		for rare := range filter {
			if rare != "search" {
				args = fmt.Sprintf(`filter: {%s: {eq: true}}`, rare)
			}
		}
	}
	r := h.as
	r.Query = "{ " + fmt.Sprintf(in, fmt.Sprintf("%s(%s: 25 %s) { edges { cursor } %s }", f.Name, which, args, more)) + " }"
	a := h.send(r)
	if len(a.Errors) > 0 {
		h.t.Fatalf("%s: %.500s", r.Query, a.text)
	}
	key := randomop.CursorKey(on+"."+f.Name, given)
	h.keep(key, a.Data)
}

// keep takes ids, cursors and texts from an answer.
func (h *harvester) keep(key string, v any) {
	switch v := v.(type) {
	case []any:
		for _, below := range v {
			h.keep(key, below)
		}
	case map[string]any:
		if c, ok := v["cursor"].(string); ok {
			h.pool.Cursors[key] = append(h.pool.Cursors[key], c)
		}
		if typ, ok := v["__typename"].(string); ok {
			h.object(h.schema.Types[typ], v)
		}
		for _, below := range v {
			h.keep(key, below)
		}
	}
}

func (h *harvester) object(def *ast.Definition, object map[string]any) {
	id, ok := object["id"].(string)
	if ok && slices.Contains(def.Interfaces, "Node") {
		h.pool.IDs[def.Name] = append(h.pool.IDs[def.Name], id)
		for name, value := range object {
			if edges, list := at(value, "edges").([]any); value != nil && (!list || len(edges) > 0) {
				h.holds(def.Name+"."+name, id, def.Name)
			}
		}
	}
	for name, value := range object {
		text, ok := value.(string)
		if !ok || name == "__typename" {
			continue
		}
		switch scalar := def.Fields.ForName(name).Type.Name(); scalar {
		case "Date", "DateTime":
			h.pool.Texts[scalar] = append(h.pool.Texts[scalar], text)
		case "String":
			h.pool.Texts[def.Name+"."+name] = append(h.pool.Texts[def.Name+"."+name], text)
		}
	}
}

func (h *harvester) holds(coordinate, id, typ string) {
	if h.holders[coordinate] == nil {
		h.holders[coordinate] = map[string]string{}
	}
	h.holders[coordinate][id] = typ
}
