package read

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"

	"github.com/veche-city/veche/core/access"
)

// Type is what a module says of one of its types beside the bun model. SQL in it is written
// against ?TableAlias and may use ?today (the day in the town).
type Type struct {
	Name  string // GraphQL name
	Guard string // permission that guards its rows
	// Rows says where a row stands in the tree of rights, and what makes it the viewer's own.
	Rows access.Rows
	// Only is a relation of Rows in which every viewer must stand to see a row, whatever their roles: for
	// what is nobody else's business.
	Only string
	// Within is for rows that hang on a scope of any kind: they stand where it does.
	Within Within
	// Through is a belongs-to relation of the model by its Go name: a row stands where the row stands
	// that it leads to, in every scope and relation that Rows does not name itself.
	Through string
	// Hangs is for rows that hang on an object of several types: whoever sees it sees them.
	Hangs *Hangs
	// AsOf narrows a list to the rows that stood on the day ?asOf.
	AsOf string
	// Listed narrows the type's list at the root to what a person looks for there (not to merged
	// duplicates, say), unless the filter ListedUnless is given. Other ways to the rows stay.
	Listed       string
	ListedUnless string
	Filters      map[string]Filter
	Orders       map[string][]Key // by the value of the OrderField enum
	Order        string           // the order when none is asked for
	Computed     map[string]Computed
	Groups       map[string]Group
	References   map[string]Reference
	// Lists are the connections that show rows of this type: "Council.members" on another type
	// or "Council.children" on its own.
	Lists map[string]List
	// Refused makes a hidden row of this type an error at its place instead of a silent null:
	// for personal data, which every owner of a row has.
	Refused bool
	// Protected names the permission that shows a field, by the GraphQL field of a column that may
	// be null. Without it the field is null and bears the error FORBIDDEN, whatever the column holds.
	// In the schema the field says the same by @can.
	Protected map[string]string
	// OnRead is told, before the answer, which rows and columns were read, for types whose
	// reading is logged. An error keeps the rows from being shown.
	OnRead func(ctx context.Context, keys []uuid.UUID, columns []string) error
	// Grounds are further relations of another type's rows to the viewer or to the public, by
	// "Person.public": what councils know of a person that people does not.
	Grounds map[string]string
}

// Key is one expression to order by. It must not be null.
type Key struct {
	SQL  string
	Cast string // its Postgres type, as in a cast; text when empty
}

// Filter is one condition that a list can be asked for. What is compared with a bare column of dates
// or moments (?TableAlias.starts_on) is read as such first, so that a wrong one is told by its field.
type Filter struct {
	SQL string // the expression compared; a SELECT where a row has several values, any of which may do
	// ID is the GraphQL type of the ids compared, where they are ids; AnyType where SQL is a pair,
	// the type's name and the key.
	ID string
	// Search makes it a search by likeness in SQL, a column folded by the function fold_name.
	Search bool
	// Condition says that SQL is a condition, which is asked as {eq: true} or {eq: false}: it stands in
	// the statement as it is, so that the planner can read from an index the rows on which it holds.
	Condition bool
}

// Computed is a field that SQL works out. It may use ?asOf (the argument, today when not given),
// and ?visible, the viewer's filter on the type Counts under the alias counted.
type Computed struct {
	SQL    string
	Counts string
	// ID makes an opaque id of it: the GraphQL type whose key SQL is (a uuid), or AnyType where SQL is
	// the type and the key in one text, Council:0195….
	ID string
	// Show makes what is shown of the text that SQL gives, where no expression could: an address that
	// is signed for the caller, say. It must give the same for the same caller at one moment, and asks
	// nothing of the database.
	Show func(ctx context.Context, text string) string
}

// Group is a field that shows several expressions as one object of a type of its own, which has no
// id: a Point of longitude and latitude. It is null where When does not hold.
type Group struct {
	When   string // a condition; empty: never null
	Fields map[string]Computed
}

// Reference is a field that shows one object of any declared type, found by two expressions: the
// name of its GraphQL type and its key. It is null where either is, or the viewer may not see it.
type Reference struct{ Type, Key string }

// List is a connection: the rows of this type whose relation By leads to the parent.
type List struct {
	By    string // Go name of a belongs-to field of this model, or of a column that holds the parent's key
	Order string // an order of this type's; its default when empty
	Where string // more that must hold
	Today bool   // as of today when the argument asOf is not given
}

// typ is a Type joined to its bun table.
type typ struct {
	Type
	model     reflect.Type
	table     *schema.Table
	key       *schema.Field
	columns   map[string]*schema.Field
	protected map[*schema.Field]string // the permissions of Protected
	relations map[string]*relation
	lists     map[string]*list
	satisfies []string
	byHand    map[string]bool // fields that a module resolves by hand
	settled   bool
}

