package sdk_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

const things = `-- +goose Up
CREATE TABLE things (
	id uuid PRIMARY KEY, council_id uuid, name text CONSTRAINT things_one_a_name UNIQUE, count bigint, price numeric, open boolean, data bytea,
	tags text[], others uuid[], shape jsonb, list jsonb, day date, made_at timestamptz
);
`

type thing struct {
	ID      sdk.ID     `json:"id" sql:",type=Thing"`
	Council *sdk.Ref   `json:"council" sql:"council_id,type=Council"`
	Name    string     `json:"name"`
	Count   int64      `json:"count"`
	Price   float64    `json:"price"`
	Open    bool       `json:"open"`
	Data    []byte     `json:"data"`
	Tags    []string   `json:"tags"`
	Others  []sdk.Date `json:"-" sql:"nowhere"`
	Shape   map[string]any
	List    []int
	Day     *sdk.Date
	MadeAt  *time.Time `json:"madeAt"`
}

// inside runs do as a mutation of a plugin that has a table.
func inside(t *testing.T, do func(ctx context.Context) error, options ...sdktest.Option) (*sdktest.Town, func(c *sdktest.Caller) error) {
	t.Helper()
	p := sdk.New(fstest.MapFS{
		"plugin.yaml":                {Data: []byte("name: thing\nversion: 1.0.0\nschema: thing.graphqls\nmigrations: migrations\nsends: [{name: thing.made}]\n")},
		"thing.graphqls":             {Data: []byte("extend type Mutation { doThing: Boolean @public }")},
		"migrations/0001_things.sql": {Data: []byte(things)},
	})
	sdk.Root(p, "Mutation.doThing", func(ctx context.Context, _ struct{}) (bool, error) { return true, do(ctx) })
	sdk.Job(p, "later", func(context.Context, struct{ Name string }) error { return nil })
	town := sdktest.New(t, p, options...)
	return town, func(c *sdktest.Caller) error {
		_, err := sdktest.Root[bool](c, "Mutation.doThing", nil)
		return err
	}
}

func database(t *testing.T) sdktest.Option {
	t.Helper()
	return sdktest.Database(pgtest.New(t, pgtest.Template{Name: "plugin", Fingerprint: "empty", Build: func(context.Context, string) error { return nil }}))
}

