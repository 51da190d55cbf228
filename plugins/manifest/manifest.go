// Package manifest is plugin.yaml: what a plugin says of itself and asks for. An administrator reads
// it, approves what it asks for, and sees the difference at an upgrade; the host grants nothing that
// does not stand here.
package manifest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// File is its name in a plugin's folder and in a bundle.
const File = "plugin.yaml"

// Manifest is a plugin's card.
type Manifest struct {
	// Name is short and latin: the first part of its permissions, events and keys.
	Name    string `yaml:"name"`
	Version string `yaml:"version"` // SemVer
	// Contract is the version of the contract that it speaks.
	Contract    int    `yaml:"contract"`
	Title       Text   `yaml:"title"`
	Description Text   `yaml:"description,omitempty"`
	Author      string `yaml:"author,omitempty"`
	License     string `yaml:"license,omitempty"`
	// Prefix begins the name of each of its types.
	Prefix string `yaml:"prefix"`
	// Schema is the file of its SDL.
	Schema string `yaml:"schema"`

	Permissions []Permission `yaml:"permissions,omitempty"`
	// Policy is the file of the default roles' rules, as modules write them; empty: none.
	Policy string `yaml:"policy,omitempty"`
	// Reads are the core fields that it may read, Type.field, roots as Query.field.
	Reads []string `yaml:"reads,omitempty"`
	// Actions are the core's mutations that it may run, under its caller's rights.
	Actions []string `yaml:"actions,omitempty"`
	// Hooks are the core's mutations before which it is asked.
	Hooks []Hook `yaml:"hooks,omitempty"`
	// Hears are the events that it is brought: Type.KIND of the core, name of a plugin's.
	Hears []string `yaml:"hears,omitempty"`
	// Sends are the events that it publishes, name.something.
	Sends []Event `yaml:"sends,omitempty"`
	// Settings is the file of the JSON Schema of its settings; a property with writeOnly is a secret.
	Settings   string      `yaml:"settings,omitempty"`
	Indicators []Indicator `yaml:"indicators,omitempty"`
	// DataClasses are the sorts of personal data that it keeps.
	DataClasses []DataClass `yaml:"dataClasses,omitempty"`
	// Migrations is the folder of the SQL files that make its tables, goose's form; empty: it has none.
	Migrations string `yaml:"migrations,omitempty"`
	// Values says that it keeps keys and values.
	Values bool `yaml:"values,omitempty"`
	// Cases says that it opens cases.
	Cases  bool   `yaml:"cases,omitempty"`
	Limits Limits `yaml:"limits,omitempty"`
	// Build is how veche plugin pack and dev make its program.
	Build Build `yaml:"build"`
}

// Text is a text in both languages.
type Text struct {
	Ru string `yaml:"ru"`
	En string `yaml:"en"`
}

// Core is the text as the house has it.
func (t Text) Core() core.Text { return core.T(t.En, t.Ru) }

func (t Text) complete() bool { return t.Ru != "" && t.En != "" }

// Permission is a right that roles can be given.
type Permission struct {
	Name  string `yaml:"name"`
	Title Text   `yaml:"title"`
}

// Hook is an action of the core that the plugin may refuse.
type Hook struct {
	Before string `yaml:"before"` // the mutation's name
	Reason Text   `yaml:"reason"` // why it wants to be asked, for the administrator
	// Failure is what is done when the plugin does not answer: closed refuses the action, open lets it
	// pass and notes it. It is the plugin's proposal; the administrator decides.
	Failure string `yaml:"failure"`
}

// Event is one that the plugin publishes.
type Event struct {
	Name  string `yaml:"name"`
	Title Text   `yaml:"title"`
}

// Indicator is a figure of the year's report. Rows is SQL on the plugin's own tables: a SELECT of id
// (uuid), breakdown (text or null) and day (date), one row for each thing counted; it may use
// $1 and $2, the first and last day.
type Indicator struct {
	Key        string `yaml:"key"` // name.something
	Name       Text   `yaml:"name"`
	Unit       Text   `yaml:"unit"`
	Definition Text   `yaml:"definition"`
	Permission string `yaml:"permission"`
	Type       string `yaml:"type"` // of the plugin, whose ids the rows bear
	Rows       string `yaml:"rows"`
}

