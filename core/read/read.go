// Package read answers every question of the schema from one declaration a type.
//
// A module declares a type once: columns and relations by the bun tags of its model, and beside
// it, as data (Type), what tags cannot say: the permission that guards its rows, where a row
// stands in the tree of rights, filters, orders, expressions, groups, references, lists. A module
// writes no loader, no relation resolver, no paging. Two ways of reading follow from it, and give
// the same bytes and the same errors:
//
//   - compiled (part.go): what an operation wants of a declared field is one statement, composed once
//     (compile.go) and prepared, whose binary rows are written straight to JSON (write.go);
//   - by resolvers, which cmd/generate writes over Get, All, One, Page, Value, Grouped, Refer, Column
//     and Changed: the selection of a field is planned when it begins (plan.go) and loaded level by
//     level (load.go), and the resolvers below pick up what was loaded for their place. What a module
//     computes in Go goes this way, and it is the referee of the other.
//
// A statement names only columns that the selection needs. The tenant and the viewer's rights are
// part of every statement, so that lists, counts and node(id) are right and leak nothing. What a
// statement holds is said once, for both (statement.go).
//
// Nobody else reads for the graph; services read their own rows, and ask Require first.
package read

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/postgres"
)

// Guard decides what the caller may read; *access.Guard is the one in use.
type Guard interface {
	Decide(ctx context.Context, permission string) (access.Decision, error)
	Standing(ctx context.Context) (access.Standing, error)
}

// Reader knows the declared types and reads them. It is made once, filled by the modules'
// constructors (Declare), joined by Ready and then only read, by any number of requests.
type Reader struct {
	db      *bun.DB
	pool    *pgxpool.Pool
	mode    pgx.QueryExecMode // of compiled statements
	gen     schema.QueryGen
	guard   Guard
	clock   core.Clock
	maxPage int
	byName  map[string]*typ
	byModel map[reflect.Type]*typ
	inputs  map[string]*ast.Definition // of the schema: what arguments are read by
	pending []declaration              // lists and grounds on types that were declared earlier
	// statements are those of compiled parts, the latest used.
	statements *lru.Cache[statementKey, *statement]
}

// mostStatements, with largestKept, bounds the memory that composed statements take.
const mostStatements = 2048

// DefaultPage is how many a list gives when neither first nor last says.
const DefaultPage = 20

// New makes a Reader; maxPage caps first and last.
func New(db *postgres.DB, guard Guard, clock core.Clock, maxPage int) *Reader {
	statements, err := lru.New[statementKey, *statement](mostStatements)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return &Reader{
		db: db.DB, pool: db.Pool, mode: db.Prepared, gen: db.QueryGen(), guard: guard, clock: clock, maxPage: maxPage,
		byName: map[string]*typ{}, byModel: map[reflect.Type]*typ{}, statements: statements,
	}
}

// Row is embedded by every declared model, with the tag bun:"-". It keeps what was loaded below
// the row for each place of the operation, under the place's field.
type Row struct {
	below []place // few, so that a search beats a map
}

// place is what stands at one field of one row: a row, a pageRows, a value, nil, or an error.
type place struct {
	field *ast.Field
	value any
}

func (r *Row) row() *Row { return r }

// IsNode makes every declared model a core.Node.
func (Row) IsNode() {}

// Object is a pointer to a declared model.
type Object interface{ row() *Row }

func (r *Row) put(field *ast.Field, v any) {
	for i := range r.below {
		if r.below[i].field == field {
			r.below[i].value = v
			return
		}
	}
	r.below = append(r.below, place{field, v})
}

// at is what was loaded for the field; ok is false when nothing was planned for it.
func (r *Row) at(field *ast.Field) (v any, ok bool, err error) {
	for i := range r.below {
		if r.below[i].field == field {
			err, _ = r.below[i].value.(error)
			return r.below[i].value, true, err
		}
	}
	return nil, false, nil
}

// typeOf is the declaration of the model M.
func typeOf[M any](r *Reader) (*typ, error) {
	t := r.byModel[reflect.TypeFor[M]()]
	if t == nil {
		return nil, fmt.Errorf("read: %s is not declared", reflect.TypeFor[M]())
	}
	return t, nil
}

// key is the row's own key.
func (t *typ) keyOf(row reflect.Value) uuid.UUID {
	return t.key.Value(row.Elem()).Interface().(uuid.UUID)
}

// module is the module that declared the type: the first part of the permission that guards it.
func (t *typ) module() string {
	name, _, _ := strings.Cut(t.Guard, ":")
	return name
}

// fold is how names are compared: GraphQL's fullName is Go's FullName.
func fold(name string) string { return strings.ToLower(name) }

// MaxPage caps first and last.
func (r *Reader) MaxPage() int { return r.maxPage }
