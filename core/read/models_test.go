package read_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

const tables = `
CREATE TABLE streets (
	municipality_id uuid NOT NULL, id uuid NOT NULL, parent_id uuid, name text NOT NULL, rank int NOT NULL,
	opened_on date, seen_at timestamptz NOT NULL, note text, tags text[] NOT NULL DEFAULT '{}', open boolean NOT NULL DEFAULT true,
	district_id uuid, name_folded text NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED,
	PRIMARY KEY (municipality_id, id)
);
CREATE TABLE houses (
	municipality_id uuid NOT NULL, id uuid NOT NULL, street_id uuid NOT NULL, twin_id uuid, number int NOT NULL,
	starts_on date NOT NULL, ends_on date, person_id uuid, longitude double precision, latitude double precision,
	remark text, about_type text, about_id uuid, PRIMARY KEY (municipality_id, id)
);
CREATE TABLE flats (municipality_id uuid NOT NULL, id uuid NOT NULL, house_id uuid NOT NULL, number int NOT NULL, person_id uuid, PRIMARY KEY (municipality_id, id));
CREATE TABLE signs (municipality_id uuid NOT NULL, id uuid NOT NULL, about_type text NOT NULL, about_id uuid NOT NULL, text text NOT NULL, PRIMARY KEY (municipality_id, id));
CREATE TABLE secrets (
	municipality_id uuid NOT NULL, street_id uuid NOT NULL, word text, phones text[] NOT NULL DEFAULT '{}',
	version int NOT NULL DEFAULT 1, PRIMARY KEY (municipality_id, street_id)
)`

type Street struct {
	bun.BaseModel `bun:"table:streets,alias:street"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID         uuid.UUID  `bun:"id,pk,type:uuid"`
	ParentID   *uuid.UUID `bun:"parent_id,type:uuid"`
	Parent     *Street    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:parent_id=id"`
	Name       string     `bun:"name"`
	Rank       int        `bun:"rank"`
	OpenedOn   *core.Date `bun:"opened_on"`
	SeenAt     time.Time  `bun:"seen_at"`
	Note       *string    `bun:"note"`
	Tags       []string   `bun:"tags,array"`
	Open       bool       `bun:"open"`
	DistrictID *uuid.UUID `bun:"district_id,type:uuid"`
	Secret     *Secret    `bun:"rel:has-one,join:municipality_id=municipality_id,join:id=street_id"`
}

type House struct {
	bun.BaseModel `bun:"table:houses,alias:house"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID       uuid.UUID  `bun:"id,pk,type:uuid"`
	StreetID uuid.UUID  `bun:"street_id,type:uuid"`
	Street   *Street    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:street_id=id"`
	TwinID   *uuid.UUID `bun:"twin_id,type:uuid"`
	Twin     *House     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:twin_id=id"`
	Number   int        `bun:"number"`
	StartsOn core.Date  `bun:"starts_on"`
	EndsOn   *core.Date `bun:"ends_on"`
	PersonID *uuid.UUID `bun:"person_id,type:uuid"`
	Remark   *string    `bun:"remark"` // protected

	Longitude, Latitude *float64
	AboutType           *string
	AboutID             *uuid.UUID `bun:"about_id,type:uuid"`
}

// Flat stands where its house does.
type Flat struct {
	bun.BaseModel `bun:"table:flats,alias:flat"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID       uuid.UUID  `bun:"id,pk,type:uuid"`
	HouseID  uuid.UUID  `bun:"house_id,type:uuid"`
	House    *House     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:house_id=id"`
	Number   int        `bun:"number"`
	PersonID *uuid.UUID `bun:"person_id,type:uuid"`
}

// Sign hangs on a street or a house.
type Sign struct {
	bun.BaseModel `bun:"table:signs,alias:sign"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID        uuid.UUID `bun:"id,pk,type:uuid"`
	AboutType string    `bun:"about_type"`
	AboutID   uuid.UUID `bun:"about_id,type:uuid"`
	Text      string    `bun:"text"`
}

// Spot is where a house lies, and what it is about.
type Spot struct {
	Longitude, Latitude float64
	About               *core.ID
	Street              core.ID
	Since               core.Date
}

type Secret struct {
	bun.BaseModel `bun:"table:secrets,alias:secret"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID      uuid.UUID `bun:"street_id,pk,type:uuid"`
	Word    *string   `bun:"word"`
	Phones  []string  `bun:"phones,array"`
	Version int       `bun:"version"`
}

const policy = `p, anonymous, *, town:streets, open, allow
p, resident, *, town:houses, own, allow
p, official, *, town:streets, any, allow
p, official, *, town:houses, any, allow
p, clerk, *, town:streets, any, allow
p, clerk, *, town:houses, any, allow
p, clerk, *, town:secrets, any, allow
p, clerk, *, town:remarks, any, allow
p, official, *, town:remarks, any, allow
p, anonymous, *, town:signs, any, allow
`

