package access

import (
	"regexp"
	"strings"
)

// A permission is named module:action. A pattern is a permission, module:* or *.
var (
	permissionForm = regexp.MustCompile(`^[a-z][A-Za-z0-9_-]*:[a-z][A-Za-z0-9_.-]*$`)
	relationForm   = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	roleForm       = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)
	kindForm       = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

const (
	everything = "*"
	// anyRelation is the relation in which every thing stands to everybody.
	anyRelation = "any"
)

// patternsOf are the three patterns that a permission can be covered by.
func patternsOf(permission string) [3]string {
	return [3]string{permission, moduleOf(permission) + ":*", everything}
}

func moduleOf(pattern string) string {
	module, _, _ := strings.Cut(pattern, ":")
	return module
}

// covers says whether whoever holds the wide pattern holds all of the narrow one.
func covers(wide, narrow string) bool {
	switch {
	case wide == everything, wide == narrow:
		return true
	case strings.HasSuffix(wide, ":*"):
		return narrow != everything && moduleOf(wide) == moduleOf(narrow)
	default:
		return false
	}
}

// overlap says whether some permission is covered by both patterns.
func overlap(a, b string) bool { return covers(a, b) || covers(b, a) }
