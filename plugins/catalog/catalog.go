// Package catalog keeps which plugins are installed, and which of them each municipality has approved,
// enabled and configured. It runs none: plugins/host does, and asks here what and with which settings.
//
// It owns the tables of migration 00050 and the folder of unpacked bundles on this replica. The bytes of a
// bundle stand in the database, so that every replica has them; the keys that are trusted, and the key
// that seals secrets, stand outside of it: who can write the database can neither have a program run nor
// read a secret.
//
// Who may: callers ask for the rights (modules/plugins), this package keeps what must hold whoever asks.
// A bundle runs only if one of the operator's keys signed it (looked at when it is installed and again at
// every unpacking), its name and version never meant other bytes, it said of itself what its manifest
// says when it was run once, and its schema fits the others'. A municipality has of it what an
// administrator approved after reading it, and nothing more: an approval names what was read, and is a
// CONFLICT when that has changed.
//
// Order of a change: the caller's transaction, the lock on the municipality's row, the check against what
// is there then, the rows, the version of the catalog with its NOTIFY. After the commit every replica
// hears (Channel, and a poll behind it), learns the permissions and tells the host.
package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// Channel is where every change is notified, with the municipality's id or nothing.
const Channel = "veche_plugins"

// Settings are the operator's.
type Settings struct {
	// Dir is where bundles are unpacked, and where the key that seals secrets stands, plugins.key.
	Dir string
	// Keys is the folder of the public keys whose bundles may run: files of one Ed25519 key each, PEM or
	// base64, called by their names without .pub or .pem.
	Keys string
	// Secret seals secrets instead of the file plugins.key: for several replicas, which share it.
	Secret string
	// Uploads lets bundles be sent through the graph by who holds plugins:install in a municipality.
	Uploads bool
	// Dev is set while an author works on a plugin: each content is a version of its own, so that the same
	// name and version may be installed again.
	Dev bool
}

// Options are the services that the catalog stands on, and its hooks into the running house. A hook that
// is nil is not asked.
type Options struct {
	Settings
	Guard *access.Guard
	Clock core.Clock
	Log   *slog.Logger
	// Towns are all municipalities.
	Towns func() []*core.Municipality
	// Probe runs the program of an unpacked bundle once, without data, and answers the functions that it
	// says it has, after it has said what its manifest says.
	Probe func(ctx context.Context, folder string, m *manifest.Manifest, sdl string) (functions []string, err error)
	// Schema composes a municipality's schema with these plugins; an error names plugin, file and line.
	Schema func(m *core.Municipality, sources []*fields.Source) (*ast.Schema, error)
	// Export writes all that a plugin keeps in the municipality as a zip.
	Export func(ctx context.Context, m *core.Municipality, name string, out io.Writer) error
	// Erase removes that for ever; again, it changes nothing.
	Erase func(ctx context.Context, m *core.Municipality, name string) error
	// Purge removes what the host remembers in the database for a while.
	Purge func(ctx context.Context) error
	// Restart starts the plugin's processes on this replica again that are in quarantine or wait, and lets
	// calls through again that were kept back.
	Restart func(name string)
	// Process is how the plugin's process fares on this replica, for the municipality; nil: it has none here.
	Process func(m *core.Municipality, name string) *Process
	// Logs are the last lines of the plugin's processes on this replica, the latest last.
	Logs func(name string, last int) []LogLine
	// Dead are the events that were given up for the plugin in the municipality, the newest first; Replay
	// brings those that are named anew, or all, and says how many.
	Dead   func(ctx context.Context, m *core.Municipality, name string, most int) ([]Letter, error)
	Replay func(ctx context.Context, m *core.Municipality, name string, events ...uuid.UUID) (int, error)
	// Changed is told after what is enabled or configured has changed anywhere. It must not wait: Wake
	// does, and all that hears of changes in its goroutine.
	Changed func(ctx context.Context)
}

// Catalog is one for the process.
type Catalog struct {
	Options
	db *postgres.DB

	folders  keyedLock // one unpacking of a digest at a time
	key      sealer
	waking   sync.Mutex
	version  int64
	restarts map[string]int64
	seen     recorder
}

// New makes the catalog; it reads the database first at Refresh. The options may be set until then.
func New(db *postgres.DB, options Options) (*Catalog, error) {
	if options.Guard == nil || options.Clock == nil || options.Log == nil || options.Towns == nil {
		return nil, errors.New("catalog: it needs a guard, a clock, a log and the municipalities")
	}
	c := &Catalog{Options: options, db: db, restarts: map[string]int64{}}
	c.key = sealer{dir: options.Dir, secret: options.Secret}
	return c, nil
}

