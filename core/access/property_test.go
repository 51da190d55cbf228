package access

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// thing is a row of the test's table: it stands in a district or none and in any number of bodies.
type thing struct {
	bun.BaseModel `bun:"table:things,alias:thing"`
	postgres.Owned
	ID       uuid.UUID   `bun:"id,pk,type:uuid"`
	District *uuid.UUID  `bun:"district_id,type:uuid"`
	Bodies   []uuid.UUID `bun:"bodies,type:uuid[],array"`
	Owner    *uuid.UUID  `bun:"owner,type:uuid"`
	Member   *uuid.UUID  `bun:"member,type:uuid"`
}

const thingsTable = `CREATE TABLE things (municipality_id uuid, id uuid PRIMARY KEY, district_id uuid,
	bodies uuid[] NOT NULL, owner uuid, member uuid)`

// thingRows leaves out the scope kind office and the relation assigned, which hold for no thing.
var thingRows = Rows{
	Scopes: map[string]string{
		"district": "?TableAlias.district_id",
		"body":     "SELECT unnest(?TableAlias.bodies)",
	},
	Relations: map[string]string{
		"own":    "?TableAlias.owner = ?actor_account",
		"member": "?TableAlias.member = ?actor_person OR ?actor_person = ?TableAlias.owner",
	},
}

func (th thing) resource(actor core.Actor) Resource {
	var r Resource
	if th.District != nil {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "district", ID: *th.District})
	}
	for _, body := range th.Bodies {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "body", ID: body})
	}
	same := func(a *uuid.UUID, b uuid.UUID) bool { return a != nil && b != uuid.Nil && *a == b }
	if same(th.Owner, actor.Account) {
		r.Relations = append(r.Relations, "own")
	}
	if same(th.Member, actor.Person) || same(th.Owner, actor.Person) {
		r.Relations = append(r.Relations, "member")
	}
	return r
}

// world is one random case.
type world struct {
	roles       []*Role
	parents     []*RoleParent
	rules       []*Rule
	assignments []*RoleAssignment
	things      []*thing
	actors      []core.Actor // anonymous first; assignments not filled
}

// pool are ids that a case chooses from, so that its parts meet.
type pool struct{ districts, bodies, offices, accounts, persons []uuid.UUID }

func drawPool(t *rapid.T) pool {
	ids := func(n int) (ids []uuid.UUID) {
		for range n {
			ids = append(ids, core.NewID())
		}
		return ids
	}
	return pool{districts: ids(2), bodies: ids(3), offices: ids(1),
		accounts: ids(rapid.IntRange(1, 3).Draw(t, "accounts")), persons: ids(2)}
}

func drawWorld(t *rapid.T, today core.Date) world {
	p := drawPool(t)
	var w world
	keys := []string{roleAnonymous, roleResident}
	for i := range rapid.IntRange(1, 5).Draw(t, "roles") {
		keys = append(keys, fmt.Sprintf("role_%d", i))
	}
	for i, key := range keys {
		w.roles = append(w.roles, &Role{ID: core.NewID(), Key: key})
		for _, parent := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 2, rapid.ID).Draw(t, "parents of "+key) {
			if slices.Index(keys, parent) < i {
				w.parents = append(w.parents, &RoleParent{Role: key, Parent: parent})
			}
		}
	}
	for range rapid.IntRange(0, 14).Draw(t, "rules") {
		w.rules = append(w.rules, drawRule(t, keys, p))
	}
	w.rules = slices.CompactFunc(slices.SortedFunc(slices.Values(w.rules), byRule), func(a, b *Rule) bool { return byRule(a, b) == 0 })
	w.actors = []core.Actor{{Kind: core.Anonymous}}
	for _, account := range p.accounts {
		w.actors = append(w.actors, core.Actor{Kind: core.Account, Account: account,
			Person: rapid.SampledFrom(append(p.persons, uuid.Nil)).Draw(t, "person")})
		for _, role := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 4, rapid.ID).Draw(t, "held") {
			w.assignments = append(w.assignments, drawAssignment(t, account, role, drawScope(t, p), today))
		}
	}
	for range rapid.IntRange(1, 8).Draw(t, "things") {
		w.things = append(w.things, drawThing(t, p))
	}
	return w
}

