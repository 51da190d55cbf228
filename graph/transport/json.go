package transport

import (
	"strconv"
	"strings"
)

// nesting counts the levels of a JSON text without decoding it, so that a deep one costs no memory. Text that is not JSON gives
// some number; the decoder refuses it afterwards.
func nesting(text []byte) int {
	depth, deepest := 0, 0
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			deepest = max(deepest, depth)
		case c == '}' || c == ']':
			depth--
		}
	}
	return deepest
}

// findNUL names the place of the first text with a NUL in a decoded JSON value. The path is put together only when there is one;
// the nesting is bounded before.
func findNUL(value any) (path string, found bool) {
	switch value := value.(type) {
	case string:
		return "", strings.IndexByte(value, 0) >= 0
	case map[string]any:
		for name, member := range value {
			if strings.IndexByte(name, 0) >= 0 {
				return "", true
			}
			if path, found = findNUL(member); found {
				return "." + name + path, true
			}
		}
	case []any:
		for i, item := range value {
			if path, found = findNUL(item); found {
				return "." + strconv.Itoa(i) + path, true
			}
		}
	}
	return "", false
}
