package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// settingsRow is what is set for a plugin in a municipality. Defaults are not written down: a later
// version of the plugin may have others.
type settingsRow struct {
	bun.BaseModel `bun:"table:plugin_settings,alias:settings"`
	postgres.Owned

	PluginID    uuid.UUID         `bun:"plugin_id,pk,type:uuid"`
	Revision    int64             `bun:"revision"`
	Raw         json.RawMessage   `bun:"plain,type:jsonb"`
	Secrets     map[string]string `bun:"secrets,type:jsonb"`
	SealedUnder string            `bun:"sealed_under"`
	ChangedBy   string            `bun:"changed_by"`
	ChangedAt   time.Time         `bun:"changed_at"`

	plain map[string]any // Raw, read as the validator wants it
}

// Configuring is the wish for other settings.
type Configuring struct {
	Name string
	// Settings are all that are set, as a JSON object. A secret that is left out stays as it is; null
	// takes it away.
	Settings json.RawMessage
	Expected *int64 // revision that the caller read
}

// Configure sets a plugin's settings. They are valid with their defaults filled in, or refused by
// property.
func (c *Catalog) Configure(ctx context.Context, tx postgres.Tx, in Configuring) (*Plugin, error) {
	p, err := c.present(ctx, tx, in.Name, nil)
	if err != nil {
		return nil, err
	}
	row := &Installed{}
	if err := tx.NewSelect().Model(row).Where("digest = ?", p.Digest).Scan(ctx); err != nil {
		return nil, err
	}
	now, err := c.settingsOf(ctx, tx, p.ID)
	if err != nil {
		return nil, err
	}
	if in.Expected != nil && *in.Expected != now.Revision {
		return nil, core.Conflict(core.ErrConflict.Text, "input", "expectedRevision")
	}
	if err := c.settle(ctx, tx, p, row, in.Settings); err != nil {
		return nil, err
	}
	return p, bump(ctx, tx)
}

// settle checks the settings that a bundle will run with, and writes them when there are new ones.
func (c *Catalog) settle(ctx context.Context, tx postgres.Tx, p *Plugin, row *Installed, given json.RawMessage) error {
	schema, err := compileSettings(row.Settings)
	if err != nil {
		return fmt.Errorf("settings of plugin %s %s: %w", row.Name, row.Version, err)
	}
	now, err := c.settingsOf(ctx, tx, p.ID)
	if err != nil {
		return err
	}
	secrets, err := c.unsealed(ctx, now, row.Name)
	if err != nil {
		return err
	}
	plain := now.plain
	if given != nil {
		if plain, err = object(given); err != nil {
			return err
		}
		schema.part(plain, secrets)
	}
	whole := schema.join(plain, secrets)
	fill(schema.doc, whole)
	if err := schema.check(whole); err != nil || given == nil {
		return err
	}
	return c.writeSettings(ctx, tx, p, now, plain, secrets)
}

// object reads a JSON object as the schema's validator wants it.
func object(text json.RawMessage) (map[string]any, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if settings, ok := value.(map[string]any); ok && err == nil && storable(value) {
		return settings, nil
	}
	return nil, core.Invalid(core.T("Settings are a JSON object, without NUL in its texts.", "Настройки — объект JSON, без символа NUL в текстах."), "input", "settings")
}

// storable says whether the database takes the value: it takes no NUL.
func storable(v any) bool {
	switch v := v.(type) {
	case string:
		return !strings.ContainsRune(v, 0)
	case []any:
		return !slices.ContainsFunc(v, func(below any) bool { return !storable(below) })
	case map[string]any:
		for name, below := range v {
			if !storable(name) || !storable(below) {
				return false
			}
		}
	}
	return true
}

// part moves the secrets out of settings that were given, over those from before.
func (s *settingsSchema) part(settings map[string]any, secrets map[string]any) {
	for _, path := range s.secrets {
		inner := settings
		for _, name := range path[:len(path)-1] {
			inner, _ = inner[name].(map[string]any)
		}
		last := path[len(path)-1]
		value, given := inner[last]
		if !given {
			continue
		}
		delete(inner, last)
		if pointer := "/" + strings.Join(path, "/"); value == nil {
			delete(secrets, pointer)
		} else {
			secrets[pointer] = value
		}
	}
}

// join is the settings with their secrets; what a later schema knows no more as a secret is left out.
func (s *settingsSchema) join(plain, secrets map[string]any) map[string]any {
	whole, _ := clone(plain).(map[string]any)
	if whole == nil {
		whole = map[string]any{}
	}
	for _, path := range s.secrets {
		value, there := secrets["/"+strings.Join(path, "/")]
		if !there {
			continue
		}
		inner := whole
		for _, name := range path[:len(path)-1] {
			below, ok := inner[name].(map[string]any)
			if !ok {
				below = map[string]any{}
				inner[name] = below
			}
			inner = below
		}
		inner[path[len(path)-1]] = value
	}
	return whole
}

func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		same := make(map[string]any, len(v))
		for name, below := range v {
			same[name] = clone(below)
		}
		return same
	case []any:
		same := make([]any, len(v))
		for i, below := range v {
			same[i] = clone(below)
		}
		return same
	default:
		return v
	}
}