func byRule(a, b *Rule) int {
	word := func(r *Rule) string { return fmt.Sprint(r.Role, r.Scope(), r.Permission, r.Relation, r.Effect) }
	switch x, y := word(a), word(b); {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

func drawScope(t *rapid.T, p pool) core.Scope {
	switch kind := rapid.SampledFrom([]string{"", "", "district", "body", "body", "office"}).Draw(t, "scope"); kind {
	case "district":
		return core.Scope{Kind: kind, ID: rapid.SampledFrom(p.districts).Draw(t, "district")}
	case "body":
		return core.Scope{Kind: kind, ID: rapid.SampledFrom(p.bodies).Draw(t, "body")}
	case "office":
		return core.Scope{Kind: kind, ID: p.offices[0]}
	default:
		return core.Everywhere
	}
}

func drawRule(t *rapid.T, keys []string, p pool) *Rule {
	scope := drawScope(t, p)
	return &Rule{ID: core.NewID(), Role: rapid.SampledFrom(keys).Draw(t, "role"), ScopeKind: scope.Kind, ScopeID: scope.ID,
		Permission: rapid.SampledFrom([]string{"alpha:read", "alpha:read", "alpha:edit", "beta:read", "alpha:*", "beta:*", "*"}).Draw(t, "permission"),
		Relation:   rapid.SampledFrom([]string{"any", "any", "own", "member", "assigned"}).Draw(t, "relation"),
		Effect:     rapid.SampledFrom([]string{"allow", "allow", "allow", "deny"}).Draw(t, "effect")}
}

func drawAssignment(t *rapid.T, account uuid.UUID, role string, scope core.Scope, today core.Date) *RoleAssignment {
	a := &RoleAssignment{ID: core.NewID(), AccountID: account, Role: role, ScopeKind: scope.Kind, ScopeID: scope.ID,
		StartsOn: today.AddDays(rapid.IntRange(-3, 1).Draw(t, "starts"))}
	if rapid.Bool().Draw(t, "dated") {
		end := a.StartsOn.AddDays(rapid.IntRange(0, 3).Draw(t, "days"))
		a.EndsOn = &end
	}
	return a
}

func drawThing(t *rapid.T, p pool) *thing {
	maybe := func(ids []uuid.UUID, label string) *uuid.UUID {
		if i := rapid.IntRange(-1, len(ids)-1).Draw(t, label); i >= 0 {
			return &ids[i]
		}
		return nil
	}
	return &thing{ID: core.NewID(), District: maybe(p.districts, "in district"),
		Bodies: rapid.SliceOfNDistinct(rapid.SampledFrom(p.bodies), 0, 2, rapid.ID).Draw(t, "in bodies"),
		Owner:  maybe(append(slices.Clone(p.accounts), p.persons...), "owner"), Member: maybe(p.persons, "member")}
}

func (w world) save(ctx context.Context, db *postgres.DB) error {
	return postgres.InTx(ctx, db, func(ctx context.Context, tx postgres.Tx) error {
		for _, insert := range []func() error{
			func() error { return insertAll(ctx, tx, w.roles) },
			func() error { return insertAll(ctx, tx, w.parents) },
			func() error { return insertAll(ctx, tx, w.rules) },
			func() error { return insertAll(ctx, tx, w.assignments) },
			func() error { return insertAll(ctx, tx, w.things) },
		} {
			if err := insert(); err != nil {
				return err
			}
		}
		return nil
	})
}

// The filter in SQL, the decision in memory and Casbin's Enforce say the same of every row.
func TestDecisionsAreCasbins(t *testing.T) {
	db, clock := database(t), clockAt("2012-05-15T05:00:00Z")
	g := guard(t, db, settings(clock))
	_, err := db.Exec(thingsTable)
	must(t, err)
	var asked, filtered, allowed int
	for range 4 { // times rapid's hundred cases
		rapid.Check(t, func(rt *rapid.T) {
			town := newTown(t, db)
			ctx := core.WithMunicipality(t.Context(), town)
			w := drawWorld(rt, town.Today(clock.now))
			must(t, w.save(ctx, db))
			enforcer, err := NewEnforcer(NewPolicies(ctx, db), Filter{Municipality: town.ID, On: town.Today(clock.now)})
			must(t, err)
			for _, actor := range w.actors {
				if actor.Kind == core.Account {
					actor.Assignments, err = g.AssignmentsOf(ctx, actor.Account, actor.Person)
					must(t, err)
				}
				ctx := core.WithActor(ctx, actor)
				for _, permission := range []string{"alpha:read", "alpha:edit", "beta:read", permissionAssign} {
					d, err := g.Decide(ctx, permission)
					must(t, err)
					var seen []uuid.UUID
					predicate, args := d.SQL(thingRows, rapid.SampledFrom([]string{"", "thing"}).Draw(rt, "alias"))
					must(t, db.NewSelect().Model((*thing)(nil)).Column("id").Where(predicate, args...).Scan(ctx, &seen))
					if !d.All() && !d.None() {
						filtered++
					}
					for _, th := range w.things {
						r := th.resource(actor)
						inSQL, inMemory := slices.Contains(seen, th.ID), d.Allows(r)
						oracle, err := enforcer.Enforce(Request(actor, permission, r)...)
						must(t, err)
						asked++
						if oracle {
							allowed++
						}
						if inSQL != oracle || inMemory != oracle || (d.All() && !oracle) || (d.None() && oracle) {
							rt.Fatalf("%s %s of %+v: SQL %v, memory %v, Casbin %v\n%s %v", actor.Account, permission, r, inSQL, inMemory, oracle, predicate, args)
						}
					}
				}
			}
		})
	}
	t.Logf("%d questions, %d allowed, %d filters", asked, allowed, filtered)
	if allowed == 0 || allowed == asked || filtered == 0 {
		t.Error("the cases say nothing")
	}
}
