package house_test

import (
	"encoding/base64"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// Whatever a resident or a stranger sends gets a clear error, and the server goes on.
func TestBadInputGetsAClearError(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	data := w.ask(request{Query: `{ districts(first: 1) { nodes { id version } } councils(first: 1, orderBy: {field: NAME, direction: DESC}) { pageInfo { endCursor } nodes { id } } }`})
	council, district := at(data, "councils", "nodes", 0, "id").(string), at(data, "districts", "nodes", 0)
	foreign := at(data, "councils", "pageInfo", "endCursor").(string)
	organisation := func(number string) request {
		return request{as: admin, Query: `mutation($in: CreateOrganisationInput!) { createOrganisation(input: $in) { userErrors { code message path } } }`,
			Variables: map[string]any{"in": map[string]any{"kind": "NGO", "name": "Пример", "inn": number}}}
	}
	boundary := func(shape any) request {
		return request{as: admin, Query: `mutation($in: SetDistrictBoundaryInput!) { setDistrictBoundary(input: $in) { userErrors { code message path } } }`,
			Variables: map[string]any{"in": map[string]any{"districtId": at(district, "id"), "expectedVersion": at(district, "version"), "startsOn": "2013-02-01", "boundary": shape}}}
	}
	ring := func(points ...[]any) map[string]any {
		return map[string]any{"type": "Polygon", "coordinates": []any{points}}
	}
	for name, c := range map[string]struct {
		ask    request
		raw    string
		code   string // of the error, or of the payload's user error
		saying string
	}{
		"broken JSON":           {raw: `{"query": "{ viewer`, code: "BAD_USER_INPUT", saying: "JSON"},
		"broken GraphQL":        {ask: request{Query: `{ viewer { `}, code: "GRAPHQL_PARSE_FAILED"},
		"unknown field":         {ask: request{Query: `{ council(id: "x") { title } }`}, code: "GRAPHQL_VALIDATION_FAILED", saying: "title"},
		"depth bomb":            {ask: request{Query: "{ councils { nodes { " + strings.Repeat("parent { ", 60) + "id" + strings.Repeat(" }", 60) + " } } }"}, code: "COMPLEXITY_LIMIT_EXCEEDED", saying: "deep"},
		"many rows":             {ask: request{Query: `{ councils(first: 100) { nodes { members(first: 100) { nodes { council { members(first: 100) { nodes { id } } } } } } } }`}, code: "COMPLEXITY_LIMIT_EXCEEDED"},
		"a page too large":      {ask: request{Query: `{ councils(first: 1001) { nodes { id } } }`}, code: "BAD_USER_INPUT", saying: "100"},
		"a long string":         {ask: request{Query: `query($s: String) { councils(filter: {search: $s}) { totalCount } }`, Variables: map[string]any{"s": strings.Repeat("ё", 450_000)}}, code: "BAD_USER_INPUT", saying: "200"},
		"a body above 1 MB":     {ask: request{Query: `query($s: String) { councils(filter: {search: $s}) { totalCount } }`, Variables: map[string]any{"s": strings.Repeat("a", 1<<20)}}, code: "PAYLOAD_TOO_LARGE"},
		"another type's id":     {ask: request{Query: fmt.Sprintf(`{ person(id: %q) { id } }`, council)}, code: "BAD_USER_INPUT", saying: "Council"},
		"not an id":             {ask: request{Query: `{ person(id: "42") { id } }`}, code: "BAD_USER_INPUT", saying: "id"},
		"expired cursor":        {ask: request{Query: fmt.Sprintf(`{ councils(after: %q) { nodes { id } } }`, foreign)}, code: "BAD_USER_INPUT", saying: "expired"},
		"forged cursor":         {ask: request{Query: fmt.Sprintf(`{ councils(after: %q) { nodes { id } } }`, base64.RawURLEncoding.EncodeToString([]byte(`{"v":1,"o":0,"k":["' OR 1=1"]}`)))}, code: "BAD_USER_INPUT"},
		"negative first":        {ask: request{Query: `{ councils(first: -1) { nodes { id } } }`}, code: "BAD_USER_INPUT", saying: "first"},
		"first and last":        {ask: request{Query: `{ councils(first: 1, last: 1) { nodes { id } } }`}, code: "BAD_USER_INPUT"},
		"not a date":            {ask: request{Query: `{ councils(asOf: "31.12.2012") { nodes { id } } }`}, code: "BAD_USER_INPUT", saying: "2012-12-31"},
		"open polygon":          {ask: boundary(ring([]any{95, 56}, []any{96, 56}, []any{96, 57}, []any{95, 57})), code: "BAD_USER_INPUT"},
		"self-crossing polygon": {ask: boundary(ring([]any{95, 56}, []any{96, 57}, []any{96, 56}, []any{95, 57}, []any{95, 56})), code: "BAD_USER_INPUT"},
		"latitude first":        {ask: boundary(ring([]any{56, 195}, []any{57, 195}, []any{57, 196}, []any{56, 195})), code: "BAD_USER_INPUT"},
		"NUL byte":              {ask: request{as: admin, Query: `mutation($in: CreatePersonInput!) { createPerson(input: $in) { userErrors { code } } }`, Variables: map[string]any{"in": map[string]any{"familyName": "a\x00b", "givenName": "c"}}}, code: "BAD_USER_INPUT"},
		"wrong INN":             {ask: organisation("2450000001"), code: "BAD_USER_INPUT"},
		"letters for an INN":    {ask: organisation("двадцать"), code: "BAD_USER_INPUT"},
		"unknown municipality":  {ask: request{town: "atlantis", Query: `{ viewer { kind } }`}, code: "NOT_FOUND"},
		"ended token":           {ask: request{with: map[string]string{"Authorization": "Bearer " + strings.Repeat("x", 43)}, Query: `{ viewer { kind } }`}, code: "UNAUTHENTICATED"},
		"not allowed":           {ask: request{Query: organisation("2450000000").Query, Variables: organisation("2450000000").Variables}, code: "UNAUTHENTICATED"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var a *answer
			if c.raw != "" {
				a = w.sendBytes(request{}, []byte(c.raw))
			} else {
				a = w.send(c.ask)
			}
			runtime.ReadMemStats(&after)
			codes, text := a.codes(), a.text
			for _, payload := range a.Data {
				if code, ok := at(payload, "userErrors", 0, "code").(string); ok {
					codes = append(codes, code)
				}
			}
			if !slices.Equal(codes, []string{c.code}) || !strings.Contains(text, c.saying) {
				t.Errorf("want %s saying %q, got %v: %.400s", c.code, c.saying, codes, text)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
				t.Errorf("cost %d MB", grown>>20)
			}
			for _, leak := range []string{"SQLSTATE", "pgx", "goroutine", "/modules/", "runtime"} {
				if strings.Contains(text, leak) {
					t.Errorf("tells of the inside: %.300s", text)
				}
			}
		})
	}
	if got := at(w.ask(request{Query: `{ municipality { key } }`}), "municipality", "key"); got != "kansk" {
		t.Errorf("after all that: %v", got)
	}
}