func (c *Catalog) writeSettings(ctx context.Context, tx postgres.Tx, p *Plugin, now *settingsRow, plain, secrets map[string]any) error {
	raw, err := json.Marshal(plain)
	if err != nil {
		return fmt.Errorf("settings of plugin %s: %w", p.Name, err)
	}
	next := &settingsRow{PluginID: p.ID, Revision: now.Revision + 1, Raw: raw, Secrets: map[string]string{}, ChangedBy: whoOf(ctx), ChangedAt: c.Clock()}
	for pointer, value := range secrets {
		text, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("settings of plugin %s: %w", p.Name, err)
		}
		if next.Secrets[pointer], err = c.key.seal(text, place(ctx, p.Name, pointer)); err != nil {
			return err
		}
	}
	if len(secrets) > 0 {
		_, name, err := c.key.ready()
		if err != nil {
			return err
		}
		next.SealedUnder = name
	}
	_, err = tx.NewInsert().Model(next).On("CONFLICT (municipality_id, plugin_id) DO UPDATE").
		Set("revision = EXCLUDED.revision, plain = EXCLUDED.plain, secrets = EXCLUDED.secrets, sealed_under = EXCLUDED.sealed_under, changed_by = EXCLUDED.changed_by, changed_at = EXCLUDED.changed_at").Exec(ctx)
	return err
}

// place is where a secret belongs: sealed, it opens nowhere else.
func place(ctx context.Context, name, pointer string) string {
	return core.MunicipalityOf(ctx).ID.String() + "/" + name + pointer
}

// settingsOf is what is set; revision 0 and nothing when nothing was.
func (c *Catalog) settingsOf(ctx context.Context, db bun.IDB, plugin uuid.UUID) (*settingsRow, error) {
	row := &settingsRow{}
	err := db.NewSelect().Model(row).Where("?TableAlias.plugin_id = ?", plugin).Scan(ctx)
	if postgres.NoRows(err) {
		return &settingsRow{PluginID: plugin, plain: map[string]any{}, Secrets: map[string]string{}}, nil
	}
	if err != nil {
		return nil, err
	}
	row.plain, err = object(row.Raw)
	return row, err
}

// unsealed are the secrets by their pointers.
func (c *Catalog) unsealed(ctx context.Context, row *settingsRow, name string) (map[string]any, error) {
	secrets := map[string]any{}
	for pointer, sealed := range row.Secrets {
		text, err := c.key.open(sealed, row.SealedUnder, place(ctx, name, pointer))
		if err != nil {
			return nil, err
		}
		if secrets[pointer], err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
			return nil, fmt.Errorf("the secret of %s%s: %w", name, pointer, err)
		}
	}
	return secrets, nil
}

// Settings are what the plugin runs with in the municipality, secrets and defaults included, and their
// revision (0: only defaults). They are for the plugin's process, and for nobody else.
func (c *Catalog) Settings(ctx context.Context, municipality uuid.UUID, name string) (json.RawMessage, int64, error) {
	ctx = core.WithMunicipality(ctx, &core.Municipality{ID: municipality})
	schema, row, err := c.configured(ctx, c.db, name)
	if err != nil {
		return nil, 0, err
	}
	secrets, err := c.unsealed(ctx, row, name)
	if err != nil {
		return nil, 0, err
	}
	whole := schema.join(row.plain, secrets)
	fill(schema.doc, whole)
	text, err := json.Marshal(whole)
	return text, row.Revision, err
}

// Secret is a property that is never shown again.
type Secret struct {
	Path []string
	Set  bool
}

// Shown are a plugin's settings without its secrets, for administrators.
type Shown struct {
	Schema   string
	Settings json.RawMessage // with the defaults
	Secrets  []Secret
	Revision int64
}

// Shown are the settings in the context's municipality as they may be shown.
func (c *Catalog) Shown(ctx context.Context, name string) (*Shown, error) {
	return c.shown(ctx, c.db, name)
}

func (c *Catalog) shown(ctx context.Context, db bun.IDB, name string) (*Shown, error) {
	schema, row, err := c.configured(ctx, db, name)
	if err != nil {
		return nil, err
	}
	plain, _ := clone(row.plain).(map[string]any)
	fill(schema.doc, plain)
	schema.part(plain, map[string]any{}) // a default of a secret is one
	shown := &Shown{Secrets: []Secret{}, Revision: row.Revision}
	for _, path := range schema.secrets {
		_, set := row.Secrets["/"+strings.Join(path, "/")]
		shown.Secrets = append(shown.Secrets, Secret{Path: path, Set: set})
	}
	text, err := json.Marshal(schema.doc)
	shown.Schema = string(text)
	if err != nil {
		return nil, err
	}
	shown.Settings, err = json.Marshal(plain)
	return shown, err
}

func (c *Catalog) configured(ctx context.Context, db bun.IDB, name string) (*settingsSchema, *settingsRow, error) {
	p, err := c.plugin(ctx, db, name)
	if err != nil {
		return nil, nil, err
	}
	if p == nil {
		return nil, nil, core.ErrNotFound
	}
	installed := &Installed{}
	if err := db.NewSelect().Model(installed).Where("digest = ?", p.Digest).Scan(ctx); err != nil {
		return nil, nil, err
	}
	schema, err := compileSettings(installed.Settings)
	if err != nil {
		return nil, nil, fmt.Errorf("settings of plugin %s: %w", name, err)
	}
	row, err := c.settingsOf(ctx, db, p.ID)
	return schema, row, err
}
