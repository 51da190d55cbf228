package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
	"github.com/veche-city/veche/plugins/manifest"
)

func code(err error) codes.Code { return status.Code(err) }

// A plugin reads and does of the core what its manifest names, whatever the operation looks like.
func TestFieldsThatAreNotGrantedAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	h.enable("b1", orders(func(m *manifest.Manifest) {
		m.Name, m.Prefix, m.Permissions, m.Sends, m.Migrations, m.Values = "badges", "Badge", nil, nil, "", false
	}), badgesSDL, h.newPlugin(true), nil, h.town)
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		for query, refused := range map[string]string{
			`{ persons { id } }`:                           "Query.persons",
			`{ councils { nodes { id members { id } } } }`: "Council.members",
			`{ councils { nodes { ...m } } } fragment m on Council { members { name } }`: "Council.members",
			`query a { councils { totalCount } } query b { persons { id } }`:             "Query.persons",
			`{ orders { id } node(id: "x") { id } }`:                                     "Query.node",
			`{ __schema { types { name } } }`:                                            "Query.__schema",
			`{ __type(name: "Person") { name } }`:                                        "Query.__type",
			`mutation { dropAll }`:                                                       "Mutation.dropAll",
			`mutation { planMeeting { meeting { title } } }`:                             "Meeting.title",
			`{ badges { id } }`:                                                          "Query.badges",
			`{ councils { nodes { badges { id } } } }`:                                   "Council.badges",
			`{ a: councils { edges { node { ... on Council { ... @include(if: true) { members { phone } } } } } } }`: "Council.members",
		} {
			_, err := api.Query(ctx, &contract.QueryRequest{Query: query})
			if code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), refused+" ") {
				t.Errorf("%s: got %v, want a refusal of %s", query, err, refused)
			}
		}
		if _, err := api.Query(ctx, &contract.QueryRequest{Query: `subscription { happened }`}); code(err) != codes.PermissionDenied {
			t.Errorf("got %v", err)
		}
		if len(h.asked) != 0 {
			t.Errorf("%d refused operations were run", len(h.asked))
		}
		for _, query := range []string{
			`{ __typename councils(first: 1) { totalCount pageInfo { endCursor } edges { cursor node { __typename id name orders { id text } } } } orders { id } }`,
			`mutation { planMeeting(title: "a") { meeting { id } userErrors { message } } }`,
		} {
			if _, err := api.Query(ctx, &contract.QueryRequest{Query: query}); err != nil {
				t.Errorf("%s: %v", query, err)
			}
		}
		answer, err := api.Query(ctx, &contract.QueryRequest{Query: `{ nonsense }`})
		if err != nil || !strings.Contains(string(answer.Response), "errors") || len(h.asked) != 2 {
			t.Errorf("got %v, %v after %d", answer, err, len(h.asked))
		}
	})
}

