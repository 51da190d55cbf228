package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/plugins"
	"github.com/veche-city/veche/plugins/catalog"
)

// catalogCommands are the operator's: what is installed for all municipalities, and what one of them
// runs. They act as Veche itself, and are recorded as such.
type catalogCommands struct {
	Trust     trustPlugin     `cmd:"" help:"Trust an author's public key: bundles that it signed may run here."`
	Install   installPlugin   `cmd:"" help:"Install a signed bundle; no municipality has it before it is enabled there."`
	List      listPlugins     `cmd:"" help:"List what is installed, what each municipality has, and how it fares in the server that runs here."`
	Logs      logsPlugin      `cmd:"" help:"Show what a plugin last wrote to its log, in the server that runs here."`
	Enable    enablePlugin    `cmd:"" help:"Show what a plugin asks for, and enable it once that is approved."`
	Configure configurePlugin `cmd:"" help:"Set a plugin in a municipality."`
	Upgrade   upgradePlugin   `cmd:"" help:"Show what another release changes, and go to it."`
	Rollback  rollbackPlugin  `cmd:"" help:"Go back to the release from before."`
	Disable   disablePlugin   `cmd:"" help:"Take a plugin out of a municipality's schema; its data are kept."`
	Remove    removePlugin    `cmd:"" help:"Write a disabled plugin's data into a file, and erase them."`
	Restart   restartPlugin   `cmd:"" help:"Start a plugin again that is in quarantine or waits, on every server, and let calls through again."`
	Uninstall uninstallPlugin `cmd:"" help:"Take away a bundle that no municipality has."`
}

// inTown is a plugin in the municipality that --municipality names.
type inTown struct {
	Name string `arg:"" help:"The plugin's short name."`
}

// do runs fn in the municipality, as Veche itself.
func (*inTown) do(ctx context.Context, s *Settings, fn func(ctx context.Context, h *house.House, m *plugins.Service) error) error {
	return s.alongside(ctx, func(ctx context.Context, h *house.House, _ <-chan error) error {
		town, err := townOf(h, s.Municipality)
		if err != nil {
			return err
		}
		service, err := h.PluginService()
		if err != nil {
			return err
		}
		return fn(core.WithActor(core.WithMunicipality(ctx, town), core.Actor{Kind: core.System}), h, service)
	})
}

// townOf is the municipality of that key, or the only one.
func townOf(h *house.House, key string) (*core.Municipality, error) {
	all := h.Towns.All()
	if key == "" && len(all) == 1 {
		return all[0], nil
	}
	for _, town := range all {
		if town.Key == key {
			return town, nil
		}
	}
	return nil, fmt.Errorf("there is no municipality %q: give --municipality, a key that veche municipality list names", key)
}

// present is the plugin as the municipality has it.
func (t *inTown) present(ctx context.Context, h *house.House) (*catalog.Plugin, error) {
	p, err := h.Plugins.Here(ctx, t.Name)
	if errors.Is(err, core.ErrNotFound) {
		return nil, fmt.Errorf("%s has no plugin %q: veche plugin list shows what there is", core.MunicipalityOf(ctx).Key, t.Name)
	}
	return p, err
}

type trustPlugin struct {
	KeyFile string `arg:"" help:"The public key, NAME.pub, as veche plugin key makes it." type:"existingfile"`
}

// Run needs no database; each replica has a folder of its own, unless they share it.
func (t *trustPlugin) Run(s *Settings) error {
	name, err := catalog.Trust(s.plugins().Keys, t.KeyFile)
	if err != nil {
		return err
	}
	fmt.Printf("bundles that %s signs may run here (%s)\n", name, s.plugins().Keys)
	return nil
}

type installPlugin struct {
	Bundle string `arg:"" help:"The bundle's file." type:"existingfile"`
}