type relation struct {
	target     reflect.Type
	base, join *schema.Field
}

type list struct {
	List
	of     *typ
	parent *schema.Field // the parent's column that is referred to
	child  *schema.Field // the column that refers
}

type declaration func(*Reader) error

// Declare adds a type. Types that its lists and grounds name must be declared by the time of Check.
func Declare[M any](r *Reader, t Type) {
	if r.byName[t.Name] != nil || r.byModel[reflect.TypeFor[M]()] != nil {
		r.pending = append(r.pending, func(*Reader) error { return fmt.Errorf("read: %s is declared twice", t.Name) })
	}
	d := &typ{Type: t, model: reflect.TypeFor[M](), lists: map[string]*list{}, satisfies: []string{t.Name, "Node"}}
	r.byName[t.Name] = d
	r.byModel[d.model] = d
	r.pending = append(r.pending, func(r *Reader) error { return d.join(r) })
	for place, l := range t.Lists {
		r.pending = append(r.pending, func(r *Reader) error { return d.hang(r, place, l) })
	}
	for place, sql := range t.Grounds {
		r.pending = append(r.pending, func(r *Reader) error { return r.ground(place, sql) })
	}
	r.pending = append(r.pending, func(r *Reader) error { return d.check(r) })
}

// join reads the model's tags.
func (t *typ) join(r *Reader) error {
	t.table = r.db.Table(t.model)
	t.columns = map[string]*schema.Field{}
	for _, f := range t.table.Fields {
		t.columns[fold(f.GoName)] = f
	}
	t.protected = map[*schema.Field]string{}
	for name, permission := range t.Protected {
		column := t.columns[fold(name)]
		if column == nil || column.StructField.Type.Kind() != reflect.Pointer {
			return fmt.Errorf("read: %s protects %s, which is no column that may be null", t.Name, name)
		}
		t.protected[column] = permission
	}
	t.relations = map[string]*relation{}
	for name, rel := range t.table.Relations {
		joined, err := joinOf(rel)
		if err != nil {
			return fmt.Errorf("read: %s.%s: %w", t.Name, name, err)
		}
		t.relations[fold(name)] = joined
	}
	for _, f := range t.table.PKs {
		if f.Name != tenant {
			t.key = f
		}
	}
	if t.key == nil || t.key.StructField.Type != reflect.TypeFor[uuid.UUID]() {
		return fmt.Errorf("read: %s needs one key of type uuid beside its municipality", t.Name)
	}
	if !reflect.PointerTo(t.model).Implements(reflect.TypeFor[Object]()) {
		return fmt.Errorf("read: %s does not embed read.Row", t.model)
	}
	return nil
}

// check finds names in the declaration that name nothing: they would fail at the first question.
func (t *typ) check(r *Reader) error {
	orders := []string{t.Order}
	for _, l := range t.Lists {
		orders = append(orders, l.Order)
	}
	for _, order := range orders {
		if _, ok := t.Orders[order]; !ok && order != "" {
			return fmt.Errorf("read: %s is ordered by %s, which it does not declare", t.Name, order)
		}
	}
	for order, keys := range t.Orders {
		for _, k := range keys {
			if casts[cmp.Or(k.Cast, "text")] == nil {
				return fmt.Errorf("read: %s is ordered by %s as %s, a type that no cursor can hold", t.Name, order, k.Cast)
			}
		}
	}
	for name, c := range t.Computed {
		if c.Counts != "" && r.byName[c.Counts] == nil {
			return fmt.Errorf("read: %s.%s counts %s, which is not declared", t.Name, name, c.Counts)
		}
	}
	return nil
}

// checkFields finds fields that are declared in two ways, of which one would never be asked.
func (t *typ) checkFields() error {
	ways := map[string]int{}
	for _, names := range [][]string{
		keysIn(t.columns), keysIn(t.relations), keysIn(t.lists), keysIn(t.Computed), keysIn(t.Groups), keysIn(t.References),
	} {
		for _, name := range names {
			if ways[fold(name)]++; ways[fold(name)] > 1 {
				return fmt.Errorf("read: %s.%s is declared in two ways", t.Name, name)
			}
		}
	}
	for name, g := range t.Groups {
		for part, c := range g.Fields {
			if c.Counts != "" {
				return fmt.Errorf("read: %s.%s.%s counts rows, which a field of a group cannot", t.Name, name, part)
			}
			if c.Show != nil {
				return fmt.Errorf("read: %s.%s.%s is shown by a function, which a field of a group cannot", t.Name, name, part)
			}
		}
	}
	return nil
}