func TestErrorsInTheReadersLanguage(t *testing.T) {
	w := newWorld(t)
	a := w.send(request{Query: `{ councils(first: -1) { nodes { id } } }`, with: map[string]string{"Accept-Language": "ru-RU,ru;q=0.9,en;q=0.5"}})
	if len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, "остальное запрашивайте постранично") {
		t.Errorf("%s", a.text)
	}
}

// A module that a municipality switches off is gone for it, and for it alone.
func TestAModuleSwitchedOffIsGone(t *testing.T) {
	w := newWorld(t)
	council := at(w.ask(request{Query: `{ councils(first: 1) { nodes { id } } }`}), "councils", "nodes", 0, "id")
	if _, err := w.DB.Exec(`UPDATE municipalities SET disabled_modules = '{councils}' WHERE key = 'kansk'`); err != nil {
		t.Fatal(err)
	}
	must(t, w.Towns.Reload(t.Context()))
	if a := w.send(request{Query: `{ councils { totalCount } }`}); !slices.Equal(a.codes(), []string{"GRAPHQL_VALIDATION_FAILED"}) {
		t.Errorf("still asked: %s", a.text)
	}
	if got := w.ask(request{Query: `query($id: ID!) { node(id: $id) { id } }`, Variables: map[string]any{"id": council}}); at(got, "node") != nil {
		t.Errorf("still found: %v", got)
	}
	if got := w.ask(request{Query: `{ __type(name: "Council") { name } __schema { queryType { fields { name } } } }`}); at(got, "__type") != nil || strings.Contains(fmt.Sprint(got), "councils") {
		t.Errorf("still in introspection: %v", got)
	}
	if got := w.ask(request{town: "achinsk", Query: `{ councils { totalCount } }`}); at(got, "councils", "totalCount") != 0.0 {
		t.Errorf("gone for another municipality: %v", got)
	}
}
