package house_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// apart tells where two answers differ: in their data, their order, and their errors. Where a null that must
// not be took others with it, what was wrong with those may be told or not (GraphQL, section 6.4.4: they
// may be cancelled), as long as both tell why the place is null.
func apart(want, got *object) string {
	if a, b := compact(want.get("data")), compact(got.get("data")); a != b {
		return "the data differ\n" + difference(reply{body: a}, reply{body: b}) + "\nerrors: " + strings.Join(errorsOf(want), " ")
	}
	a, b := errorsOf(want), errorsOf(got)
	if slices.Equal(a, b) || len(b) >= mostShown {
		return ""
	}
	common := slices.DeleteFunc(slices.Clone(a), func(e string) bool { return !slices.Contains(b, e) })
	for _, e := range slices.Concat(a, b) {
		if slices.Contains(common, e) {
			continue
		}
		place := nulled(got.get("data"), e)
		if place == "" || !slices.ContainsFunc(common, func(c string) bool { return strings.HasPrefix(c, place) }) {
			return fmt.Sprintf("the errors differ\nthere:\n%s\nVeche:\n%s", strings.Join(a, "\n"), strings.Join(b, "\n"))
		}
	}
	return ""
}

// nulled is how the paths begin of all that was lost with the null above an error's place; empty when nothing
// above it is null.
func nulled(data any, told string) string {
	path, _, _ := strings.Cut(told, "] ")
	var steps []any
	if json.Unmarshal([]byte(path+"]"), &steps) != nil {
		return ""
	}
	for i, step := range steps {
		switch v := data.(type) {
		case nil:
			if i == 0 {
				return "["
			}
			above, _ := json.Marshal(steps[:i])
			return strings.TrimSuffix(string(above), "]") + ","
		case *object:
			name, _ := step.(string)
			data = v.get(name)
		case []any:
			n, isIndex := step.(float64)
			if !isIndex || int(n) >= len(v) {
				return ""
			}
			data = v[int(n)]
		}
	}
	return ""
}

func compact(v any) string {
	text, _ := json.Marshal(v)
	return string(text)
}
