// Package tenancy finds the municipality of a request: by the header X-Municipality, else by the
// host name, else the one that is the default.
//
// It owns the table municipalities (but not the column policy_version, see core/access) and keeps
// it in memory; a change is notified on Channel and seen by every replica at once, and at the next
// Wake("") at the latest.
package tenancy

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Channel is where a change of a municipality is notified.
const Channel = "veche_municipality"

// LockHosts is the statement that whoever writes host names runs first, until the end of the
// transaction: that no two towns have one host is checked by reading, and so one after another.
const LockHosts = "SELECT pg_advisory_xact_lock(hashtextextended('municipalities.hosts', 0))"

// Header names the municipality by its key, for clients that reach all of them at one host.
const Header = "X-Municipality"

// Registry knows the municipalities.
type Registry struct {
	db         *postgres.DB
	defaultKey string
	known      atomic.Pointer[directory]
	reading    sync.Mutex // one at a time, so that an older reading never replaces a newer one
}

type directory struct {
	all    []*core.Municipality
	byKey  map[string]*core.Municipality
	byHost map[string]*core.Municipality
	byID   map[uuid.UUID]*core.Municipality
}

// New reads the municipalities. defaultKey is the one meant when a request names none; when it is
// empty, the only one there is.
func New(ctx context.Context, db *postgres.DB, defaultKey string) (*Registry, error) {
	r := &Registry{db: db, defaultKey: defaultKey}
	return r, r.Reload(ctx)
}

// Reload reads the table again.
func (r *Registry) Reload(ctx context.Context) error {
	r.reading.Lock()
	defer r.reading.Unlock()
	rows, err := r.db.Pool.Query(ctx, `SELECT id, key, name, region, time_zone, hosts, disabled_modules FROM municipalities ORDER BY created_at, key`)
	if err != nil {
		return fmt.Errorf("municipalities: %w", err)
	}
	defer rows.Close()
	d := &directory{byKey: map[string]*core.Municipality{}, byHost: map[string]*core.Municipality{}, byID: map[uuid.UUID]*core.Municipality{}}
	for rows.Next() {
		m := &core.Municipality{}
		var id pgtype.UUID
		if err := rows.Scan(&id, &m.Key, &m.Name, &m.Region, &m.TimeZone, &m.Hosts, &m.DisabledModules); err != nil {
			return fmt.Errorf("municipalities: %w", err)
		}
		m.ID = id.Bytes
		_ = m.SetTimeZone(m.TimeZone) // one that this machine does not know is UTC; see Location
		d.add(m)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("municipalities: %w", err)
	}
	r.known.Store(d)
	return nil
}

// add is called oldest first: a host name stays with whoever had it.
func (d *directory) add(m *core.Municipality) {
	d.all = append(d.all, m)
	d.byKey[m.Key], d.byID[m.ID] = m, m
	for _, host := range m.Hosts {
		if host = strings.ToLower(host); d.byHost[host] == nil {
			d.byHost[host] = m
		}
	}
}

// Wake reloads at a notification, and at every poll; in the form of postgres.Listen's callback.
func (r *Registry) Wake(ctx context.Context, channel string) error {
	if channel != Channel && channel != "" {
		return nil
	}
	return r.Reload(ctx)
}

// All are the municipalities, oldest first.
func (r *Registry) All() []*core.Municipality { return r.known.Load().all }

// ByID finds a municipality by its row's key: core.ErrNotFound when there is none.
func (r *Registry) ByID(_ context.Context, id uuid.UUID) (*core.Municipality, error) {
	if m := r.known.Load().byID[id]; m != nil {
		return m, nil
	}
	return nil, core.ErrNotFound
}

// ByKey finds a municipality by its short name; nil when there is none.
func (r *Registry) ByKey(key string) *core.Municipality { return r.known.Load().byKey[key] }

// Default is the municipality meant when a request names none; nil when there is none such.
func (r *Registry) Default() *core.Municipality {
	d := r.known.Load()
	if r.defaultKey != "" {
		return d.byKey[r.defaultKey]
	}
	if len(d.all) == 1 {
		return d.all[0]
	}
	return nil
}

// Of finds the municipality of a request; nil when the request names one that is not there, or
// none and there is no default.
func (r *Registry) Of(req *http.Request) *core.Municipality {
	if key := req.Header.Get(Header); key != "" {
		return r.ByKey(key)
	}
	host := req.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, ".")) // kansk.example. is the same name, in full
	if m := r.known.Load().byHost[host]; m != nil {
		return m
	}
	return r.Default()
}

// Add creates a municipality: CONFLICT when its key or one of its host names is taken.
func (r *Registry) Add(ctx context.Context, m *core.Municipality) error {
	if err := m.SetTimeZone(m.TimeZone); err != nil {
		return err
	}
	m.ID, m.Hosts = core.NewID(), slices.Clone(m.Hosts)
	for i, host := range m.Hosts {
		m.Hosts[i] = strings.ToLower(host)
	}
	err := postgres.InTx(ctx, r.db, func(ctx context.Context, tx postgres.Tx) error {
		if err := freeHosts(ctx, tx, m.Hosts); err != nil {
			return err
		}
		return insert(ctx, tx, m)
	})
	if err != nil {
		return err
	}
	return r.Reload(ctx)
}

// freeHosts refuses a host name that leads to another municipality. The lock is the one under
// which the module places gives out host names.
func freeHosts(ctx context.Context, tx postgres.Tx, hosts []string) error {
	if _, err := tx.Pgx.Exec(ctx, LockHosts); err != nil {
		return fmt.Errorf("add municipality: lock host names: %w", err)
	}
	var taken string
	err := tx.Pgx.QueryRow(ctx, `SELECT host FROM municipalities, unnest(hosts) AS host WHERE lower(host) = ANY($1) LIMIT 1`,
		append([]string{}, hosts...)).Scan(&taken)
	switch {
	case postgres.NoRows(err):
		return nil
	case err != nil:
		return fmt.Errorf("add municipality: host names: %w", err)
	}
	return core.Conflict(core.Textf("%[1]s leads to another municipality.", "%[1]s ведёт к другому муниципалитету.", taken), "hosts")
}

func insert(ctx context.Context, tx postgres.Tx, m *core.Municipality) error {
	name, err := json.Marshal(m.Name)
	if err != nil {
		return fmt.Errorf("add municipality: %w", err)
	}
	region, err := json.Marshal(m.Region)
	if err != nil {
		return fmt.Errorf("add municipality: %w", err)
	}
	tag, err := tx.Pgx.Exec(ctx, `INSERT INTO municipalities (id, key, name, region, time_zone, hosts, disabled_modules)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (key) DO NOTHING`, m.ID.String(), m.Key, string(name), string(region),
		m.TimeZone, append([]string{}, m.Hosts...), append([]string{}, m.DisabledModules...))
	switch {
	case postgres.Constraint(err) == "municipalities_key_check":
		return core.Invalid(core.T("A key is 2 to 40 latin small letters, digits and dashes, and begins with a letter.", "Ключ — от 2 до 40 строчных латинских букв, цифр и дефисов, начинается с буквы."), "key")
	case err != nil:
		return fmt.Errorf("add municipality: %w", err)
	case tag.RowsAffected() == 0:
		return core.Conflict(core.Textf("There is a municipality %q already.", "Муниципалитет %q уже есть.", m.Key), "key")
	}
	if _, err := tx.Pgx.Exec(ctx, "SELECT pg_notify($1, '')", Channel); err != nil {
		return fmt.Errorf("add municipality: %w", err)
	}
	return nil
}
