package house_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/graph"
)

// Every root field, asked as a second municipality, shows nothing of the first. The questions are
// written from the schema, so that a new module is asked by itself: each field with everything
// below it, as the administrator of Kansk to learn the ids, and then with those ids as the
// administrator of Achinsk.
func TestASecondMunicipalitySeesNothingOfTheFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, second := w.administrator("kansk"), w.administrator("achinsk")
	w.account(first, "kansk-clerk", w.person(first, "Первый"), "clerk", "")
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: graph.SDL()})
	must(t, err)

	ids := w.idsOf(schema, first)
	if len(ids["Council"]) < 18 || len(ids["Person"]) == 0 || len(ids["District"]) < 15 || len(ids["Account"]) < 2 || len(ids["AuditEntry"]) == 0 {
		t.Fatalf("the first municipality shows too little to be a test: %v", ids)
	}
	seen := map[string]bool{}
	for _, of := range ids {
		for _, id := range of {
			seen[id] = true
		}
	}
	for _, f := range schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		for _, args := range arguments(f, ids) {
			a := w.send(request{as: second, town: "achinsk", Query: fmt.Sprintf("{ %s%s%s }", f.Name, args, selection(schema, f.Type, 1))})
			walk(a.Data, func(_ string, id string) {
				if seen[id] && !strings.Contains(args, id) {
					t.Errorf("%s%s shows %s of the other municipality: %.300s", f.Name, args, id, a.text)
				}
			})
			if strings.Contains(args, "id: ") && at(a.Data, f.Name) != nil && f.Name != "nodes" {
				t.Errorf("%s%s finds an object of the other municipality: %.300s", f.Name, args, a.text)
			}
			if slices.Contains(a.codes(), string(core.CodeInternal)) {
				t.Errorf("%s%s: %.300s", f.Name, args, a.text)
			}
		}
	}
}

// No list or object of the first municipality is changed from the second either: an id of the one
// is NOT_FOUND for a mutation of the other.
func TestASecondMunicipalityChangesNothingOfTheFirst(t *testing.T) {
	w := newWorld(t)
	second := w.administrator("achinsk")
	data := w.ask(request{Query: `{ councils(first: 1) { nodes { id version members(first: 1) { nodes { id version person { id } } } } } }`})
	council, member := at(data, "councils", "nodes", 0), at(data, "councils", "nodes", 0, "members", "nodes", 0)
	for name, r := range map[string]request{
		"dissolveCouncil": {Query: `mutation($in: DissolveCouncilInput!) { dissolveCouncil(input: $in) { userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"id": at(council, "id"), "expectedVersion": 1, "dissolvedOn": "2013-02-01", "reason": "чужой"}}},
		"endMembership": {Query: `mutation($in: EndMembershipInput!) { endMembership(input: $in) { userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"id": at(member, "id"), "expectedVersion": 1, "endsOn": "2013-02-01", "reason": "OTHER"}}},
		"erasePerson": {Query: `mutation($in: ErasePersonInput!) { erasePerson(input: $in) { userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"id": at(member, "person", "id"), "reason": "чужой"}}},
	} {
		r.as, r.town = second, "achinsk"
		if a := w.send(r); !slices.Equal(a.codes(), []string{"NOT_FOUND"}) {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}

// A token of one municipality is nobody in another.
func TestATokenHoldsInItsOwnMunicipality(t *testing.T) {
	w := newWorld(t)
	first := w.administrator("kansk")
	if a := w.send(request{as: first, town: "achinsk", Query: `{ viewer { kind } }`}); a.Status != 401 || !slices.Equal(a.codes(), []string{"UNAUTHENTICATED"}) {
		t.Errorf("status %d: %s", a.Status, a.text)
	}
}

// idsOf are the ids that an administrator comes to from the root fields, by type.
func (w *world) idsOf(schema *ast.Schema, as string) map[string][]string {
	ids := map[string][]string{}
	for _, f := range schema.Query.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		for _, args := range arguments(f, nil) {
			a := w.send(request{as: as, Query: fmt.Sprintf("{ %s%s%s }", f.Name, args, selection(schema, f.Type, 1))})
			if len(a.Errors) > 0 && !strings.Contains(a.text, "FORBIDDEN") && f.Name != "caseByNumber" { // whose code is none
				w.t.Errorf("%s%s: %.400s", f.Name, args, a.text)
			}
			walk(a.Data, func(typ, id string) { ids[typ] = append(ids[typ], id) })
		}
	}
	for typ := range ids {
		slices.Sort(ids[typ])
		ids[typ] = slices.Compact(ids[typ])
	}
	return ids
}

// walk visits every id of an answer with its object's type.
func walk(v any, visit func(typ, id string)) {
	switch v := v.(type) {
	case map[string]any:
		if id, ok := v["id"].(string); ok {
			typ, _ := v["__typename"].(string)
			visit(typ, id)
		}
		for _, below := range v {
			walk(below, visit)
		}
	case []any:
		for _, below := range v {
			walk(below, visit)
		}
	}
}

// arguments are the ways in which a field is asked: as a list at once, by id once for each id known.
func arguments(f *ast.FieldDefinition, ids map[string][]string) []string {
	plain := map[string]string{"from": `"2012-01-01"`, "to": `"2012-12-31"`, "longitude": "95.7", "latitude": "56.2",
		"begins": `"2012-12-03"`, "days": "30", "number": `"2012-1"`, "code": `"000000000000"`}
	var all []string
	var byID string
	for _, a := range f.Arguments {
		switch {
		case a.Name == "first":
			all = append(all, "first: 20")
		case a.Name == "id" || a.Name == "ids" || a.Name == "personId":
			byID = a.Name
		case a.Type.NonNull && a.DefaultValue == nil:
			all = append(all, a.Name+": "+plain[a.Name])
		}
	}
	if byID == "" {
		if len(all) == 0 {
			return []string{""}
		}
		return []string{"(" + strings.Join(all, ", ") + ")"}
	}
	var each []string
	for _, typ := range slices.Sorted(maps.Keys(ids)) {
		if byID == "id" && f.Type.Name() != typ && f.Type.Name() != "Node" || byID == "personId" && typ != "Person" {
			continue
		}
		for _, id := range ids[typ][:min(3, len(ids[typ]))] {
			if byID == "ids" {
				id = "[\"" + id + "\"]"
			} else {
				id = "\"" + id + "\""
			}
			each = append(each, "("+byID+": "+id+")")
		}
	}
	return each
}

// selection is everything below a type, some levels down: scalars, objects, small pages.
func selection(schema *ast.Schema, t *ast.Type, depth int) string {
	def := schema.Types[t.Name()]
	if def.Kind == ast.Scalar || def.Kind == ast.Enum {
		return ""
	}
	fields := []string{"__typename"}
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") {
			continue
		}
		leaf := schema.Types[f.Type.Name()].Kind == ast.Scalar || schema.Types[f.Type.Name()].Kind == ast.Enum
		if leaf {
			fields = append(fields, f.Name)
			continue
		}
		page := f.Name == "nodes" || f.Name == "edges" || f.Name == "node"
		if depth == 0 && !page || f.Name == "edges" || schema.Types[f.Type.Name()].Kind == ast.Interface {
			continue
		}
		args, next := "", depth-1
		if f.Arguments.ForName("first") != nil {
			args = "(first: 1)"
		}
		if page {
			next = depth
		}
		fields = append(fields, f.Name+args+selection(schema, f.Type, next))
	}
	return " { " + strings.Join(fields, " ") + " }"
}
