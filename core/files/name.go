package files

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// nameLength is the most characters of a name.
const nameLength = 150

// CleanName makes of whatever a client calls a file a name without folders, control characters or
// characters that turn the direction of writing, ending in an extension of its type: a program that
// opens it goes by that.
func CleanName(name string, t Type) string {
	name = norm.NFC.String(strings.ToValidUTF8(name, ""))
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune(`"<>|?*:`, r):
			return -1
		case unicode.IsSpace(r):
			return ' '
		}
		return r
	}, name)
	extension := path.Ext(name)
	if !slices.Contains(t.Extensions, strings.ToLower(extension)) {
		extension = t.extension()
	} else {
		name = strings.TrimSuffix(name, extension)
	}
	if runes := []rune(name); len(runes) > nameLength {
		name = string(runes[:nameLength])
	}
	if name = strings.Trim(name, " ."); name == "" {
		name = "file"
	}
	return name + extension
}