func keysIn[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }

// joinOf is the pair of columns that a relation joins by, beside the municipality.
func joinOf(rel *schema.Relation) (*relation, error) {
	if rel.Type != schema.BelongsToRelation && rel.Type != schema.HasOneRelation {
		return nil, fmt.Errorf("leads to many rows: declare a list instead")
	}
	joined := &relation{target: rel.JoinTable.Type}
	for i, base := range rel.BasePKs {
		if base.Name == tenant {
			continue
		}
		if joined.base != nil {
			return nil, fmt.Errorf("joins by more than one column beside the municipality")
		}
		joined.base, joined.join = base, rel.JoinPKs[i]
	}
	if joined.base == nil {
		return nil, fmt.Errorf("joins by no column of its own")
	}
	if id := reflect.TypeFor[uuid.UUID](); joined.base.IndirectType != id || joined.join.IndirectType != id {
		return nil, fmt.Errorf("joins by columns that are no uuid")
	}
	return joined, nil
}

// hang puts a list of t's rows on its parent's type.
func (t *typ) hang(r *Reader, place string, l List) error {
	parent, field, err := r.place(place)
	if err != nil {
		return err
	}
	on := &list{List: l, of: t}
	rel, column := t.relations[fold(l.By)], t.columns[fold(l.By)]
	switch {
	case rel != nil && rel.target == parent.model:
		on.parent, on.child = rel.join, rel.base
	case rel == nil && column != nil && column.IndirectType == reflect.TypeFor[uuid.UUID]():
		on.parent, on.child = parent.key, column
	default:
		return fmt.Errorf("read: the list %s goes by %s.%s, which is neither a relation to %s nor a key", place, t.Name, l.By, parent.Name)
	}
	parent.lists[fold(field)] = on
	return nil
}

// AddList adds a list of a type that was declared before: a later module's objects show rows of an
// earlier one's, which hold their key.
func AddList[M any](r *Reader, place string, l List) {
	r.pending = append(r.pending, func(r *Reader) error {
		t, err := typeOf[M](r)
		if err != nil {
			return err
		}
		return t.hang(r, place, l)
	})
}

// ground widens a relation of another type's rows: any of its grounds makes it hold.
func (r *Reader) ground(place, sql string) error {
	t, name, err := r.place(place)
	if err != nil {
		return err
	}
	relations := maps.Clone(t.Rows.Relations)
	if relations == nil {
		relations = map[string]string{}
	}
	if had := relations[name]; had != "" {
		sql = "(" + had + " OR " + sql + ")" // Postgres tries them in this order: what later modules add is rarer
	}
	relations[name] = sql
	t.Rows.Relations = relations
	return nil
}

func (r *Reader) place(place string) (*typ, string, error) {
	for i, c := range place {
		if c == '.' {
			if t := r.byName[place[:i]]; t != nil {
				return t, place[i+1:], nil
			}
		}
	}
	return nil, "", fmt.Errorf("read: %s is not a field of a declared type", place)
}

// Ready joins all declarations. It is called once, after the last module was made; a declaration
// that does not fit stops the start.
func (r *Reader) Ready() error {
	for _, join := range r.pending {
		if err := join(r); err != nil {
			return err
		}
	}
	r.pending = nil
	for _, name := range r.Types() {
		if err := r.byName[name].settle(r); err != nil {
			return err
		}
		if err := r.byName[name].checkFields(); err != nil {
			return err
		}
	}
	return nil
}

// Answers says whether the field of the type is declared, point.latitude being one of a group; the
// start checks every field whose resolver was generated.
func (r *Reader) Answers(object, field string) bool {
	t := r.byName[object]
	if t == nil {
		return false
	}
	f := fold(field)
	_, computed := t.Computed[field]
	field, part, within := strings.Cut(field, ".")
	g, group := t.Groups[field]
	if within {
		_, group = g.Fields[part]
		return group
	}
	_, reference := t.References[field]
	return t.columns[f] != nil || t.relations[f] != nil || t.lists[f] != nil || computed || group || reference
}

// Protects is the permission that shows the field; empty where the rows' own guard is enough.
func (r *Reader) Protects(object, field string) string {
	if t := r.byName[object]; t != nil {
		return t.Protected[field]
	}
	return ""
}

// Types are the names of all declared types, in order.
func (r *Reader) Types() []string { return slices.Sorted(maps.Keys(r.byName)) }

// DB is the pool, for the services' own reads.
func (r *Reader) DB() *bun.DB { return r.db }

const tenant = "municipality_id"