// The wall itself: what the role may do on a connection of its own, whatever passes by the checks
// before it.
func TestTheRoleReachesNothingOutsideItsSchema(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	h.serving(h.other)
	h.enable("b1", orders(func(m *manifest.Manifest) {
		m.Name, m.Prefix, m.Permissions, m.Sends, m.Indicators = "badges", "Badge", nil, nil, nil
	}), badgesSDL, h.newPlugin(true),
		[]string{"-- +goose Up\nCREATE TABLE badges (id uuid PRIMARY KEY);"}, h.town)
	if s := h.settled(h.town, "badges"); s.Reason != "" {
		t.Fatal(s.Reason)
	}
	pool := host.PoolOf(h.host, h.town, "orders")
	conn, err := pool.Acquire(t.Context())
	townhall.Must(t, err)
	defer conn.Release()
	var who, definers string
	townhall.Must(t, conn.QueryRow(t.Context(), "SELECT session_user").Scan(&who))
	if !strings.HasPrefix(who, "plugin_orders_kansk_") {
		t.Fatalf("the statements run as %s", who)
	}
	for _, sql := range []string{
		"SELECT * FROM public.accounts", "SELECT * FROM public.municipalities", "SELECT * FROM audit", "SELECT * FROM public.plugin_secrets", "INSERT INTO public.outbox DEFAULT VALUES",
		"SELECT * FROM plugin_orders_achinsk.orders", "SELECT * FROM plugin_orders_achinsk.veche_values", "SELECT * FROM plugin_badges_kansk.badges",
		"SELECT * FROM pg_catalog.pg_authid", "SELECT * FROM pg_catalog.pg_shadow", "SELECT * FROM pg_catalog.pg_user_mapping",
		"SELECT set_config('role', 'veche', false)", "SELECT set_config('role', 'postgres', false)", "SELECT set_config('session_authorization', 'veche', false)", "SET ROLE veche",
		"SET SESSION AUTHORIZATION postgres", "COPY (SELECT 1) TO PROGRAM 'id'", "COPY orders FROM PROGRAM 'id'", "COPY orders FROM '/etc/passwd'",
		"SELECT pg_read_file('/etc/passwd')", "SELECT pg_ls_dir('/')", "SELECT pg_read_binary_file('PG_VERSION')", "SELECT lo_import('/etc/passwd')", "SELECT pg_reload_conf()",
		"CREATE TEMP TABLE x (a int)", "SELECT 1 AS a INTO TEMP x", "CREATE TABLE public.x (a int)", "CREATE SCHEMA x", "CREATE EXTENSION dblink", "CREATE ROLE x", "CREATE DATABASE x",
		"SELECT * FROM veche_outbox", "DELETE FROM veche_outbox", "UPDATE veche_outbox SET seal = ''", "DROP TABLE veche_outbox", "ALTER TABLE veche_outbox RENAME TO x", "DROP SCHEMA plugin_orders_kansk CASCADE",
		"CREATE TRIGGER x BEFORE INSERT ON veche_outbox EXECUTE FUNCTION suppress_redundant_updates_trigger()", "ALTER TABLE veche_values OWNER TO plugin_x",
		"ALTER ROLE veche PASSWORD 'x'", "GRANT veche TO " + who, "SELECT veche_plugin_role('plugin_x', 'SCRAM-SHA-256$4096:')", "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'veche' AND datname = current_database()",
		"ALTER SYSTEM SET log_statement = 'all'", "SET log_statement = 'all'", "SELECT * FROM public.river_job", "LOCK TABLE public.municipalities",
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: was done", sql)
		}
	}
	// Nothing that everybody may run, and that the house or a superuser of ours made, runs as its owner.
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `SELECT coalesce(string_agg(p.oid::regprocedure::text, ' '), '') FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
		WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema')`).Scan(&definers))
	if definers != "" {
		t.Errorf("these run as their owner: %s", definers)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO orders (id, text) VALUES (gen_random_uuid(), 'a')"); err != nil {
		t.Error(err)
	}
}

// The same by way of the contract, and what would break the transaction in which a call runs.
func TestStatementsThatAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{StatementTime: 200 * time.Millisecond, Rows: 100, ResultBytes: 1000, Statements: 3})
	p := h.serving(h.other)
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		for sql, want := range map[string]codes.Code{
			"SELECT * FROM public.accounts": codes.PermissionDenied, "SELECT * FROM plugin_orders_achinsk.orders": codes.PermissionDenied,
			"COMMIT": codes.PermissionDenied, "ROLLBACK": codes.PermissionDenied, "BEGIN": codes.PermissionDenied, "/* /* */ SELECT */ COMMIT": codes.PermissionDenied, "-- SELECT\nSET ROLE veche": codes.PermissionDenied,
			"DO $$ BEGIN COMMIT; END $$": codes.PermissionDenied, "CALL x()": codes.PermissionDenied, "CREATE TABLE x (a int)": codes.PermissionDenied, "COPY orders TO STDOUT": codes.PermissionDenied,
			"LISTEN x": codes.PermissionDenied, "PREPARE x AS SELECT 1": codes.PermissionDenied, "": codes.PermissionDenied, "EXPLAIN SELECT 1": codes.PermissionDenied,
			"SELECT 1; COMMIT": codes.InvalidArgument, "SELECT nonsense": codes.InvalidArgument, "SELECT $1::int": codes.InvalidArgument,
			"SELECT set_config('role', 'veche', true)": codes.PermissionDenied, "SELECT pg_read_file('/etc/passwd')": codes.PermissionDenied,
			"SELECT pg_sleep(600)": codes.DeadlineExceeded, "SELECT generate_series(1, 101)": codes.ResourceExhausted, "SELECT repeat('a', 1001)": codes.ResourceExhausted,
		} {
			for kind, do := range map[string]func() error{
				"read": func() error {
					_, err := api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: sql}}})
					return err
				},
				"write": func() error {
					_, err := api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{{Sql: sql}}})
					return err
				},
			} {
				if err := do(); code(err) != want {
					t.Errorf("%s %s: got %v, want %s", kind, sql, err, want)
				}
			}
		}
		// A statement takes Postgres' own limit away; the next one is stopped all the same.
		_, err := api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{{Sql: "SELECT set_config('statement_timeout', '0', false)"}, {Sql: "SELECT pg_sleep(600)"}}})
		if code(err) != codes.DeadlineExceeded {
			t.Errorf("got %v", err)
		}
		// What reads cannot come to write, and leaves nothing on the connection.
		for _, sql := range []string{"INSERT INTO orders (id, text) VALUES (gen_random_uuid(), 'a')", "WITH a AS (DELETE FROM orders RETURNING 1) SELECT * FROM a"} {
			_, err = api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: sql}}})
			if err == nil {
				t.Errorf("%s was done by Read", sql)
			}
		}
		_, err = api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: "SELECT set_config('transaction_read_only', 'off', true)"}, {Sql: "INSERT INTO orders (id, text) VALUES (gen_random_uuid(), 'a')"}}})
		if err == nil {
			t.Error("Read was made to write")
		}
		_, err = api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: "SELECT set_config('search_path', 'public', false), pg_advisory_lock(1)"}}})
		townhall.Must(t, err)
		for range 8 { // on whichever connection
			rows, err := api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: "SELECT current_setting('search_path') AS path, (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = 0 AND objid = 1) AS locks"}}})
			townhall.Must(t, err)
			if got := string(rows.Results[0].Rows[0]); !strings.Contains(got, "plugin_orders_kansk") {
				t.Errorf("got %s", got)
			}
		}
		_, err = api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{{Sql: "SELECT 1"}, {Sql: "SELECT 1"}, {Sql: "SELECT 1"}, {Sql: "SELECT 1"}}})
		if code(err) != codes.InvalidArgument {
			t.Errorf("got %v", err)
		}
	})
}

