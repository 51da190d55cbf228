package access

import (
	"regexp"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
)

// Rows says, for one table, where its rows stand and how they relate to the actor. A module
// declares it beside the model. A kind or relation that is not named holds for no row.
//
// The expressions are written against ?TableAlias and hold no other question mark than the words
// named here.
type Rows struct {
	// Scopes gives, for a scope's kind, the row's scope of that kind: an expression of type uuid
	// (?TableAlias.district_id), or a SELECT of one uuid column where a row may stand in several.
	Scopes map[string]string
	// Relations gives the predicate of a relation; ?actor_account and ?actor_person are the
	// actor's, NULL when there is none.
	Relations map[string]string
}

// Argument is a value in a predicate.
type Argument struct {
	Of  ArgumentKind
	Key uuid.UUID
}

// ArgumentKind is where a value of a predicate comes from: from the rights themselves, which all
// actors of one Standing share, or from who asks.
type ArgumentKind int

const (
	OfRights ArgumentKind = iota
	OfAccount
	OfPerson
)

// Predicate is the decision as a condition over the table: TRUE, FALSE, or a filter, with each value
// as write puts it. NULL counts as false, as WHERE and CASE WHEN have it. With an empty alias
// ?TableAlias is left for bun to fill.
//
// It holds for exactly the rows whose Resource Allows accepts.
func (d Decision) Predicate(rows Rows, alias string, write func(Argument) string) string {
	if d.All() {
		return "TRUE"
	}
	if d.None() {
		return "FALSE"
	}
	w := &sqlWriter{rows: rows, alias: alias, account: d.account, person: d.person, write: write}
	w.anyOf(d.to.allow)
	if w.empty() {
		return "FALSE"
	}
	allow := w.text.String()
	w.text.Reset()
	if w.anyOf(d.to.deny); w.empty() {
		return allow
	}
	// IS NOT TRUE, since a row without a district does not stand in the denied one.
	return allow + " AND " + w.text.String() + " IS NOT TRUE"
}

// SQL is Predicate with its arguments, in bun's notation.
func (d Decision) SQL(rows Rows, alias string) (predicate string, args []any) {
	predicate = d.Predicate(rows, alias, func(a Argument) string {
		args = append(args, a.Key)
		return "?::uuid"
	})
	return predicate, args
}

// sqlWriter writes conditions.
type sqlWriter struct {
	rows            Rows
	alias           string
	account, person uuid.UUID
	write           func(Argument) string
	text            strings.Builder
}

func (w *sqlWriter) empty() bool { return w.text.Len() == 0 }

// group is conditions that differ only in the id of one scope: they become one IN.
type group struct {
	first condition
	ids   []uuid.UUID
}

// anyOf writes (a OR b ...); nothing when no condition can hold for these rows.
func (w *sqlWriter) anyOf(conditions []condition) {
	for _, g := range grouped(conditions) {
		if !w.expressible(g.first) {
			continue
		}
		if w.empty() {
			w.text.WriteString("(")
		} else {
			w.text.WriteString(" OR ")
		}
		w.all(g)
	}
	if !w.empty() {
		w.text.WriteString(")")
	}
}

func grouped(conditions []condition) []group {
	var groups []group
	for _, c := range conditions {
		if len(c.scopes) != 1 {
			groups = append(groups, group{first: c})
			continue
		}
		i := slices.IndexFunc(groups, func(g group) bool {
			return len(g.ids) > 0 && g.first.relation == c.relation && g.first.scopes[0].Kind == c.scopes[0].Kind
		})
		if i < 0 {
			groups = append(groups, group{first: c})
			i = len(groups) - 1
		}
		groups[i].ids = append(groups[i].ids, c.scopes[0].ID)
	}
	return groups
}

func (w *sqlWriter) expressible(c condition) bool {
	if c.relation != anyRelation && w.rows.Relations[c.relation] == "" {
		return false
	}
	return !slices.ContainsFunc(c.scopes, func(s core.Scope) bool { return w.rows.Scopes[s.Kind] == "" })
}

// all writes a AND b AND c.
func (w *sqlWriter) all(g group) {
	var parts int
	and := func() {
		if parts++; parts > 1 {
			w.text.WriteString(" AND ")
		}
	}
	if len(g.ids) > 0 {
		and()
		w.standsIn(g.first.scopes[0].Kind, g.ids)
	} else {
		for _, scope := range g.first.scopes {
			and()
			w.standsIn(scope.Kind, []uuid.UUID{scope.ID})
		}
	}
	if g.first.relation != anyRelation {
		and()
		w.text.WriteString("(")
		w.expand(w.rows.Relations[g.first.relation])
		w.text.WriteString(")")
	}
	if parts == 0 {
		w.text.WriteString("TRUE")
	}
}

// standsIn writes that the row's scope of the kind is one of ids. A column is compared bare, so
// that its index serves.
func (w *sqlWriter) standsIn(kind string, ids []uuid.UUID) {
	expression := w.rows.Scopes[kind]
	if IsSelect(expression) {
		w.text.WriteString("EXISTS (SELECT FROM (")
		w.expand(expression)
		w.text.WriteString(") AS standing (scope) WHERE standing.scope")
	} else {
		w.expand(expression)
	}
	w.text.WriteString(" IN (")
	for i, id := range ids {
		if i > 0 {
			w.text.WriteString(", ")
		}
		w.argument(id)
	}
	w.text.WriteString(")")
	if IsSelect(expression) {
		w.text.WriteString(")")
	}
}

var selectForm = regexp.MustCompile(`(?i)^[\s(]*select\s`)

// IsSelect says whether a scope's expression is a SELECT, whose rows are scopes in which the row stands.
func IsSelect(expression string) bool { return selectForm.MatchString(expression) }

func (w *sqlWriter) argument(id uuid.UUID) { w.text.WriteString(w.value(Argument{OfRights, id})) }

func (w *sqlWriter) value(a Argument) string {
	if a.Key == uuid.Nil {
		return "NULL::uuid"
	}
	return w.write(a)
}

var rowsWord = regexp.MustCompile(`\?(TableAlias|actor_account|actor_person)\b`)

// expand writes a module's expression with its words filled in.
func (w *sqlWriter) expand(expression string) {
	w.text.WriteString(rowsWord.ReplaceAllStringFunc(expression, func(word string) string {
		switch {
		case word == "?actor_account":
			return w.value(Argument{OfAccount, w.account})
		case word == "?actor_person":
			return w.value(Argument{OfPerson, w.person})
		case w.alias == "":
			return word
		default:
			return pgx.Identifier{w.alias}.Sanitize()
		}
	}))
}