// DataClass is a sort of personal data that the plugin keeps (152-FZ).
type DataClass struct {
	Key        string `yaml:"key"`
	Title      Text   `yaml:"title"`
	Basis      Text   `yaml:"basis"`
	KeepMonths int    `yaml:"keepMonths,omitempty"`
	// Persons are the columns of its tables that name persons: Veche itself moves, erases and exports
	// their rows when persons are merged, erased or ask for what is kept of them.
	Persons []Persons `yaml:"persons,omitempty"`
}

// Persons is a column that names persons of the core: a uuid, their key, or a text, their id.
type Persons struct {
	Table  string `yaml:"table"`
	Column string `yaml:"column"`
	// Erase is what is done with a row when its person is erased: keep leaves it, and it names somebody
	// nameless; delete deletes it; clear empties the columns under Clear.
	Erase string   `yaml:"erase"`
	Clear []string `yaml:"clear,omitempty"`
}

// What is done with a person's row.
const (
	EraseKeep   = "keep"
	EraseDelete = "delete"
	EraseClear  = "clear"
)

func (p Persons) String() string {
	return strings.TrimSpace(p.Table + "." + p.Column + " " + p.Erase + " " + strings.Join(p.Clear, " "))
}

// Limits bound the plugin; zero is the default, and none may exceed the host's own.
type Limits struct {
	Timeout time.Duration `yaml:"timeout,omitempty"` // of one call
	Memory  int           `yaml:"memory,omitempty"`  // megabytes of the process
	CPU     float64       `yaml:"cpu,omitempty"`     // cores of the process, where the system can limit it
}

// Build makes the plugin's program.
type Build struct {
	// Run is the command that builds, a line of the shell, in the plugin's folder; VECHE_OS and
	// VECHE_ARCH say for what, VECHE_OUT where to.
	Run string `yaml:"run"`
	// Platforms are linux-amd64 and the like, or any.
	Platforms []string `yaml:"platforms"`
}