// A token opens nothing but the call that it came with, and that only to the process to which it came.
func TestTokensOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	thief := h.newPlugin(true)
	h.enable("b1", orders(func(m *manifest.Manifest) {
		m.Name, m.Prefix, m.Permissions, m.Sends, m.Indicators = "badges", "Badge", nil, nil, nil
	}), badgesSDL, thief, nil, h.town)
	h.settled(h.town, "badges")
	var old string
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, call *contract.Call) {
		old = call.Token
		bare, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		for name, c := range map[string]struct{ key, token []string }{
			"no key": {nil, []string{call.Token}}, "no token": {[]string{p.key}, nil}, "neither": {}, "a forged token": {[]string{p.key}, []string{strings.Repeat("A", len(call.Token))}},
			"an empty token": {[]string{p.key}, []string{""}}, "a forged key": {[]string{"x"}, []string{call.Token}}, "another plugin's key": {[]string{thief.key}, []string{call.Token}},
			"two tokens": {[]string{p.key}, []string{call.Token, call.Token}},
		} {
			ctx := metadata.NewOutgoingContext(bare, metadata.MD{contract.KeyHeader: c.key, contract.TokenHeader: c.token})
			if _, err := api.Get(ctx, &contract.GetRequest{Key: "a"}); code(err) != codes.Unauthenticated {
				t.Errorf("%s: got %v", name, err)
			}
			stream, err := api.Watch(ctx, &contract.WatchRequest{})
			townhall.Must(t, err)
			if _, err := stream.Recv(); code(err) != codes.Unauthenticated {
				t.Errorf("watch with %s: got %v", name, err)
			}
		}
		if _, err := api.Get(ctx, &contract.GetRequest{Key: "a"}); err != nil {
			t.Error(err)
		}
	})
	if _, err := p.host.Get(p.as(t.Context(), old), &contract.GetRequest{Key: "a"}); code(err) != codes.Unauthenticated {
		t.Errorf("a call that has ended: got %v", err)
	}
}

// What a plugin asks on behalf of somebody, it asks with their rights.
func TestTheCallersRightsHold(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving(h.other)
	var entry [16]byte
	townhall.Must(t, h.host.DB.Pool.QueryRow(t.Context(), `INSERT INTO audit (municipality_id, id, at, actor_kind, action, object_type, object_id)
		VALUES ($1, gen_random_uuid(), now(), 'system', 'a', 'A', gen_random_uuid()) RETURNING id`, h.town.ID).Scan(&entry))
	object := core.ID{Type: "AuditEntry", Key: entry}.String()
	someone := auditor()
	for _, c := range []struct {
		town    *core.Municipality
		actor   core.Actor
		object  string
		allowed bool
	}{
		{h.town, anonymous, "", false}, {h.town, anonymous, object, false}, {h.town, someone, "", true}, {h.town, someone, object, true},
		{h.other, someone, object, false}, // not seen from there
		{h.town, someone, core.ID{Type: "Order", Key: entry}.String(), false},
	} {
		h.within(p, c.town, c.actor, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
			got, err := api.Can(ctx, &contract.CanRequest{Permission: "audit:read", Object: c.object})
			if err != nil || got.Allowed != c.allowed {
				t.Errorf("%s in %s on %q: got %v, %v", c.actor.Kind, c.town.Key, c.object, got, err)
			}
			if _, err := api.Can(ctx, &contract.CanRequest{Permission: "no:such"}); code(err) != codes.InvalidArgument {
				t.Errorf("got %v", err)
			}
			answer, err := api.Query(ctx, &contract.QueryRequest{Query: `{ councils { totalCount } }`})
			townhall.Must(t, err)
			var data struct {
				Data struct{ Town, Kind, Account string }
			}
			townhall.Must(t, json.Unmarshal(answer.Response, &data))
			if data.Data.Town != c.town.Key || data.Data.Kind != string(c.actor.Kind) || data.Data.Account != c.actor.Account.String() {
				t.Errorf("asked as %+v", data)
			}
		})
	}
}

