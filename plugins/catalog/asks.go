package catalog

import (
	"cmp"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/manifest"
)

// AskKind is a sort of thing that a plugin asks for.
type AskKind string

const (
	AskPermission AskKind = "PERMISSION"   // a right of its own that roles can be given
	AskRule       AskKind = "DEFAULT_RULE" // a rule that default roles get: clerk orders:edit any allow
	AskRead       AskKind = "READ"         // a core field that it may read
	AskAction     AskKind = "ACTION"       // a mutation that it may run under its caller's rights
	AskHook       AskKind = "HOOK"         // a mutation that it may refuse
	AskHear       AskKind = "HEAR"         // an event that it is brought
	AskSend       AskKind = "SEND"         // an event that it publishes
	AskIndicator  AskKind = "INDICATOR"    // a figure of the year's report
	AskDataClass  AskKind = "DATA_CLASS"   // a sort of personal data that it keeps
	AskPersons    AskKind = "PERSON_DATA"  // rows about persons, and what is left of them: votes.person_id keep
	AskStorage    AskKind = "STORAGE"      // tables, or values
	AskCases      AskKind = "CASES"        // to open cases
)

// Ask is one thing that a plugin asks for.
type Ask struct {
	Kind  AskKind   `json:"kind"`
	Name  string    `json:"name"`
	Title core.Text `json:"title"`
}

// Asks are all that a plugin asks for, by kind and name.
type Asks []Ask

// AsksOf are what the manifest and the default rules ask for.
func AsksOf(m *manifest.Manifest, policy string) Asks {
	var all Asks
	add := func(kind AskKind, name string, title core.Text) {
		all = append(all, Ask{Kind: kind, Name: name, Title: title})
	}
	plain := func(kind AskKind, names []string) {
		for _, name := range names {
			add(kind, name, core.Text{})
		}
	}
	for _, p := range m.Permissions {
		add(AskPermission, p.Name, p.Title.Core())
	}
	plain(AskRule, rulesOf(policy))
	plain(AskRead, m.Reads)
	plain(AskAction, m.Actions)
	for _, h := range m.Hooks {
		add(AskHook, h.Before, h.Reason.Core())
	}
	plain(AskHear, m.Hears)
	for _, e := range m.Sends {
		add(AskSend, e.Name, e.Title.Core())
	}
	for _, i := range m.Indicators {
		add(AskIndicator, i.Key, i.Name.Core())
	}
	for _, d := range m.DataClasses {
		add(AskDataClass, d.Key, core.T(d.Title.En+". "+d.Basis.En, d.Title.Ru+". "+d.Basis.Ru))
		for _, p := range d.Persons {
			add(AskPersons, p.String(), ofPersons(p))
		}
	}
	if m.Migrations != "" {
		add(AskStorage, "tables", core.T("Tables of its own in the database", "Собственные таблицы в базе данных"))
	}
	if m.Values {
		add(AskStorage, "values", core.T("Keys and values of its own", "Собственные ключи и значения"))
	}
	if m.Cases {
		add(AskCases, "open", core.T("To open cases", "Открывать дела"))
	}
	slices.SortFunc(all, func(a, b Ask) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return slices.CompactFunc(all, func(a, b Ask) bool { return a.same(b) })
}

// ofPersons says in words what is left of a person's rows.
func ofPersons(p manifest.Persons) core.Text {
	switch p.Erase {
	case manifest.EraseDelete:
		return core.Textf("Persons' rows in the table %s; deleted when the person is erased", "Строки о людях в таблице %s; при удалении данных человека удаляются", p.Table)
	case manifest.EraseClear:
		return core.Textf("Persons' rows in the table %s; emptied of %s when the person is erased", "Строки о людях в таблице %s; при удалении данных человека в них стирается %s", p.Table, strings.Join(p.Clear, ", "))
	}
	return core.Textf("Persons' rows in the table %s; left without a name when the person is erased", "Строки о людях в таблице %s; при удалении данных человека остаются без имени", p.Table)
}

// rulesOf are the lines of a policy that the guard has read before (access.CheckCard), in words.
func rulesOf(policy string) []string {
	reader := csv.NewReader(strings.NewReader(policy))
	reader.Comment, reader.TrimLeadingSpace, reader.FieldsPerRecord = '#', true, -1
	lines, _ := reader.ReadAll() // read strictly by the guard
	var rules []string
	for _, words := range lines {
		if len(words) == 6 {
			rules = append(rules, strings.Join([]string{strings.TrimSpace(words[1]), strings.TrimSpace(words[3]), strings.TrimSpace(words[4]), strings.TrimSpace(words[5])}, " "))
		}
	}
	return rules
}

func (a Ask) same(b Ask) bool { return a.Kind == b.Kind && a.Name == b.Name }

// Without are those that the others do not hold.
func (a Asks) Without(others Asks) Asks {
	left := Asks{}
	for _, ask := range a {
		if !slices.ContainsFunc(others, ask.same) {
			left = append(left, ask)
		}
	}
	return left
}

// Key stands for exactly these asks of exactly that bundle: an administrator who approves names it, and
// has therefore read them.
func (a Asks) Key(digest string) string {
	lines := []string{digest}
	for _, ask := range a {
		lines = append(lines, string(ask.Kind)+" "+ask.Name)
	}
	return keyOf(lines)
}

func keyOf(lines []string) string {
	sum := sha256.New()
	for _, line := range lines {
		_, _ = fmt.Fprintf(sum, "%d:%s\n", len(line), line) // a hash never fails
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}