// Wake looks whether something has changed, and tells those whom it concerns. It is called at every
// notification on Channel and every second besides. What fails is logged, and tried again at the next call.
func (c *Catalog) Wake(ctx context.Context) {
	c.waking.Lock()
	defer c.waking.Unlock()
	var version int64
	if err := c.db.NewRaw("SELECT version FROM plugin_catalog").Scan(ctx, &version); err != nil {
		if ctx.Err() == nil {
			c.Log.Warn("the version of the plugins' catalog cannot be read", "error", err)
		}
		return
	}
	if version == c.version {
		return
	}
	if err := c.refresh(ctx); err != nil {
		if ctx.Err() == nil {
			c.Log.Warn("the plugins' catalog cannot be read", "error", err)
		}
		return
	}
	c.version = version
	if c.Changed != nil {
		c.Changed(ctx)
	}
}

const (
	recordEvery = 10 * time.Second
	eraseEvery  = time.Minute
)

// Run does what need not be done at once, until ctx ends: it records the operations that were seen,
// erases what a removal could not, and removes unpacked bundles that were uninstalled.
func (c *Catalog) Run(ctx context.Context) {
	record, erase := time.NewTicker(recordEvery), time.NewTicker(eraseEvery)
	defer record.Stop()
	defer erase.Stop()
	warn := func(what string, err error) {
		if err != nil && ctx.Err() == nil {
			c.Log.Warn(what, "error", err)
		}
	}
	for {
		select {
		case <-record.C:
			warn("operations that name plugins' fields cannot be recorded", c.Record(ctx))
		case <-erase.C:
			warn("data of a removed plugin are not erased yet", c.EraseRemoved(ctx))
			warn("bundles that were taken away cannot be removed here", c.Sweep(ctx))
		case <-ctx.Done():
			return
		}
	}
}

// Refresh learns what is enabled now; it is called at the start, and after a change by this process, so
// that the next request sees it.
func (c *Catalog) Refresh(ctx context.Context) error {
	c.waking.Lock()
	defer c.waking.Unlock()
	return c.refresh(ctx)
}

func (c *Catalog) refresh(ctx context.Context) error {
	cards, err := c.cards(ctx)
	if err != nil {
		return err
	}
	for _, town := range c.Towns() {
		if err := c.Guard.Learn(town.ID, cards[town.ID]); err != nil {
			return fmt.Errorf("permissions of plugins in %s: %w", town.Key, err)
		}
	}
	return c.restart(ctx)
}

// restart starts anew what was asked for since this process looked last; at its first look nothing.
func (c *Catalog) restart(ctx context.Context) error {
	var rows []struct {
		Name  string
		Count int64
	}
	if err := c.db.NewRaw("SELECT name, count FROM plugin_restarts").Scan(ctx, &rows); err != nil {
		return err
	}
	for _, row := range rows {
		if before := c.restarts[row.Name]; c.version != 0 && row.Count > before && c.Restart != nil {
			c.Restart(row.Name)
		}
		c.restarts[row.Name] = row.Count
	}
	return nil
}

// bump raises the catalog's version in the transaction, and wakes every replica when it commits.
func bump(ctx context.Context, tx postgres.Tx) error {
	if _, err := tx.NewRaw("UPDATE plugin_catalog SET version = version + 1").Exec(ctx); err != nil {
		return err
	}
	_, err := tx.NewRaw("SELECT pg_notify(?, ?)", Channel, townOf(ctx)).Exec(ctx)
	return err
}

func townOf(ctx context.Context) string {
	if id := core.MunicipalityOf(ctx).ID; id != uuid.Nil {
		return id.String()
	}
	return ""
}

// lock takes the municipality's row, which every change of what is enabled in it takes first.
func lock(ctx context.Context, tx postgres.Tx) error {
	var found int
	err := tx.NewRaw("SELECT 1 FROM municipalities WHERE id = ? FOR NO KEY UPDATE", core.MunicipalityOf(ctx).ID).Scan(ctx, &found)
	if err != nil {
		return fmt.Errorf("plugins of municipality %s: %w", core.MunicipalityOf(ctx).ID, err)
	}
	return nil
}