// One operation goes through plugins only so deep, and a plugin is not asked about its own actions.
func TestNestingIsBounded(t *testing.T) {
	t.Parallel()
	depth := 0
	var h *house
	h = open(t, host.Limits{Nesting: 3}, func(o *host.Options) {
		o.Query = func(ctx context.Context, q host.Query) (json.RawMessage, error) {
			plugin := h.source(core.MunicipalityOf(ctx), "orders").Plugin
			if err := plugin.Before(ctx, "planMeeting", nil); err != nil {
				t.Errorf("asked about its own action: %v", err)
			}
			_, err := plugin.Resolve(ctx, []*contract.FieldCall{{Type: "Query", Field: "orders"}}, false)
			return json.RawMessage(`{}`), err
		}
	})
	p := h.serving()
	p.resolve = func(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
		depth++
		_, err := p.host.Query(p.as(ctx, r.Call.Token), &contract.QueryRequest{Query: `{ orders { id } }`})
		return &contract.ResolveResponse{Results: []*contract.FieldResult{{Items: []*contract.Item{{}}}}}, err
	}
	_, err := h.source(h.town, "orders").Plugin.Resolve(h.as(h.town, anonymous), []*contract.FieldCall{{Type: "Query", Field: "orders"}}, false)
	if err == nil || depth != 3 {
		t.Errorf("%d deep: %v", depth, err)
	}
}

func TestQuotas(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{Values: 2, ValueBytes: 10, KeyBytes: 5, Items: 2})
	p := h.serving(h.other)
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		put := func(key, value string, version int64) string {
			got, err := api.Put(ctx, &contract.PutRequest{Key: key, Value: []byte(value), Version: version})
			if err != nil {
				return code(err).String()
			}
			if got.Error != nil {
				return got.Error.Code
			}
			return fmt.Sprint(got.Version)
		}
		for n, c := range []struct {
			key, value string
			version    int64
			want       string
		}{
			{"a", `1`, 0, "1"}, {"a", `2`, 0, "CONFLICT"}, {"a", `2`, 1, "2"}, {"a", `3`, 1, "CONFLICT"}, {"a", `3`, -1, "3"}, {"b", `1`, 1, "CONFLICT"}, {"b", `1`, -1, "1"},
			{"c", `1`, 0, "CONFLICT"}, {"toolong", `1`, 0, "InvalidArgument"}, {"", `1`, 0, "InvalidArgument"}, {"d", `"0123456789"`, 0, "InvalidArgument"}, {"d", `{`, 0, "InvalidArgument"},
			{"b", ``, 1, "0"}, {"c", `1`, 0, "1"},
		} {
			if got := put(c.key, c.value, c.version); got != c.want {
				t.Errorf("%d: put %s %s %d: got %s, want %s", n, c.key, c.value, c.version, got, c.want)
			}
		}
		got, err := api.Get(ctx, &contract.GetRequest{Key: "a"})
		if err != nil || string(got.Value) != "3" || got.Version != 3 {
			t.Errorf("got %v, %v", got, err)
		}
		keys, err := api.List(ctx, &contract.ListRequest{})
		if err != nil || strings.Join(keys.Keys, " ") != "a c" {
			t.Errorf("got %v, %v", keys, err)
		}
		if _, err := api.Write(ctx, &contract.WriteRequest{Puts: make([]*contract.PutRequest, 3)}); code(err) != codes.InvalidArgument {
			t.Errorf("got %v", err)
		}
	})
	// Another municipality has its own.
	h.within(p, h.other, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		if keys, err := api.List(ctx, &contract.ListRequest{}); err != nil || len(keys.Keys) != 0 {
			t.Errorf("got %v, %v", keys, err)
		}
	})
}
