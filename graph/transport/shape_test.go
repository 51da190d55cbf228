package transport

import (
	"fmt"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"pgregory.net/rapid"
)

// The query that GraphiQL and code generators send (graphql-js, getIntrospectionQuery with all options).
const introspectionQuery = `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name kind }
subscriptionType { name kind } types { ...FullType } directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf
fields(includeDeprecated: true) { name description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef } isDeprecated deprecationReason }
inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef } enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name
ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } } }`

func TestIntrospectionOfToolsPasses(t *testing.T) {
	a := ask(t, serve(t, Options{}), introspectionQuery)
	if len(a.Errors) != 0 || !strings.Contains(a.body, "What can be asked of the test town.") {
		t.Errorf("got %.500s", a.body)
	}
}

// expand is the plain definition of a shape: it walks every fragment wherever it is spread.
func expand(document *ast.QueryDocument, set ast.SelectionSet) shape {
	var total shape
	for _, selection := range set {
		var inner shape
		switch selection := selection.(type) {
		case *ast.Field:
			inner = expand(document, selection.SelectionSet)
			inner.selections, inner.roots = inner.selections+1, 1
			if selection.Alias != selection.Name {
				inner.aliases++
			}
			inner.directives += len(selection.Directives)
			if selection.Name == "__schema" {
				inner.introspection, inner.depth = max(inner.introspection, inner.depth+1), 0
			}
			inner.depth++
		case *ast.InlineFragment:
			inner = expand(document, selection.SelectionSet)
			inner.directives += len(selection.Directives)
		case *ast.FragmentSpread:
			fragment := document.Fragments.ForName(selection.Name)
			inner = expand(document, fragment.SelectionSet)
			inner.directives += len(selection.Directives) + len(fragment.Directives)
		}
		total.selections += inner.selections
		total.aliases += inner.aliases
		total.directives += inner.directives
		total.roots += inner.roots
		total.depth = max(total.depth, inner.depth)
		total.introspection = max(total.introspection, inner.introspection)
	}
	return total
}

// drawSet writes a random selection set that spreads only fragments after the one it stands in.
func drawSet(t *rapid.T, level, fragment, fragments int) string {
	var b strings.Builder
	for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
		choice := rapid.IntRange(0, 5).Draw(t, "kind")
		directive := rapid.SampledFrom([]string{"", "", " @include(if:true)"}).Draw(t, "directive")
		switch {
		case choice == 0 && fragment+1 < fragments:
			fmt.Fprintf(&b, "...F%d%s ", rapid.IntRange(fragment+1, fragments-1).Draw(t, "spread"), directive)
		case choice == 1 && level > 0:
			fmt.Fprintf(&b, "...%s{%s}", directive, drawSet(t, level-1, fragment, fragments))
		case choice <= 3 && level > 0:
			name := rapid.SampledFrom([]string{"friends", "a:friends", "__schema"}).Draw(t, "object")
			fmt.Fprintf(&b, "%s%s{%s}", name, directive, drawSet(t, level-1, fragment, fragments))
		default:
			fmt.Fprintf(&b, "f%d%s ", i, directive)
		}
	}
	return b.String()
}

func TestMeasureEqualsExpansion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fragments := rapid.IntRange(0, 4).Draw(t, "fragments")
		text := "{" + drawSet(t, 3, -1, fragments) + "}"
		for i := range fragments {
			text += fmt.Sprintf(" fragment F%d on Person{%s}", i, drawSet(t, 2, i, fragments))
		}
		document, err := parser.ParseQuery(&ast.Source{Input: text})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		m := newMeasurer(document)
		set := document.Operations[0].SelectionSet
		if got, want := m.measure(set), expand(document, set); got != want || m.cycle != nil {
			t.Fatalf("%s: got %+v, want %+v", text, got, want)
		}
		if overlaps := countOverlaps(document, saturated-1); overlaps < len(set) {
			t.Fatalf("%s: %d overlaps", text, overlaps)
		}
	})
}

func TestCacheKeepsWithinItsWeight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const limit = 50
		cache, err := newBounded[int, int](limit)
		if err != nil {
			t.Fatal(err)
		}
		last := map[int]int{}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key, weight := rapid.IntRange(0, 9).Draw(t, "key"), rapid.IntRange(0, 60).Draw(t, "weight")
			if rapid.IntRange(0, 9).Draw(t, "action") == 0 {
				cache.removeIf(func(k int) bool { return k == key })
				delete(last, key)
			} else {
				cache.add(key, weight, weight)
				if weight <= limit {
					last[key] = weight
				}
			}
			total := 0
			for key, want := range last {
				if got, ok := cache.get(key); ok {
					total += got
					if got != want {
						t.Fatalf("key %d: got %d, want %d", key, got, want)
					}
				}
			}
			if total != cache.weight || total > limit {
				t.Fatalf("weight %d, counted %d", cache.weight, total)
			}
		}
	})
}

func TestTextsAreCompleteInBothLanguages(t *testing.T) {
	seen := map[string]bool{}
	for _, entry := range texts() {
		if entry.english == "" || entry.russian == "" || seen[entry.key] {
			t.Errorf("%s: empty or twice", entry.key)
		}
		seen[entry.key] = true
		if a, b := verbs(entry.english), verbs(entry.russian); a != b {
			t.Errorf("%s takes %q in English, %q in Russian", entry.key, a, b)
		}
		if !strings.ContainsFunc(entry.russian, func(r rune) bool { return r >= 'а' && r <= 'я' }) {
			t.Errorf("%s is not Russian: %s", entry.key, entry.russian)
		}
	}
	if len(Keys()) != len(seen) || Text("fr", "cycle", "F") != Text(English, "cycle", "F") || Text(Russian, "unknown") != "unknown" {
		t.Error("lookup")
	}
}

func verbs(format string) string {
	var found []byte
	for i := 0; i+1 < len(format); i++ {
		if format[i] == '%' {
			found = append(found, format[i+1])
		}
	}
	return string(found)
}

func TestLimitsCannotBeUnbounded(t *testing.T) {
	if got := (Limits{Depth: -1, Body: 5}).orDefault(); got.Depth != DefaultLimits().Depth || got.Body != 5 || got.Time <= 0 {
		t.Errorf("got %+v", got)
	}
}