func TestValuesGoIntoTheTableAndComeBack(t *testing.T) {
	day, at := sdk.Date("2012-12-31"), time.Date(2012, 10, 1, 5, 0, 0, 123_000_000, time.UTC)
	want := thing{
		ID: sdk.NewID("Thing"), Council: sdk.NewID("Council").Ref(), Name: `odd "name" \ ё`, Count: math.MaxInt64, Price: 1.25, Open: true, Data: []byte{0, 255},
		Tags: []string{`a "b" \`, "", "NULL", "{x,y}"}, Shape: map[string]any{"a": "b"}, List: []int{1, 2}, Day: &day, MadeAt: &at,
	}
	var got, empty *thing
	town, do := inside(t, func(ctx context.Context) error {
		b := sdk.Statements(ctx)
		b.Do(`INSERT INTO things (id, council_id, name, count, price, open, data, tags, others, shape, list, day, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			want.ID, want.Council, want.Name, want.Count, want.Price, want.Open, want.Data, want.Tags, []sdk.ID{want.ID}, want.Shape, sdk.JSON(want.List), want.Day, want.MadeAt)
		b.Do(`INSERT INTO things (id, council_id, name, tags) VALUES ($1, $2, $3, $4)`, sdk.NewID("Thing"), (*sdk.Ref)(nil), nil, []string(nil))
		found := sdk.Rows[thing](b, `SELECT * FROM things WHERE id = $1 AND id = ANY (others)`, want.ID)
		if err := b.Write(); err != nil {
			return err
		}
		got = found.First()
		var err error
		empty, err = sdk.SelectOne[thing](ctx, `SELECT * FROM things WHERE name IS NULL AND tags IS NULL`)
		if err != nil {
			return err
		}
		count, err := sdk.SelectOne[int](ctx, `SELECT count(*) FROM things WHERE day = ANY ($1)`, []sdk.Date{day})
		if err == nil && *count != 1 {
			err = errors.New("a simple value is not read")
		}
		return err
	}, database(t))
	if err := do(town.Person()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
	if empty == nil || empty.Council != nil || empty.Day != nil {
		t.Errorf("nulls: %+v", empty)
	}
}

func TestABatchIsDoneAsAWholeOrNotAtAll(t *testing.T) {
	taken := sdk.Conflict(sdk.T("The name is taken.", "Имя занято."), "input", "name")
	gone := sdk.NotFound("input", "id")
	insert := func(b *sdk.Batch, name string) {
		b.Do(`INSERT INTO things (id, name) VALUES ($1, $2)`, sdk.NewID("Thing"), name)
	}
	var step func(ctx context.Context, b *sdk.Batch) error
	town, do := inside(t, func(ctx context.Context) error {
		return step(ctx, sdk.Statements(ctx).Constraint("things_one_a_name", taken))
	}, database(t))
	object := sdk.NewID("Thing")
	for name, one := range map[string]struct {
		do   func(ctx context.Context, b *sdk.Batch) error
		want error
	}{
		"a constraint": {func(_ context.Context, b *sdk.Batch) error { insert(b, "same"); insert(b, "same"); return b.Write() }, taken},
		"no row where one is expected": {func(_ context.Context, b *sdk.Batch) error {
			insert(b, "a")
			b.Do(`DELETE FROM things WHERE name = 'b'`).Expect(gone)
			return b.Publish(sdk.Notice{Name: "thing.made", Object: object}).Write()
		}, gone},
		"a row where none is expected": {func(_ context.Context, b *sdk.Batch) error {
			insert(b, "a")
			b.Do(`SELECT 1 FROM things WHERE name = 'a'`).ExpectNone(taken)
			return b.Write()
		}, taken},
		"an event that the manifest does not send": {func(_ context.Context, b *sdk.Batch) error {
			insert(b, "a")
			return b.Publish(sdk.Notice{Name: "thing.other", Object: object}).Write()
		}, nil},
		"too many statements": {func(_ context.Context, b *sdk.Batch) error {
			for range 51 {
				insert(b, "a")
			}
			return b.Write()
		}, nil},
		"a write that is read": {func(_ context.Context, b *sdk.Batch) error { insert(b, "a"); return b.Read() }, nil},
		"an event that is read": {func(_ context.Context, b *sdk.Batch) error {
			return b.Publish(sdk.Notice{Name: "thing.made", Object: object}).Read()
		}, nil},
		"wrong SQL":          {func(_ context.Context, b *sdk.Batch) error { b.Do(`SELECT nothing`); return b.Write() }, nil},
		"too few parameters": {func(_ context.Context, b *sdk.Batch) error { b.Do(`SELECT $1::int, $2::int`, 1); return b.Write() }, nil},
	} {
		step = one.do
		err := do(town.Person())
		var e *sdk.Error
		if err == nil || one.want != nil && !errors.Is(err, one.want) || one.want == nil && errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	step = func(ctx context.Context, b *sdk.Batch) error {
		if left, err := sdk.SelectOne[int](ctx, `SELECT count(*) FROM things`); err != nil || *left != 0 {
			return errors.New("something was written after all")
		}
		insert(b, "a")
		b.Publish(sdk.Notice{Name: "thing.made", Object: object, Payload: map[string]int{"n": 1}}).Audit("thing.make", object, nil)
		return b.Schedule(sdk.Task{ID: "once", Kind: "later", Args: map[string]string{"name": "a"}}).Schedule(sdk.Task{ID: "once", Kind: "later"}).Put("key", 1, 0).Write()
	}
	if err := do(town.Person()); err != nil || len(town.Events()) != 1 || len(town.Audits()) != 1 {
		t.Errorf("%v, %v, %v", err, town.Events(), town.Audits())
	}
	if err := town.RunDue(); err != nil {
		t.Error(err)
	}
}

func TestWhatTheHostSaysIsTheAuthorsToUse(t *testing.T) {
	council := sdk.NewID("Council")
	var step func(ctx context.Context) error
	town, do := inside(t, func(ctx context.Context) error { return step(ctx) })
	town.Query = func(q sdktest.Asked) (any, error) {
		if strings.Contains(q.Query, "secret") {
			return map[string]any{"secret": nil}, &sdk.Error{Code: sdk.CodeForbidden, Text: sdk.T("No.", "Нет.")}
		}
		return map[string]any{"council": map[string]any{"name": "North"}}, nil
	}
	town.Rows = func(string, []any) ([]any, error) {
		return []any{map[string]any{"id": uuid.Nil, "made_at": "2012-10-01T05:00:00Z"}}, nil
	}
	c := town.Person().May("thing:make", council)
	for name, one := range map[string]func(ctx context.Context) error{
		"a query": func(ctx context.Context) error {
			answer, err := sdk.Query[struct{ Council struct{ Name string } }](ctx, `{ council { name } }`, nil)
			return check(err == nil && answer.Council.Name == "North", answer, err)
		},
		"a refused query": func(ctx context.Context) error {
			_, err := sdk.Query[struct{ Secret *int }](ctx, `{ secret }`, struct{}{})
			var e *sdk.Error
			return check(errors.As(err, &e) && e.Code == sdk.CodeForbidden && e.Text.Ru == "No.", err)
		},
		"a right in its object alone": func(ctx context.Context) error {
			return check(sdk.Require(ctx, "thing:make", council) == nil && sdk.Require(ctx, "thing:make") == nil &&
				errors.Is(sdk.Require(ctx, "thing:make", sdk.NewID("Council")), sdk.Forbidden(ctx)) && sdk.Require(ctx, "thing:other") != nil)
		},
		"keys": func(ctx context.Context) error {
			version, err := sdk.Put(ctx, "a/1", map[string]int{"n": 1}, 0)
			_, again := sdk.Put(ctx, "a/1", 2, 0)
			value, read, getErr := sdk.Get[map[string]int](ctx, "a/1")
			keys, listErr := sdk.Keys(ctx, "a/", "", 10)
			if err := check(err == nil && errors.Is(again, sdk.Stale()) && read == version && (*value)["n"] == 1 && len(keys) == 1, again, value, keys, getErr, listErr); err != nil {
				return err
			}
			_, err = sdk.Put(ctx, "a/1", nil, sdk.Whatever)
			value, _, getErr = sdk.Get[map[string]int](ctx, "a/1")
			return check(err == nil && value == nil, err, value, getErr)
		},
		"a case": func(ctx context.Context) error {
			one, err := sdk.OpenCase(ctx, sdk.Case{Title: "Light", About: council, Key: "light"})
			two, again := sdk.OpenCase(ctx, sdk.Case{Title: "Light", About: council, Key: "light", Person: sdk.Call(ctx).Actor.Person})
			return check(one == two && one.Type == "Case" && err == nil && again == nil, one, two, err, again)
		},
		"rows of the test's": func(ctx context.Context) error {
			one, err := sdk.SelectOne[thing](ctx, `SELECT`)
			return check(err == nil && one.MadeAt.Year() == 2012, one, err)
		},
		"the town's day": func(ctx context.Context) error {
			return check(sdk.Call(ctx).Today() == "2012-10-01" && sdk.Selects(ctx, "anything"), sdk.Call(ctx))
		},
	} {
		step = one
		if err := do(c); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func check(ok bool, found ...any) error {
	if ok {
		return nil
	}
	return errors.New(strings.TrimSpace(cmp.Diff(nil, found)))
}

// TestATokenDiesWithItsCall keeps a context beyond its call, which is of no use then.
func TestATokenDiesWithItsCall(t *testing.T) {
	var kept context.Context
	town, do := inside(t, func(ctx context.Context) error { kept = context.WithoutCancel(ctx); return nil })
	if err := do(town.Person()); err != nil {
		t.Fatal(err)
	}
	if _, err := sdk.Can(kept, "thing:make"); err == nil || !strings.Contains(err.Error(), "no such call") {
		t.Errorf("%v", err)
	}
	acks := town.Deliver(&contract.Event{Name: "thing.made"})
	if acks[0].Outcome != contract.Ack_OUTCOME_DEAD {
		t.Errorf("%v", acks)
	}
}