var (
	namePattern    = regexp.MustCompile(`^[a-z][a-z0-9]{2,29}$`)
	prefixPattern  = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{2,39}$`)
	versionPattern = regexp.MustCompile(`^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$`)
	sqlPattern     = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)
	ownPattern     = regexp.MustCompile(`^[a-z][a-z0-9]*[.:][a-z][A-Za-z0-9_.-]{0,79}$`)
	coordinate     = regexp.MustCompile(`^[A-Z][A-Za-z0-9_]*\.[a-z_][A-Za-z0-9_]*$`)
	heard          = regexp.MustCompile(`^([A-Z][A-Za-z0-9_]*\.[A-Z_]+|[a-z][a-z0-9]*\.[a-z][A-Za-z0-9_.-]*)$`)
)

// Problems are what is wrong with a manifest, each naming its place in the file.
type Problems []string

func (p Problems) Error() string { return File + ": " + strings.Join(p, "\n"+File+": ") }

// Validate checks what the file alone can say; the SDL is compose's to check.
func (m *Manifest) Validate() error {
	var p Problems
	check := func(ok bool, format string, args ...any) {
		if !ok {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	check(namePattern.MatchString(m.Name), "name: %q is not three to thirty small latin letters and digits", m.Name)
	check(versionPattern.MatchString(m.Version), "version: %q is not of the form 1.2.3", m.Version)
	check(m.Contract == contract.Version, "contract: this Veche speaks version %d, not %d", contract.Version, m.Contract)
	check(m.Title.complete(), "title: give it in ru and en")
	check(prefixPattern.MatchString(m.Prefix), "prefix: %q is not a latin name that begins with a capital letter", m.Prefix)
	check(m.Schema != "", "schema: name the file of the SDL")
	check(len(m.Build.Platforms) > 0, "build.platforms: name at least one, linux-amd64 or any")
	m.validateParts(check)
	if p != nil {
		return p
	}
	return nil
}

func (m *Manifest) validateParts(check func(ok bool, format string, args ...any)) {
	own := func(name, sign string) bool {
		return strings.HasPrefix(name, m.Name+sign) && ownPattern.MatchString(name)
	}
	for i, one := range m.Permissions {
		check(own(one.Name, ":"), "permissions[%d].name: %q is not %s:something", i, one.Name, m.Name)
		check(one.Title.complete(), "permissions[%d].title: give it in ru and en", i)
	}
	for i, one := range m.Reads {
		check(coordinate.MatchString(one), "reads[%d]: %q is not Type.field", i, one)
	}
	for i, one := range m.Hooks {
		check(one.Before != "" && one.Reason.complete(), "hooks[%d]: give before, and reason in ru and en", i)
		check(slices.Contains([]string{"open", "closed"}, one.Failure), "hooks[%d].failure: %q is neither open nor closed", i, one.Failure)
	}
	for i, one := range m.Hears {
		check(heard.MatchString(one), "hears[%d]: %q is neither Type.KIND nor name.event", i, one)
	}
	for i, one := range m.Sends {
		check(own(one.Name, "."), "sends[%d].name: %q is not %s.something", i, one.Name, m.Name)
		check(one.Title.complete(), "sends[%d].title: give it in ru and en", i)
	}
	for i, one := range m.Indicators {
		check(own(one.Key, "."), "indicators[%d].key: %q is not %s.something", i, one.Key, m.Name)
		check(one.Name.complete() && one.Unit.complete() && one.Definition.complete(), "indicators[%d]: give name, unit and definition in ru and en", i)
		check(strings.HasPrefix(one.Type, m.Prefix) && one.Rows != "" && m.Migrations != "", "indicators[%d]: type is one of the plugin's own, rows a SELECT on its tables", i)
		check(m.declares(one.Permission), "indicators[%d].permission: %q is not among permissions", i, one.Permission)
	}
	for i, one := range m.DataClasses {
		check(own(one.Key, ".") && one.Title.complete() && one.Basis.complete(), "dataClasses[%d]: key is %s.something; give title and basis in ru and en", i, m.Name)
	}
	m.validatePersons(check)
	check(m.Limits.Timeout >= 0 && m.Limits.Timeout <= 30*time.Second, "limits.timeout: at most 30s")
	check(m.Limits.Memory >= 0 && m.Limits.Memory <= 4096, "limits.memory: at most 4096 (megabytes)")
	check(m.Limits.CPU == 0 || m.Limits.CPU >= 0.05 && m.Limits.CPU <= 4, "limits.cpu: from 0.05 to 4 (cores)")
}

// validatePersons checks what the file alone can say; whether there are such tables the host sees when it
// has made them.
func (m *Manifest) validatePersons(check func(ok bool, format string, args ...any)) {
	said := map[string]bool{}
	for i, class := range m.DataClasses {
		for j, p := range class.Persons {
			at := fmt.Sprintf("dataClasses[%d].persons[%d]", i, j)
			check(m.Migrations != "", "%s: the plugin has no tables: name a folder of migrations", at)
			check(sqlPattern.MatchString(p.Table) && !strings.HasPrefix(p.Table, "veche_"), "%s.table: %q is no name of a table of the plugin's own, in small latin letters", at, p.Table)
			check(sqlPattern.MatchString(p.Column), "%s.column: %q is no name of a column, in small latin letters", at, p.Column)
			check(slices.Contains([]string{EraseKeep, EraseDelete, EraseClear}, p.Erase), "%s.erase: %q is neither keep, delete nor clear", at, p.Erase)
			check((p.Erase == EraseClear) == (len(p.Clear) > 0), "%s.clear: name the columns to be emptied, with erase: clear alone", at)
			for _, column := range p.Clear {
				check(sqlPattern.MatchString(column) && column != p.Column, "%s.clear: %q is no name of another column, in small latin letters", at, column)
			}
			check(!said[p.Table+"."+p.Column], "%s: %s.%s is said twice", at, p.Table, p.Column)
			said[p.Table+"."+p.Column] = true
		}
	}
}

func (m *Manifest) declares(permission string) bool {
	return slices.ContainsFunc(m.Permissions, func(p Permission) bool { return p.Name == permission })
}
