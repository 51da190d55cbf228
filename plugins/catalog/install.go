package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// devVersion begins what is added to the versions of a plugin that its author works on.
const devVersion = "+dev."

// partSize is how many bytes of a bundle stand in one row.
const partSize = 1 << 20

// Candidate is a bundle that may be installed: Check has found nothing against it.
type Candidate struct {
	Installed
	content io.ReaderAt
}

// file is where a refusal of a bundle points.
var file = []string{"input", "file"}

// Check looks at a bundle: its form and sums, its signer, its names, its settings, its schema; and runs it
// once. It needs no transaction, and may take as long as a program takes to start.
func (c *Catalog) Check(ctx context.Context, r io.ReaderAt, size int64) (*Candidate, error) {
	b, err := bundle.Open(r, size)
	if err != nil {
		return nil, refused(err, "This is no sound bundle: %v. Pack and sign it again by veche plugin pack and sign.", "Это не исправный пакет плагина: %v. Соберите и подпишите его заново: veche plugin pack и sign.")
	}
	signer, err := c.signer(b)
	if err != nil {
		return nil, err
	}
	candidate := &Candidate{content: r}
	if candidate.Installed, err = describe(b); err != nil {
		return nil, err
	}
	candidate.Signer, candidate.Size = signer, size
	if c.Dev {
		candidate.Version += devVersion + candidate.Digest[:8]
	}
	if err := c.fits(ctx, &candidate.Installed, b.Manifest()); err != nil {
		return nil, err
	}
	if candidate.Functions, err = c.probe(ctx, b); err != nil {
		return nil, err
	}
	if towns := c.Towns(); len(towns) > 0 {
		return candidate, c.composes(towns[0], []*fields.Source{sourceOf(b.Manifest(), &candidate.Installed)})
	}
	return candidate, nil
}

func refused(err error, en, ru string) *core.Error {
	return &core.Error{Code: core.CodeBadUserInput, Text: core.Textf(en, ru, err), Path: file, Err: err}
}

// signer is the name of the trusted key that signed the bundle.
func (c *Catalog) signer(b *bundle.Bundle) (string, error) {
	keys, err := c.keys()
	if err != nil {
		return "", err
	}
	name, ok := b.SignedBy(keys)
	if !ok {
		return "", core.Invalid(core.Textf("Plugin %s is signed by none of the trusted keys. Ask its author for the public key, and trust it by veche plugin trust KEYFILE.",
			"Плагин %s не подписан ни одним из доверенных ключей. Запросите у автора открытый ключ и добавьте его: veche plugin trust KEYFILE.", b.Manifest().Name), file...)
	}
	return name, nil
}

// describe is the row of the bundle.
func describe(b *bundle.Bundle) (Installed, error) {
	m := b.Manifest()
	card, err := json.Marshal(m)
	if err != nil {
		return Installed{}, fmt.Errorf("manifest of plugin %s: %w", m.Name, err)
	}
	row := Installed{Digest: b.Digest(), Name: m.Name, Version: m.Version, Card: card, SDL: b.SDL()}
	for name, to := range map[string]*string{m.Policy: &row.Policy, m.Settings: &row.Settings} {
		if name == "" {
			continue
		}
		text, err := fs.ReadFile(b.FS(), name)
		if err != nil {
			return Installed{}, refused(err, "A file that the manifest names cannot be read: %v. Pack the plugin again.", "Файл, названный в манифесте, не читается: %v. Соберите плагин заново.")
		}
		*to = string(text)
	}
	return row, nil
}

// fits checks what can be seen without running it.
func (c *Catalog) fits(ctx context.Context, row *Installed, m *manifest.Manifest) error {
	if c.Guard.Taken(row.Name) {
		return core.Invalid(core.Textf("Plugin %q is called as a module of Veche is. It needs another name.", "Плагин %q назван так же, как модуль Вече. Ему нужно другое имя.", row.Name), file...)
	}
	if err := c.Guard.CheckCard(cardOf(m, row.Policy)); err != nil {
		return refused(err, "The plugin's default rules cannot be taken: %v. Its author mends them.", "Правила плагина по умолчанию не приняты: %v. Исправить их должен автор.")
	}
	if _, err := compileSettings(row.Settings); err != nil {
		return refused(err, "The schema of the plugin's settings cannot be taken: %v. Its author mends it.", "Схема настроек плагина не принята: %v. Исправить её должен автор.")
	}
	return unused(ctx, c.db, row)
}

// composes says whether the schema with these plugins holds together.
func (c *Catalog) composes(town *core.Municipality, sources []*fields.Source) error {
	if c.Schema == nil {
		return nil
	}
	if _, err := c.Schema(town, sources); err != nil {
		return refused(err, "The plugin's schema does not fit: %v. Its author mends it, or the other plugin is disabled first.", "Схема плагина не подходит: %v. Исправить её должен автор; либо сначала отключите другой плагин.")
	}
	return nil
}

// unused refuses a name and version that mean another bundle.
func unused(ctx context.Context, db bun.IDB, row *Installed) error {
	var other string
	err := db.NewSelect().Model((*Installed)(nil)).Column("digest").Where("name = ? AND version = ? AND digest <> ?", row.Name, row.Version, row.Digest).Scan(ctx, &other)
	if postgres.NoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return taken(row)
}

func taken(row *Installed) *core.Error {
	return core.Conflict(core.Textf("Version %s of plugin %s has been installed with other content. What changed needs a version of its own.",
		"Версия %s плагина %s уже устанавливалась с другим содержимым. Изменённому пакету нужен свой номер версии.", row.Version, row.Name), file...)
}

// probe runs the bundle once, from a folder that is then gone.
func (c *Catalog) probe(ctx context.Context, b *bundle.Bundle) ([]string, error) {
	if c.Probe == nil {
		return []string{}, nil
	}
	if err := makeDir(c.Dir); err != nil {
		return nil, fmt.Errorf("plugins' folder: %w", err)
	}
	above, err := os.MkdirTemp(c.Dir, ".probe-*")
	if err != nil {
		return nil, fmt.Errorf("plugins' folder: %w", err)
	}
	defer func() { _ = removeAll(above) }()
	if err := os.Chmod(above, 0o755); err != nil { //nolint:gosec // as makeDir
		return nil, fmt.Errorf("plugins' folder: %w", err)
	}
	folder := filepath.Join(above, "bundle")
	if err := b.Unpack(folder); err != nil {
		return nil, fmt.Errorf("plugin %s: %w", b.Manifest().Name, err)
	}
	functions, err := c.Probe(ctx, folder, b.Manifest(), b.SDL())
	if err != nil {
		return nil, refused(err, "The plugin was run once, and failed: %v. It must start and describe itself as its manifest does.", "Пробный запуск плагина не удался: %v. Он должен запускаться и описывать себя так же, как его манифест.")
	}
	slices.Sort(functions)
	return functions, nil
}

// makeDir makes a folder that plugins, which may run as users of their own, can go through.
func makeDir(dir string) error { return os.MkdirAll(dir, 0o755) } //nolint:gosec // see above; the key in it is the host's alone

// removeAll removes a folder whose files and folders may be read-only.
func removeAll(dir string) error {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			return os.Chmod(path, 0o700) //nolint:gosec // about to be removed
		}
		return err
	})
	return os.RemoveAll(dir)
}
