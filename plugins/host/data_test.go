package host_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
)

func statement(sql string, arguments ...any) *contract.Statement {
	raw, _ := json.Marshal(arguments)
	return &contract.Statement{Sql: sql, Arguments: raw}
}

func TestRowsComeAsJSON(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		id := "0190a0b0-0000-7000-8000-000000000001"
		answer, err := api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{
			statement(`INSERT INTO orders (id, text, made, sum, at, tags, data) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
				id, `a "b" \ ё`, "2026-02-28", json.Number("1234567890.10"), "2026-11-30T08:00:00+07:00", []any{"a,b", `c"d\`, nil, "NULL", ""}, map[string]any{"n": json.Number("12345678901234567890.5"), "l": []int{1}}),
			statement(`SELECT true AS t, NULL::int AS n, 'NaN'::float8 AS nan, 1.5::float4 AS f, 9007199254740993::bigint AS big, ARRAY[[1,2],[3,4]] AS m, '{}'::date[] AS e, ARRAY['2026-01-02'::date] AS d,
				'\xff00'::bytea AS b, '01:02:03'::time AS h, '1 day'::interval AS i, 'null'::jsonb AS j, '2026-01-02 03:04:05'::timestamp AS ts, 'infinity'::timestamptz AS inf, ARRAY['2026-01-02 03:04:05+00'::timestamptz] AS tz, '{"a": [1]}'::json AS js, '[2:3]={7,8}'::int[] AS off`),
			statement(`UPDATE orders SET data = $1 WHERE id = $2`, []int{1, 2}, id),
			statement(`SELECT data, id = ANY ($1) AS found, $2::int[] AS two FROM orders`, []string{id}, [][]int{{1}, {2}}),
		}})
		townhall.Must(t, err)
		if answer.Error != nil {
			t.Fatal(answer.Error)
		}
		for n, want := range []string{
			`{"id":"0190a0b0-0000-7000-8000-000000000001","text":"a \"b\" \\ ё","made":"2026-02-28","sum":1234567890.10,"at":"2026-11-30T01:00:00Z","tags":["a,b","c\"d\\",null,"NULL",""],"data":{"l":[1],"n":12345678901234567890.5}}`,
			`{"t":true,"n":null,"nan":"NaN","f":1.5,"big":9007199254740993,"m":[[1,2],[3,4]],"e":[],"d":["2026-01-02"],"b":"/wA=","h":"01:02:03","i":"1 day","j":null,"ts":"2026-01-02T03:04:05","inf":"infinity","tz":["2026-01-02T03:04:05Z"],"js":{"a":[1]},"off":[7,8]}`,
			"", `{"data":[1,2],"found":true,"two":[[1],[2]]}`,
		} {
			if n == 2 {
				if answer.Results[n].Affected != 1 || len(answer.Results[n].Rows) != 0 {
					t.Errorf("got %v", answer.Results[n])
				}
				continue
			}
			if got := string(answer.Results[n].Rows[0]); got != want {
				t.Errorf("%d: got\n%s, want\n%s", n, got, want)
			}
		}
		for _, bad := range []*contract.Statement{statement("SELECT $1::int", map[string]int{"a": 1}), statement("SELECT $1::int", "x"), statement("SELECT $1::int"), statement("SELECT $1::text", "a\x00b"), {Sql: "SELECT 1", Arguments: []byte("{")}} {
			if _, err := api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{bad}}); code(err).String() != "InvalidArgument" {
				t.Errorf("%v: got %v", bad, err)
			}
		}
	})
}

