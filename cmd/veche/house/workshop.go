package house

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/plugins"
	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/catalog"
)

// Workshop takes a plugin that its author works on from its folder into a municipality, by the same doors
// as an installation: packed, signed, checked, run once, approved, enabled or upgraded. It approves by
// itself whatever the plugin asks for. The house has catalog.Settings.Dev.
type Workshop struct {
	House *House
	Town  *core.Municipality
	// Key signs what is packed; the house trusts it.
	Key ed25519.PrivateKey
	// Settings are the plugin's; nil: those from before, or the defaults.
	Settings *string
}

// Reload is plugins/dev.House.
func (w *Workshop) Reload(ctx context.Context, folder string) error {
	err := w.reload(ctx, folder)
	if refusal := (*core.Error)(nil); errors.As(err, &refusal) && refusal.Err != nil {
		return refusal.Err // what is wrong, without the words for who installs it
	}
	return err
}

func (w *Workshop) reload(ctx context.Context, folder string) error {
	ctx = core.WithActor(core.WithMunicipality(ctx, w.Town), core.Actor{Kind: core.System})
	row, err := w.install(ctx, folder)
	if err != nil {
		return err
	}
	if err := w.enable(ctx, row); err != nil {
		return err
	}
	if err := w.House.Runner.Refresh(ctx); err != nil {
		return err
	}
	status, err := w.House.Runner.Settled(ctx, w.Town, row.Name)
	if err != nil {
		return err
	}
	if status.Reason != "" {
		return fmt.Errorf("%s does not start: %s", row.Name, status.Reason)
	}
	return w.House.Plugins.UninstallDev(ctx, row.Name)
}

// install packs the folder and installs the bundle, as veche plugin pack, sign and install do.
func (w *Workshop) install(ctx context.Context, folder string) (*catalog.Installed, error) {
	dir, err := os.MkdirTemp("", "veche-dev-*")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var packed bytes.Buffer
	if _, err := bundle.Pack(folder, &packed); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "plugin.veche")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		return nil, err
	}
	if err := bundle.Sign(path, w.Key); err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	candidate, err := w.House.Plugins.Check(ctx, file, info.Size())
	if err != nil {
		return nil, err
	}
	return &candidate.Installed, postgres.InTx(ctx, w.House.DB, func(ctx context.Context, tx postgres.Tx) error {
		_, err := w.House.Plugins.Add(ctx, tx, candidate)
		return err
	})
}

// enable brings the bundle into the municipality, in whatever state the plugin is there.
func (w *Workshop) enable(ctx context.Context, row *catalog.Installed) error {
	service, err := w.House.PluginService()
	if err != nil {
		return err
	}
	before, err := w.House.Plugins.Here(ctx, row.Name)
	switch {
	case errors.Is(err, core.ErrNotFound):
		return w.approve(ctx, service, row)
	case err != nil:
		return err
	case before.State != catalog.StateEnabled && before.State != catalog.StateDisabled || before.State == catalog.StateDisabled && before.Digest == row.Digest:
		return w.approve(ctx, service, row)
	case before.State == catalog.StateDisabled: // in another version, by which it comes back
		old, err := w.House.Plugins.ByDigest(ctx, before.Digest)
		if err == nil {
			err = w.approve(ctx, service, old)
		}
		if err != nil {
			return err
		}
		return w.enable(ctx, row)
	case before.Digest == row.Digest:
		return nil
	}
	d, err := w.House.Plugins.Difference(ctx, before, row)
	if err != nil {
		return err
	}
	return Refused(service.Upgrade(ctx, plugins.UpgradePluginInput{
		Name: row.Name, Digest: row.Digest, Approve: &d.Key, Settings: w.Settings, ExpectedVersion: int(before.Version)}))
}

// approve enables exactly what the plugin asks for.
func (w *Workshop) approve(ctx context.Context, service *plugins.Service, row *catalog.Installed) error {
	m, err := row.Manifest()
	if err != nil {
		return err
	}
	return Refused(service.Enable(ctx, plugins.EnablePluginInput{
		Name: row.Name, Digest: row.Digest, Asks: catalog.AsksOf(m, row.Policy).Key(row.Digest), Settings: w.Settings}))
}

// PluginService is what changes which plugins a municipality has.
func (h *House) PluginService() (*plugins.Service, error) {
	for _, m := range h.Modules {
		if m, ok := m.(*plugins.Module); ok {
			return m.Service, nil
		}
	}
	return nil, errors.New("this Veche is built without plugins")
}

// Refused turns a payload's refusals into an error, each with its field.
func Refused(p *core.Payload, err error) error {
	if err != nil {
		return err
	}
	return Refusals(p.UserErrors)
}

// Refusals are the refusals of a payload as an error.
func Refusals(all []core.UserError) error {
	var errs []error
	for _, e := range all {
		errs = append(errs, fmt.Errorf("%s: %s", strings.TrimPrefix(strings.Join(e.Path, "."), "input."), e.Message))
	}
	return errors.Join(errs...)
}