func (i *installPlugin) Run(ctx context.Context, s *Settings) error {
	file, err := os.Open(i.Bundle)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	return s.alongside(ctx, func(ctx context.Context, h *house.House, _ <-chan error) error {
		candidate, err := h.Plugins.Check(ctx, file, info.Size())
		if err != nil {
			return err
		}
		err = postgres.InTx(ctx, h.DB, func(ctx context.Context, tx postgres.Tx) error {
			_, err := h.Plugins.Add(ctx, tx, candidate)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s %s is installed, signed by %s\nsha256:%s\n", candidate.Name, candidate.Version, candidate.Signer, candidate.Digest)
		return nil
	})
}

type listPlugins struct{}

func (*listPlugins) Run(ctx context.Context, s *Settings) error {
	return s.alongside(ctx, func(ctx context.Context, h *house.House, _ <-chan error) error {
		installed, err := h.Plugins.Installed(ctx)
		if err != nil {
			return err
		}
		for _, row := range installed {
			fmt.Printf("%-30s %-12s signed by %-16s %s\n", row.Name, row.Version, row.Signer, row.InstalledAt.Format("2006-01-02 15:04"))
		}
		states := s.states(ctx)
		for _, town := range h.Towns.All() {
			all, err := h.Plugins.All(core.WithMunicipality(ctx, town))
			if err != nil {
				return err
			}
			for _, p := range all {
				fmt.Printf("%s: %-30s %-12s %-9s %s\n", town.Key, p.Name, p.Release, strings.ToLower(string(p.State)), states[[2]string{town.Key, p.Name}])
			}
		}
		return nil
	})
}

// settingsFile is where settings are read from; empty: none are given.
type settingsFile struct {
	Settings string `help:"File of the settings, a JSON object; - is the standard input." placeholder:"FILE"`
}

func (f *settingsFile) read() (*string, error) {
	if f.Settings == "" {
		return nil, nil //nolint:nilnil // none is an answer
	}
	var raw []byte
	var err error
	if f.Settings == "-" {
		raw, err = io.ReadAll(os.Stdin)
	} else {
		raw, err = os.ReadFile(f.Settings)
	}
	text := string(raw)
	return &text, err
}

type enablePlugin struct {
	inTown
	settingsFile
	Release string            `help:"The release; the latest installed by default."`
	Approve string            `help:"The key of what you read and approve, as the command shows it without."`
	Hook    map[string]string `help:"What is done when the plugin does not answer before an action, open or closed; as it proposes by default." placeholder:"ACTION=open"`
}

func (e *enablePlugin) Run(ctx context.Context, s *Settings) error {
	return e.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		row, err := e.bundle(ctx, h)
		if err != nil {
			return err
		}
		m, err := row.Manifest()
		if err != nil {
			return err
		}
		if asks := catalog.AsksOf(m, row.Policy); e.Approve == "" {
			fmt.Printf("%s %s (%s), signed by %s, asks for:\n", row.Name, row.Version, m.Title.En, row.Signer)
			show("", asks)
			return fmt.Errorf("nothing was enabled: repeat it with --approve %s to approve exactly this", asks.Key(row.Digest))
		}
		settings, err := e.read()
		if err != nil {
			return err
		}
		return house.Refused(service.Enable(ctx, plugins.EnablePluginInput{Name: e.Name, Digest: row.Digest, Asks: e.Approve, Settings: settings, HookFailures: hooks(e.Hook)}))
	})
}

// bundle is the release that is meant.
func (e *enablePlugin) bundle(ctx context.Context, h *house.House) (*catalog.Installed, error) {
	all, err := h.Plugins.Installed(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range all {
		if row.Name == e.Name && (e.Release == "" || e.Release == row.Version) {
			return row, nil
		}
	}
	return nil, fmt.Errorf("plugin %s %s is not installed: veche plugin list shows what is", e.Name, e.Release)
}

func show(sign string, asks catalog.Asks) {
	for _, ask := range asks {
		fmt.Printf("  %s%-13s %-40s %s\n", sign, strings.ToLower(strings.ReplaceAll(string(ask.Kind), "_", " ")), ask.Name, ask.Title.En)
	}
}

func hooks(chosen map[string]string) (all []*plugins.PluginHookFailureInput) {
	for action, failure := range chosen {
		all = append(all, &plugins.PluginHookFailureInput{Action: action, Failure: plugins.PluginFailure(strings.ToUpper(failure))})
	}
	return all
}

type configurePlugin struct {
	inTown
	File string `arg:"" help:"File of the settings, a JSON object; - is the standard input."`
}

func (c *configurePlugin) Run(ctx context.Context, s *Settings) error {
	from := settingsFile{Settings: c.File}
	return c.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		if _, err := c.present(ctx, h); err != nil {
			return err
		}
		settings, err := from.read()
		if err != nil {
			return err
		}
		now, err := h.Plugins.Shown(ctx, c.Name)
		if err != nil {
			return err
		}
		return house.Refused(service.Configure(ctx, plugins.ConfigurePluginInput{Name: c.Name, Settings: *settings, ExpectedRevision: int(now.Revision)}))
	})
}

type upgradePlugin struct {
	inTown
	settingsFile
	Release string `arg:"" help:"The release to go to: 1.2.0."`
	Approve string `help:"The key of the difference that you read and approve, as the command shows it without."`
}