// Everything of a write is there, or nothing is.
func TestAWriteIsWholeOrNothing(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	object := core.ID{Type: "Order", Key: core.NewID()}.String()
	whole := func() *contract.WriteRequest {
		return &contract.WriteRequest{
			Statements: []*contract.Statement{statement("INSERT INTO orders (id, text) VALUES ($1, $2)", uuid.NewString(), "a")},
			Events:     []*contract.Publish{{Name: "orders.accepted", Object: object, Payload: []byte(`{"n":1}`), Touched: []string{core.ID{Type: "Council", Key: core.NewID()}.String()}}},
			Audits:     []*contract.Audit{{Action: "orders.accept", Object: object, Details: []byte(`{"a":1}`)}},
			Jobs:       []*contract.Schedule{{Id: "j1", Kind: "remind", Arguments: []byte(`{"x":1}`), At: timestamppb.New(h.now.Load().Add(time.Hour))}},
			Puts:       []*contract.PutRequest{{Key: "a", Value: []byte(`1`)}},
		}
	}
	counts := func() (got [5]int) {
		townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM plugin_orders_kansk.orders), (SELECT count(*) FROM outbox WHERE name = 'orders.accepted' AND kind = 'UPDATED' AND object_type = 'Order' AND payload = '{"n":1}'),
			(SELECT count(*) FROM audit WHERE action = 'orders.accept' AND actor_kind = 'account' AND after = '{"a":1}' AND request_id = 'r-1'), (SELECT count(*) FROM river_job WHERE kind = 'plugins.run'), (SELECT count(*) FROM plugin_orders_kansk.veche_values)`).
			Scan(&got[0], &got[1], &got[2], &got[3], &got[4]))
		return got
	}
	write := func(change func(r *contract.WriteRequest)) (answer *contract.WriteResponse, err error) {
		p.resolve = func(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
			w := whole()
			change(w)
			answer, err = p.host.Write(p.as(ctx, r.Call.Token), w)
			return echo(ctx, r)
		}
		_, failed := h.source(h.town, "orders").Plugin.Resolve(core.WithRequestID(h.as(h.town, auditor()), "r-1"), rootCall, true)
		townhall.Must(t, failed)
		return answer, err
	}
	twice := statement("INSERT INTO orders (id, text) VALUES ($1, 'a'), ($2, 'a')", uuid.NewString(), uuid.NewString())
	expects := statement("UPDATE orders SET text = 'b' WHERE text = 'nothing'")
	expects.Expect, expects.Otherwise = contract.Statement_EXPECT_ROWS, &contract.Error{Code: "NOT_FOUND", Message: "No such order.", Path: []string{"id"}}
	never := statement("SELECT 1")
	never.Expect = contract.Statement_EXPECT_NO_ROWS
	for name, c := range map[string]struct {
		change     func(r *contract.WriteRequest)
		code, said string
		constraint string
	}{
		"a constraint":      {func(r *contract.WriteRequest) { r.Statements = append(r.Statements, twice) }, "CONFLICT", "", "orders_text"},
		"an expectation":    {func(r *contract.WriteRequest) { r.Statements = append(r.Statements, expects) }, "NOT_FOUND", "No such order.", ""},
		"another":           {func(r *contract.WriteRequest) { r.Statements = append(r.Statements, never) }, "CONFLICT", "", ""},
		"a value's version": {func(r *contract.WriteRequest) { r.Puts[0].Version = 7 }, "CONFLICT", "", ""},
	} {
		answer, err := write(c.change)
		if err != nil || answer.GetError().GetCode() != c.code || answer.Constraint != c.constraint || c.said != "" && answer.Error.Message != c.said {
			t.Errorf("%s: got %v, %v", name, answer, err)
		}
	}
	for name, change := range map[string]func(r *contract.WriteRequest){
		"an event that is not declared": func(r *contract.WriteRequest) { r.Events[0].Name = "badges.given" },
		"a core's event":                func(r *contract.WriteRequest) { r.Events[0].Name = "Council.CREATED" },
		"an object without an id":       func(r *contract.WriteRequest) { r.Events[0].Object = "x" },
		"another's audit":               func(r *contract.WriteRequest) { r.Audits[0].Action = "createRole" },
		"details that are no JSON":      func(r *contract.WriteRequest) { r.Audits[0].Details = []byte("{") },
		"a payload that is too large":   func(r *contract.WriteRequest) { r.Events[0].Payload = []byte(`"` + strings.Repeat("a", 70000) + `"`) },
		"a job without a kind":          func(r *contract.WriteRequest) { r.Jobs[0].Kind = "" },
		"an error of SQL":               func(r *contract.WriteRequest) { r.Statements = append(r.Statements, statement("SELECT 1/0")) },
	} {
		if answer, err := write(change); err == nil {
			t.Errorf("%s: got %v", name, answer)
		}
	}
	if got := counts(); got != [5]int{} {
		t.Fatalf("something was written: %v", got)
	}
	ctx, cancel := context.WithCancel(core.WithMunicipality(t.Context(), h.town))
	defer cancel()
	answer, err := write(func(*contract.WriteRequest) {})
	if err != nil || answer.Error != nil || counts() != [5]int{1, 1, 1, 1, 1} {
		t.Fatalf("got %v, %v: %v", answer, err, counts())
	}
	// A job's id is planned once.
	answer, err = write(func(r *contract.WriteRequest) {
		r.Statements, r.Puts, r.Events, r.Audits = nil, nil, nil, nil
	})
	if err != nil || answer.Error != nil || counts() != [5]int{1, 1, 1, 1, 1} {
		t.Errorf("got %v, %v: %v", answer, err, counts())
	}
	_ = ctx
}

// The plugin's SQL cannot pass off as an event what it writes into the table itself; and what a replica
// left that died is passed on, once.
func TestWhatWasLeftIsPassedOnOnce(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	h.within(p, h.town, auditor(), func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		forged := `{"id":"` + uuid.NewString() + `","kind":"system","audits":[{"action":"createRole","object":"` + core.ID{Type: "Role", Key: core.NewID()}.String() + `"}]}`
		answer, err := api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{statement("INSERT INTO veche_outbox (id, batch, seal) VALUES (gen_random_uuid(), $1, $2)", forged, "AAAA")}})
		if err != nil || answer.Error != nil {
			t.Errorf("got %v, %v", answer, err)
		}
		for _, sql := range []string{"INSERT INTO veche_outbox (id, batch, seal) VALUES (gen_random_uuid(), '', '') RETURNING *", "SELECT seal FROM veche_outbox"} {
			if _, err := api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{{Sql: sql}}}); code(err).String() != "PermissionDenied" {
				t.Errorf("%s: got %v", sql, err)
			}
		}
	})
	// The house is not to be reached when the write has been committed, as if it had died there.
	_, err := h.host.DB.Pool.Exec(t.Context(), "ALTER TABLE outbox ADD CONSTRAINT broken CHECK (name IS NULL)")
	townhall.Must(t, err)
	object := core.ID{Type: "Order", Key: core.NewID()}.String()
	h.within(p, h.town, auditor(), func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		for n := range 3 {
			answer, err := api.Write(ctx, &contract.WriteRequest{Events: []*contract.Publish{{Name: "orders.accepted", Object: object, Payload: []byte{'0' + byte(n)}}}})
			if err != nil || answer.Error != nil {
				t.Errorf("got %v, %v", answer, err)
			}
		}
	})
	if err := h.host.Forward(t.Context()); err == nil {
		t.Error("it was passed on all the same")
	}
	_, err = h.host.DB.Pool.Exec(t.Context(), "ALTER TABLE outbox DROP CONSTRAINT broken")
	townhall.Must(t, err)
	for range 2 {
		townhall.Must(t, h.host.Forward(t.Context()))
	}
	var payloads string
	var roles, left int
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `SELECT (SELECT string_agg(payload::text, '' ORDER BY seq) FROM outbox WHERE name IS NOT NULL), (SELECT count(*) FROM audit WHERE action = 'createRole'), (SELECT count(*) FROM plugin_orders_kansk.veche_outbox)`).Scan(&payloads, &roles, &left))
	if payloads != "012" || roles != 0 || left != 0 {
		t.Errorf("got %q, %d forged, %d left", payloads, roles, left)
	}
}

// Events of plugins reach other plugins, subscriptions of plugins, and nobody whom they do not concern.
func TestWatch(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	background, cancel := context.WithCancel(t.Context())
	running := make(chan struct{})
	go func() { defer close(running); h.host.Events.Run(background) }()
	t.Cleanup(func() { cancel(); <-running })
	var seen [16]byte
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `INSERT INTO audit (municipality_id, id, at, actor_kind, action, object_type, object_id) VALUES ($1, gen_random_uuid(), now(), 'system', 'a', 'A', gen_random_uuid()) RETURNING id`, h.town.ID).Scan(&seen))
	for _, c := range []struct {
		actor core.Actor
		want  string
	}{{auditor(), "AuditEntry.CREATED orders.accepted"}, {anonymous, "orders.accepted"}} {
		h.within(p, h.town, c.actor, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
			if stream, err := api.Watch(ctx, &contract.WatchRequest{Names: []string{"Person.CREATED"}}); err == nil {
				if _, err := stream.Recv(); code(err).String() != "PermissionDenied" {
					t.Errorf("got %v", err)
				}
			}
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			stream, err := api.Watch(ctx, &contract.WatchRequest{})
			townhall.Must(t, err)
			_, err = stream.Header() // subscribed
			townhall.Must(t, err)
			h.happen(h.town, "AuditEntry", seen)
			h.happen(h.town, "Person", core.NewID())
			_, err = api.Write(ctx, &contract.WriteRequest{Events: []*contract.Publish{{Name: "orders.accepted", Object: core.ID{Type: "Order", Key: core.NewID()}.String(), Payload: []byte(`{"n":1}`)}}})
			townhall.Must(t, err)
			h.host.Events.Wake(events.Channel)
			var got []string
			for {
				e, err := stream.Recv()
				townhall.Must(t, err)
				if got = append(got, e.Name); e.Name == "orders.accepted" {
					if string(e.Payload) != `{"n": 1}` {
						t.Errorf("got %s", e.Payload)
					}
					break
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("%s: got %v", c.actor.Kind, got)
			}
		})
	}
}

func TestTheSameKeyIsTheSameCase(t *testing.T) {
	t.Parallel()
	opened := 0
	var in host.Case
	var refuse error
	h := open(t, host.Limits{}, func(o *host.Options) {
		o.OpenCase = func(_ context.Context, tx *mutation.Tx, c host.Case) (uuid.UUID, error) {
			if refuse != nil {
				return uuid.Nil, refuse
			}
			opened++
			in = c
			key := core.NewID()
			tx.Changed(core.Change{Kind: core.Created, Type: "Case", ID: key})
			return key, nil
		}
	})
	p := h.serving()
	about := core.ID{Type: "Order", Key: core.NewID()}
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		ask := &contract.OpenCaseRequest{Title: "t", Text: "x", About: about.String(), Kind: "request", Key: "k1"}
		refuse = core.Invalid(core.T("No.", "Нет."), "kind")
		answer, err := api.OpenCase(ctx, ask)
		if err != nil || answer.Error.GetCode() != "BAD_USER_INPUT" || answer.Case != "" {
			t.Errorf("got %v, %v", answer, err)
		}
		refuse = nil
		first, err := api.OpenCase(ctx, ask)
		townhall.Must(t, err)
		second, err := api.OpenCase(ctx, ask)
		townhall.Must(t, err)
		ask.Key = "k2"
		third, err := api.OpenCase(ctx, ask)
		townhall.Must(t, err)
		if first.Case == "" || first.Case != second.Case || third.Case == first.Case || opened != 2 || *in.About != about || in.Plugin != "orders" {
			t.Errorf("got %v, %v, %v after %d", first, second, third, opened)
		}
	})
}

func TestIndicatorsExportAndErase(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving(h.other)
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		for _, row := range [][2]string{{"a", "2026-01-01"}, {"b", "2026-12-31"}, {"c", "2027-01-01"}} {
			_, err := api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{statement("INSERT INTO orders (id, text, made) VALUES (gen_random_uuid(), $1, $2)", row[0], row[1])}, Puts: []*contract.PutRequest{{Key: row[0], Value: []byte(`{"secret":1}`)}}})
			townhall.Must(t, err)
		}
	})
	first, last := core.Date{}, core.Date{}
	townhall.Must(t, errors.Join(parse(&first, "2026-01-01"), parse(&last, "2026-12-31")))
	figures := host.Figures{Host: h.host, Municipality: h.town, Plugin: "orders", Key: "orders.count", First: first, Last: last}
	parts, err := figures.Parts(t.Context())
	townhall.Must(t, err)
	rows, err := figures.Rows(t.Context(), host.Counted{Day: first}, 1)
	townhall.Must(t, err)
	rest, err := figures.Rows(t.Context(), rows[0], 9)
	townhall.Must(t, err)
	if len(parts) != 2 || parts[0] != (host.Part{Label: "a", Value: 1}) || len(rows) != 1 || rows[0].Part != "a" || rows[0].Day != first || len(rest) != 1 || rest[0].Part != "b" {
		t.Errorf("got %+v, %+v, %+v", parts, rows, rest)
	}
	figures.Municipality = h.other
	if parts, err := figures.Parts(t.Context()); err != nil || len(parts) != 0 {
		t.Errorf("got %v, %v", parts, err)
	}
	var out bytes.Buffer
	townhall.Must(t, h.host.Export(t.Context(), h.town, "orders", &out))
	archive, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
	townhall.Must(t, err)
	lines := map[string]int{}
	for _, f := range archive.File {
		r, err := f.Open()
		townhall.Must(t, err)
		text, err := io.ReadAll(r)
		townhall.Must(t, err)
		lines[f.Name] = bytes.Count(text, []byte("\n"))
	}
	if len(lines) != 2 || lines["orders.jsonl"] != 3 || lines["veche_values.jsonl"] != 3 {
		t.Errorf("got %v", lines)
	}
	if err := h.host.Erase(t.Context(), h.town, "orders"); core.CodeOf(err) != core.CodeConflict {
		t.Errorf("got %v", err)
	}
	h.happen(h.town, "Council", core.NewID())
	h.enable("d1", orders(), ordersSDL, p, []string{ordersTables}, h.other)
	townhall.Must(t, h.host.Erase(t.Context(), h.town, "orders"))
	var schemas, roles, waiting int
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'plugin\_%'), (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'plugin\_%' AND has_schema_privilege(oid, 'plugin_orders_achinsk', 'USAGE')), (SELECT count(*) FROM plugin_deliveries)`).Scan(&schemas, &roles, &waiting))
	if schemas != 1 || roles != 1 || waiting != 0 {
		t.Errorf("%d schemas, %d roles, %d events are left", schemas, roles, waiting)
	}
}

func parse(into *core.Date, text string) (err error) {
	*into, err = core.ParseDate(text)
	return err
}
