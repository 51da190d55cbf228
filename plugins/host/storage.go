package host

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/manifest"
)

// store is what a plugin keeps in one municipality: a schema of its own in the house's database, and
// connections that logged in as a role which may do nothing outside of it. The role is the wall: it
// owns what its migrations made, reads no table of the house and of no other plugin, and can become no
// other role, since nothing on these connections ever was one.
//
// Beside the plugin's tables stand two of the house's: veche_values (its keys and values) and
// veche_outbox, into which alone it may insert (outbox.go).
type store struct {
	host   *Host
	town   *core.Municipality
	plugin string
	schema string
	role   string
	pool   *pgxpool.Pool
	seal   []byte

	mu       sync.Mutex
	measured time.Time
	size     int64
}

// keeps says whether a plugin needs a store.
func keeps(m *manifest.Manifest) bool { return m.Migrations != "" || m.Values }

// names are those of a plugin's schema and role. Roles are the server's, not the database's, so the
// role's name ends with the database's number.
func names(plugin, town, database string) (schema, role string) {
	name := "plugin_" + plugin + "_" + town
	return clip(name, 63), clip(name, 52) + "_" + database
}

// clip shortens a name to what Postgres keeps of one; what was longer bears a mark of the whole.
func clip(name string, most int) string {
	if len(name) <= most {
		return name
	}
	return name[:most-11] + "_" + hex.EncodeToString(derive(nil, "name", name))[:10]
}

// open makes the plugin's schema and role in the municipality where they are not there, and the way in.
func (h *Host) open(ctx context.Context, town *core.Municipality, plugin string) (*store, error) {
	at := place{town.ID, plugin}
	h.mu.Lock()
	s := h.stores[at]
	h.mu.Unlock()
	if s != nil {
		return s, nil
	}
	s, err := h.storeOf(ctx, town, plugin)
	if err != nil {
		return nil, err
	}
	if err := s.ensure(ctx); err != nil {
		return nil, err
	}
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if other := h.stores[at]; other != nil || h.closed {
		s.pool.Close()
		if h.closed {
			return nil, errClosed
		}
		return other, nil
	}
	h.stores[at] = s
	return s, nil
}

// storeOf is the plugin's store by name, without a connection.
func (h *Host) storeOf(ctx context.Context, town *core.Municipality, plugin string) (*store, error) {
	secret, err := h.secrets.get(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	var database string
	if err := h.DB.Pool.QueryRow(ctx, "SELECT oid::text FROM pg_database WHERE datname = current_database()").Scan(&database); err != nil {
		return nil, err
	}
	s := &store{host: h, town: town, plugin: plugin, seal: derive(secret, "outbox", town.ID.String(), plugin)}
	s.schema, s.role = names(plugin, town.Key, database)
	return s, nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// connect opens the pool, whose connections log in as the role.
func (s *store) connect(ctx context.Context) error {
	secret, err := s.host.secrets.get(ctx, s.host.DB)
	if err != nil {
		return err
	}
	config := s.host.DB.Pool.Config() // a copy
	config.MaxConns, config.MinConns, config.MinIdleConns, config.MaxConnIdleTime = 4, 0, 0, 10*time.Second
	config.HealthCheckPeriod = 10 * time.Second
	config.BeforeConnect, config.AfterConnect = nil, nil
	c := config.ConnConfig
	c.User, c.Password, c.DefaultQueryExecMode = s.role, passwordOf(secret, s.role), pgx.QueryExecModeExec
	c.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
	limit := fmt.Sprint(s.host.options.Limits.StatementTime.Milliseconds())
	for name, value := range map[string]string{
		"application_name": "veche plugin " + s.plugin, "search_path": quote(s.schema) + ", public", "timezone": "UTC",
		"statement_timeout": limit, "lock_timeout": limit, "idle_in_transaction_session_timeout": "10000",
	} {
		c.RuntimeParams[name] = value
	}
	// What a statement left on the connection (settings, locks) goes before the next one has it.
	config.AfterRelease = func(conn *pgx.Conn) bool {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_, err := conn.Exec(ctx, "DISCARD ALL")
		return err == nil
	}
	if s.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	if err := s.pool.Ping(ctx); err != nil {
		s.pool.Close()
		return fmt.Errorf("the role %s cannot log in to the database: let it in with a password (pg_hba.conf: scram-sha-256), past any pooler: %w", s.role, err)
	}
	return nil
}

// migrate brings the plugin's tables to the newest step of the folder, as the role; one replica at a
// time, the others wait. What is newer than the folder knows stays as it is: the other version runs on it.
func (s *store) migrate(ctx context.Context, dir, folder string) error {
	if folder == "" {
		return nil
	}
	lock, err := s.host.DB.Pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer lock.Release()
	key := "veche migrate " + s.schema
	if _, err := lock.Exec(ctx, "SELECT pg_advisory_lock(hashtextextended($1, 0))", key); err != nil {
		return err
	}
	defer func() {
		_, _ = lock.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock(hashtextextended($1, 0))", key)
	}()
	files, err := os.OpenRoot(filepath.Join(dir, filepath.FromSlash(folder)))
	if err != nil {
		return err
	}
	defer func() { _ = files.Close() }()
	// Steps may take longer than a statement of a call.
	config := s.pool.Config().ConnConfig.Copy()
	config.RuntimeParams["statement_timeout"], config.RuntimeParams["lock_timeout"] = "0", "10000"
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	steps, err := goose.NewProvider(goose.DialectPostgres, db, files.FS(), goose.WithTableName("veche_migrations"), goose.WithAllowOutofOrder(true))
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", s.plugin, err)
	}
	if _, err := steps.Up(ctx); err != nil {
		return fmt.Errorf("migrations of %s: %w", s.plugin, err)
	}
	return nil
}