func (u *upgradePlugin) Run(ctx context.Context, s *Settings) error {
	return u.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		p, err := u.present(ctx, h)
		if err != nil {
			return err
		}
		to, err := h.Plugins.Version(ctx, h.DB, u.Name, u.Release)
		if err != nil {
			return err
		}
		d, err := h.Plugins.Difference(ctx, p, to)
		if err != nil {
			return err
		}
		if u.Approve == "" && d.NeedsApproval {
			tell(d)
			return fmt.Errorf("nothing was changed: repeat it with --approve %s to approve exactly this", d.Key)
		}
		settings, err := u.read()
		if err != nil {
			return err
		}
		in := plugins.UpgradePluginInput{Name: u.Name, Digest: to.Digest, Settings: settings, ExpectedVersion: int(p.Version)}
		if u.Approve != "" {
			in.Approve = &u.Approve
		}
		return house.Refused(service.Upgrade(ctx, in))
	})
}

func tell(d *catalog.Difference) {
	fmt.Printf("%s: from %s to %s\n", d.To.Name, d.From.Version, d.To.Version)
	show("+ ", d.More)
	show("- ", d.Less)
	for _, change := range d.Schema.Breaking {
		fmt.Printf("  schema: %s\n", change)
	}
	for _, o := range d.Operations {
		fmt.Printf("  breaks an operation that was asked %d times, last on %s: %s\n%s\n", o.Count, o.SeenAt.Format("2006-01-02"), strings.Join(o.Why, "; "), o.Text)
	}
}

type rollbackPlugin struct{ inTown }

func (r *rollbackPlugin) Run(ctx context.Context, s *Settings) error {
	return r.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		p, err := r.present(ctx, h)
		if err != nil {
			return err
		}
		return house.Refused(service.RollBack(ctx, plugins.RollBackPluginInput{Name: r.Name, ExpectedVersion: int(p.Version)}))
	})
}

type disablePlugin struct {
	inTown
	Reason *string `help:"Why; it stands in the register."`
}

func (d *disablePlugin) Run(ctx context.Context, s *Settings) error {
	return d.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		p, err := d.present(ctx, h)
		if err != nil {
			return err
		}
		return house.Refused(service.Disable(ctx, plugins.DisablePluginInput{Name: d.Name, Reason: d.Reason, ExpectedVersion: int(p.Version)}))
	})
}

type restartPlugin struct{ inTown }

func (r *restartPlugin) Run(ctx context.Context, s *Settings) error {
	return r.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		if _, err := r.present(ctx, h); err != nil {
			return err
		}
		return house.Refused(service.Restart(ctx, plugins.RestartPluginInput{Name: r.Name}))
	})
}

type removePlugin struct {
	inTown
	Export string  `required:"" help:"File to write the plugin's data into, a zip; it must not be there." placeholder:"FILE"`
	Reason *string `help:"Why; it stands in the register."`
}

func (r *removePlugin) Run(ctx context.Context, s *Settings) error {
	return r.do(ctx, s, func(ctx context.Context, h *house.House, service *plugins.Service) error {
		p, err := r.present(ctx, h)
		if err != nil {
			return err
		}
		file, err := os.OpenFile(r.Export, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		removed, err := service.RemoveTo(ctx, plugins.RemovePluginInput{Name: r.Name, Reason: r.Reason, ExpectedVersion: int(p.Version)}, synced{file})
		if err == nil {
			err = house.Refusals(removed.UserErrors)
		}
		if err = errors.Join(err, file.Close()); err != nil {
			return errors.Join(err, os.Remove(r.Export))
		}
		return nil
	})
}

// synced is a file whose every part is on the disk before more is done.
type synced struct{ *os.File }

func (s synced) Write(p []byte) (int, error) {
	n, err := s.File.Write(p)
	return n, errors.Join(err, s.Sync())
}

type uninstallPlugin struct {
	Name    string `arg:"" help:"The plugin's short name."`
	Release string `arg:"" help:"The release: 1.0.0."`
	Reason  string `help:"Why; it is kept with the bundle's history."`
}

func (u *uninstallPlugin) Run(ctx context.Context, s *Settings) error {
	return s.alongside(ctx, func(ctx context.Context, h *house.House, _ <-chan error) error {
		return postgres.InTx(ctx, h.DB, func(ctx context.Context, tx postgres.Tx) error {
			return h.Plugins.Uninstall(ctx, tx, u.Name, u.Release, u.Reason)
		})
	})
}
