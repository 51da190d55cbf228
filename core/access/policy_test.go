package access

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

func TestPolicyFileIsReadStrictly(t *testing.T) {
	db := database(t)
	for name, c := range map[string]struct{ policy, says string }{
		"too few words":           {"p, clerk, *, alpha:read, any", "alpha/policy.csv: line 1: 5 words instead of 6"},
		"too many words":          {"p, clerk, *, alpha:read, any, allow, 1", "line 1: 7 words"},
		"not p":                   {"g, clerk, *, alpha:read, any, allow", `begins with "g"`},
		"unknown role":            {"# roles\n\np, boss, *, alpha:read, any, allow", `line 3: there is no default role "boss"`},
		"role in capitals":        {"p, Clerk, *, alpha:read, any, allow", `no default role "Clerk"`},
		"scope":                   {"p, clerk, district, alpha:read, any, allow", `the scope is "district"`},
		"unknown permission":      {"p, clerk, *, alpha:raed, any, allow", `does not declare the permission "alpha:raed"`},
		"another's permission":    {"p, clerk, *, permissions:read, any, allow", "module alpha does not declare"},
		"another's pattern":       {"p, clerk, *, permissions:*, any, allow", "module alpha does not declare"},
		"everything":              {"p, clerk, *, *, any, allow", "module alpha does not declare"},
		"empty relation":          {"p, clerk, *, alpha:read, , allow", "is not a relation"},
		"effect":                  {"p, clerk, *, alpha:read, any, permit", `the effect is "permit"`},
		"unclosed quote":          {"p, clerk, *, \"alpha:read, any, allow", "alpha/policy.csv: "},
		"twice":                   {"p, clerk, *, alpha:read, any, allow\np, clerk, *, alpha:read, any, allow", "line 2 says again, or denies, what line 1 says"},
		"allowed and denied":      {"p, clerk, *, alpha:read, any, allow\np, clerk, *, alpha:read, any, deny", "line 2 says again, or denies"},
		"after a good line":       {"p, clerk, *, alpha:read, any, allow\np, clerk", "line 2: 2 words"},
		"semicolons, not a comma": {"p; clerk; *; alpha:read; any; allow", "1 words instead of 6"},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(clockAt("2012-05-15T05:00:00Z"))
			s.Modules = []core.Info{{Name: "alpha", Permissions: testModules[0].Permissions, Policy: c.policy}}
			_, err := New(db, s)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want %q in it", err, c.says)
			}
		})
	}
}

func TestModulesDeclarePermissionsOnceAndUnderTheirName(t *testing.T) {
	db := database(t)
	for name, modules := range map[string][]core.Info{
		"another's name": {{Name: "alpha", Permissions: []core.Permission{{Name: "beta:read"}}}},
		"a pattern":      {{Name: "alpha", Permissions: []core.Permission{{Name: "alpha:*"}}}},
		"no action":      {{Name: "alpha", Permissions: []core.Permission{{Name: "alpha"}}}},
		"twice":          {{Name: "alpha", Permissions: []core.Permission{{Name: "alpha:a"}, {Name: "alpha:a"}}}},
		"one twice":      {Info(), Info()},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings(clockAt("2012-05-15T05:00:00Z"))
			s.Modules = modules
			if _, err := New(db, s); err == nil {
				t.Error("accepted")
			}
		})
	}
	if _, err := New(db, Settings{Log: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a guard without a clock")
	}
	s := settings(clockAt("2012-05-15T05:00:00Z"))
	s.Modules = append(s.Modules, core.Info{Name: "seats", Grants: []core.Grant{{Name: "seats", Query: "SELECT person_id, role, scope_kind, scope_id FROM seats"}}})
	if _, err := New(db, s); err == nil || !strings.Contains(err.Error(), "seats") {
		t.Errorf("a grant over all towns: %v", err)
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		wide, narrow    string
		covers, overlap bool
	}{
		{"*", "a:b", true, true},
		{"*", "*", true, true},
		{"a:*", "a:b", true, true},
		{"a:*", "a:*", true, true},
		{"a:b", "a:b", true, true},
		{"a:b", "a:*", false, true},
		{"a:*", "*", false, true},
		{"a:b", "*", false, true},
		{"a:*", "ab:c", false, false},
		{"a:b", "a:bc", false, false},
	} {
		if covers(c.wide, c.narrow) != c.covers || overlap(c.wide, c.narrow) != c.overlap {
			t.Errorf("%s and %s: covers %v, overlap %v", c.wide, c.narrow, covers(c.wide, c.narrow), overlap(c.wide, c.narrow))
		}
	}
}
