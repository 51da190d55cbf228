package host_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/migrations"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/host"
)

// connect signs in as another role, or to another database, of the test's managed server.
func connect(t *testing.T, db *postgres.DB, change func(*pgx.ConnConfig)) *pgx.Conn {
	t.Helper()
	if os.Getenv(pgtest.Env) != "" {
		t.Skip("the server is not ours")
	}
	config := db.Pool.Config().ConnConfig.Copy()
	change(config)
	conn, err := pgx.ConnectConfig(t.Context(), config)
	townhall.Must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// The functions by which Veche makes roles of plugins on its own server make no others.
func TestTheManagedServerMakesRolesOfPluginsAlone(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	conn := connect(t, db, func(c *pgx.ConnConfig) { c.Database = "postgres" })
	const verifier = "'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'"
	for _, sql := range []string{
		"SELECT veche_plugin_role('veche', " + verifier + ")", "SELECT veche_plugin_role('postgres', " + verifier + ")", "SELECT veche_plugin_role('pg_execute_server_program', " + verifier + ")",
		"SELECT veche_plugin_role('plugin_x_1', 'secret')", "SELECT veche_plugin_role('plugin_x\" SUPERUSER --', " + verifier + ")", "SELECT veche_plugin_role(NULL, NULL)",
		"SELECT veche_plugin_role_drop('postgres')", "SELECT veche_plugin_role_drop('veche')", "SELECT veche_plugin_role_drop(NULL)",
		"CREATE ROLE plugin_x", "ALTER ROLE veche CREATEROLE", "GRANT pg_execute_server_program TO veche", "COPY (SELECT 1) TO PROGRAM 'id'",
	} {
		if _, err := conn.Exec(t.Context(), sql); err == nil {
			t.Errorf("%s: was done", sql)
		}
	}
}

// On a server that is not Veche's own it needs the right to make roles, and says so where it lacks it.
func TestAnOutsideServer(t *testing.T) {
	t.Parallel()
	empty := coretest.Open(t, pgtest.New(t, pgtest.Template{}))
	admin := connect(t, empty, func(c *pgx.ConnConfig) { c.User = "postgres" })
	var database string
	townhall.Must(t, admin.QueryRow(t.Context(), "SELECT current_database()").Scan(&database))
	role := "outside_" + strings.TrimPrefix(database, "veche_test_")
	do := func(sql string) {
		t.Helper()
		_, err := admin.Exec(context.Background(), sql)
		townhall.Must(t, err)
	}
	do(fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD 'secret'", role))
	do(fmt.Sprintf("ALTER DATABASE %s OWNER TO %s", database, role))
	config := empty.Pool.Config().ConnConfig
	db := coretest.Open(t, fmt.Sprintf("postgres://%s:secret@/%s?host=%s&port=%d&sslmode=disable", role, database, config.Host, config.Port))
	townhall.Must(t, postgres.Migrate(t.Context(), db, migrations.Files, func(string) {}))
	h := outside(t, db)
	p := h.newPlugin(true)
	h.enable("d1", ofPersons(), ordersSDL, p, []string{ordersTables, personsTables}, h.town)
	if s := h.settled(h.town, "orders"); !strings.Contains(s.Reason, "CREATEROLE") {
		t.Fatalf("got %+v", s)
	}
	do(fmt.Sprintf("ALTER ROLE %s CREATEROLE", role))
	p = h.newPlugin(true)
	h.enable("d2", ofPersons(), ordersSDL, p, []string{ordersTables, personsTables}, h.town)
	for {
		s := h.settled(h.town, "orders")
		if s.Ready {
			break
		}
		h.later(1 << 40)
		townhall.Must(t, h.host.Refresh(t.Context()))
		if s.Reason != "" && !strings.Contains(s.Reason, "CREATEROLE") {
			t.Fatalf("got %+v", s)
		}
	}
	h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
		if _, err := api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: "SELECT * FROM orders"}}}); err != nil {
			t.Error(err)
		}
		if _, err := api.Read(ctx, &contract.ReadRequest{Statements: []*contract.Statement{{Sql: "SELECT * FROM accounts"}}}); code(err).String() != "PermissionDenied" {
			t.Errorf("got %v", err)
		}
	})
	h.run(h.town, "INSERT INTO votes VALUES (1, $1)", ann)
	h.run(h.town, "INSERT INTO parts VALUES (1, 1, $1)", ann)
	h.run(h.town, "INSERT INTO seats VALUES (1, $1)", ann)
	if _, err := h.move(ann, bob); err != nil {
		t.Errorf("what it keeps of persons: %v", err)
	}
	townhall.Must(t, h.erase(bob))
	if got := h.rows(h.town, "SELECT person_id FROM votes UNION ALL SELECT person_id FROM seats"); got != "("+bob.String()+")" {
		t.Error(got)
	}
	h.enable("d2", ofPersons(), ordersSDL, p, nil)
	townhall.Must(t, h.host.Erase(t.Context(), h.town, "orders"))
	t.Cleanup(func() {
		do("ALTER DATABASE " + database + " OWNER TO postgres")
		do("DROP OWNED BY " + role + " CASCADE")
		do("DROP ROLE " + role)
	})
}

func outside(t *testing.T, db *postgres.DB) *house {
	h := empty(t)
	h.furnish(db, host.Limits{})
	return h
}

// A backup that was put back where the role was not there has the tables, and somebody else's.
func TestTablesGoBackToTheirRole(t *testing.T) {
	t.Parallel()
	h := open(t, host.Limits{})
	p := h.serving()
	var role string
	townhall.Must(t, host.PoolOf(h.host, h.town, "orders").QueryRow(t.Context(), "SELECT session_user").Scan(&role))
	for _, sql := range []string{"ALTER TABLE plugin_orders_kansk.orders OWNER TO CURRENT_USER", "REVOKE ALL ON SCHEMA plugin_orders_kansk FROM " + pgx.Identifier{role}.Sanitize(), "REVOKE ALL ON plugin_orders_kansk.veche_outbox FROM " + pgx.Identifier{role}.Sanitize()} {
		_, err := h.host.DB.Pool.Exec(t.Context(), sql)
		townhall.Must(t, err)
	}
	count := func() (failed error) {
		h.within(p, h.town, anonymous, func(ctx context.Context, api contract.HostClient, _ *contract.Call) {
			_, failed = api.Write(ctx, &contract.WriteRequest{Statements: []*contract.Statement{{Sql: "SELECT * FROM orders"}}, Events: []*contract.Publish{{Name: "orders.accepted", Object: core.ID{Type: "Order", Key: core.NewID()}.String()}}})
		})
		return failed
	}
	if count() == nil {
		t.Error("the role reads what is not its own")
	}
	townhall.Must(t, errors.Join(host.Ensure(t.Context(), h.host, h.town, "orders"), count()))
}