const dated = `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`

const about = `?TableAlias.about_type || ':' || ?TableAlias.about_id::text`

var spot = map[string]read.Computed{
	"longitude": {SQL: `?TableAlias.longitude`}, "latitude": {SQL: `?TableAlias.latitude`},
	"about": {SQL: about, ID: read.AnyType}, "street": {SQL: `?TableAlias.street_id`, ID: "Street"}, "since": {SQL: `?TableAlias.starts_on`},
}

func declare(r *read.Reader, log *readLog) {
	read.Declare[Street](r, read.Type{
		Name: "Street", Guard: "town:streets",
		Rows: access.Rows{
			Scopes:    map[string]string{"district": `?TableAlias.district_id`},
			Relations: map[string]string{"open": `?TableAlias.open`},
		},
		AsOf: `?TableAlias.opened_on <= ?asOf`,
		Filters: map[string]read.Filter{
			"name": {SQL: `?TableAlias.name`}, "rank": {SQL: `?TableAlias.rank`}, "openedOn": {SQL: `?TableAlias.opened_on`},
			"seenAt": {SQL: `?TableAlias.seen_at`}, "parent": {SQL: `?TableAlias.parent_id`, ID: "Street"},
			"any": {SQL: `(?TableAlias.note, ?TableAlias.id)`, ID: read.AnyType}, "tag": {SQL: `SELECT unnest(?TableAlias.tags)`}, "search": {SQL: `?TableAlias.name_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NAME":   {{SQL: `?TableAlias.name`}},
			"RANK":   {{SQL: `?TableAlias.rank`, Cast: "int"}, {SQL: `?TableAlias.seen_at`, Cast: "timestamptz"}},
			"OPENED": {{SQL: `coalesce(?TableAlias.opened_on, '1900-01-01')`, Cast: "date"}},
			"LENGTH": {{SQL: `(length(?TableAlias.name) / 7.0)::real`, Cast: "real"}, {SQL: `?TableAlias.open`, Cast: "boolean"}},
		},
		Order: "RANK",
		Computed: map[string]read.Computed{
			"houseCount": {Counts: "House", SQL: `SELECT count(*) FROM houses AS counted WHERE counted.street_id = ?TableAlias.id AND ?visible
				AND counted.starts_on <= ?asOf AND (counted.ends_on IS NULL OR counted.ends_on >= ?asOf)`},
			"status": {SQL: `CASE WHEN ?TableAlias.opened_on <= ?asOf THEN 'OPENED' ELSE 'PLANNED' END`},
			"loud":   {SQL: `?TableAlias.note`, Show: func(_ context.Context, text string) string { return strings.ToUpper(text) }},
			"title":  {SQL: `?TableAlias.name || ' (' || ?TableAlias.rank || ')'`},
			"marks":  {SQL: `SELECT ARRAY(SELECT upper(mark) FROM unnest(?TableAlias.tags) AS mark ORDER BY 1)`},
			"tongue": {SQL: `?language`},
		},
		Lists: map[string]read.List{"Street.branches": {By: "Parent", Order: "NAME"}},
	})
	read.Declare[House](r, read.Type{
		Name: "House", Guard: "town:houses",
		Rows: access.Rows{
			Scopes: map[string]string{"district": `(SELECT s.district_id FROM streets AS s
				WHERE s.municipality_id = ?TableAlias.municipality_id AND s.id = ?TableAlias.street_id)`},
			Relations: map[string]string{"own": `?TableAlias.person_id = ?actor_person`},
		},
		Computed: map[string]read.Computed{
			"onStreet": {SQL: `?TableAlias.street_id`, ID: "Street"},
			"inTwin":   {SQL: `?TableAlias.twin_id`, ID: "House"},
			"aboutKey": {SQL: about, ID: read.AnyType},
		},
		Groups: map[string]read.Group{
			"spot": {When: `?TableAlias.longitude IS NOT NULL AND ?TableAlias.latitude IS NOT NULL`, Fields: spot},
			"home": {Fields: map[string]read.Computed{"longitude": {SQL: `0`}, "latitude": {SQL: `0.1::double precision`}, "about": {SQL: `NULL::uuid`, ID: "House"}, "street": spot["street"], "since": {SQL: `?asOf`}}},
		},
		References: map[string]read.Reference{"about": {Type: `?TableAlias.about_type`, Key: `?TableAlias.about_id`}},
		Protected:  map[string]string{"remark": "town:remarks"},
		AsOf:       dated,
		Filters:    map[string]read.Filter{"number": {SQL: `?TableAlias.number`}},
		Orders: map[string][]read.Key{
			"NUMBER":    {{SQL: `?TableAlias.number`, Cast: "int"}},
			"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}, {SQL: `?TableAlias.number`, Cast: "int"}},
		},
		Order: "NUMBER",
		Lists: map[string]read.List{
			"Street.houses":   {By: "Street", Order: "STARTS_ON"},
			"Street.standing": {By: "Street", Today: true, Where: `?TableAlias.number > 0 AND ?TableAlias.starts_on <= ?today`},
			"House.twins":     {By: "Twin", Where: `?TableAlias.starts_on <= ?asOf`},
		},
	})
	read.Declare[Flat](r, read.Type{
		Name: "Flat", Guard: "town:houses", Through: "House",
		Orders: map[string][]read.Key{"NUMBER": {{SQL: `?TableAlias.number`, Cast: "int"}}}, Order: "NUMBER",
	})
	read.Declare[Sign](r, read.Type{
		Name: "Sign", Guard: "town:signs",
		Hangs:      &read.Hangs{Type: `?TableAlias.about_type`, Key: `?TableAlias.about_id`, Of: func() []string { return []string{"Street", "House"} }},
		References: map[string]read.Reference{"about": {Type: `?TableAlias.about_type`, Key: `?TableAlias.about_id`}},
		Orders:     map[string][]read.Key{"TEXT": {{SQL: `?TableAlias.text`}}}, Order: "TEXT",
	})
	read.AddList[Sign](r, "Street.signs", read.List{By: "AboutID", Where: `?TableAlias.about_type = 'Street'`})
	read.Declare[Secret](r, read.Type{
		Name: "Secret", Guard: "town:secrets", Refused: true, OnRead: log.read,
		Computed: map[string]read.Computed{"length": {SQL: `length(?TableAlias.word)`}},
	})
}

// readLog is what a type whose reading is logged would write.
type readLog struct {
	mu    sync.Mutex
	calls []logged
	fail  error
}

type logged struct {
	keys    []uuid.UUID
	columns []string
}

func (l *readLog) read(_ context.Context, keys []uuid.UUID, columns []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls = append(l.calls, logged{slices.Clone(keys), slices.Clone(columns)})
	return l.fail
}

// world is one database with a town, its rows and its readers.
type world struct {
	testing.TB
	db         *postgres.DB
	guard      *access.Guard
	town       *core.Municipality
	reads      *read.Reader
	log        *readLog
	statements *statements
}

// clock stands at noon of 15 May 2012 in Kansk.
var clock = coretest.Noon(2012, 5, 15)

// maxPage is the cap of first and last in the tests.
const maxPage = 50

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{TB: t, db: coretest.Database(t), log: &readLog{}, statements: &statements{}}
	_, err := w.db.Pool.Exec(t.Context(), tables)
	w.must(err)
	w.guard, err = access.New(w.db, access.Settings{Clock: clock, Log: coretest.Quiet(), Modules: []core.Info{{
		Name: "town", Permissions: []core.Permission{{Name: "town:streets"}, {Name: "town:houses"}, {Name: "town:secrets"}, {Name: "town:remarks"}, {Name: "town:signs"}}, Policy: policy,
	}}})
	w.must(err)
	t.Cleanup(func() { _ = w.guard.Close() })
	w.town = w.newTown("kansk")
	w.reads = read.New(&postgres.DB{DB: w.db.WithQueryHook(w.statements), Pool: w.db.Pool, Prepared: w.db.Prepared}, w.guard, clock, maxPage)
	declare(w.reads, w.log)
	w.must(w.reads.Ready())
	return w
}

func (w *world) newTown(key string) *core.Municipality {
	w.Helper()
	town := coretest.Town(w, w.db, key)
	w.must(w.guard.EnsureDefaults(w.Context(), town))
	return town
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// as is the town's context for that actor; one without a kind is an account.
func (w *world) as(a core.Actor) context.Context {
	if a.Kind == "" {
		a.Kind = core.Account
	}
	return core.WithActor(core.WithMunicipality(w.Context(), w.town), a)
}

func (w *world) system() context.Context { return w.as(core.Actor{Kind: core.System}) }

func (w *world) insert(rows ...any) {
	w.Helper()
	for _, row := range rows {
		_, err := w.db.NewInsert().Model(row).Exec(w.system())
		w.must(err)
	}
}

// street is a street with all that must be there.
func street(name string, rank int) *Street {
	return &Street{ID: core.NewID(), Name: name, Rank: rank, SeenAt: time.Date(2012, 5, 1, 0, 0, 0, 0, time.UTC), Open: true, Tags: []string{}}
}

func house(of *Street, number int) *House {
	return &House{ID: core.NewID(), StreetID: of.ID, Number: number, StartsOn: core.NewDate(2000, 1, 1)}
}

// statements notes every statement that the reader runs.
type statements struct {
	mu  sync.Mutex
	all []string
}

func (s *statements) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, e.Query)
	return ctx
}

func (*statements) AfterQuery(context.Context, *bun.QueryEvent) {}

// take gives what was noted since the last time.
func (s *statements) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.all
	s.all = nil
	return all
}
