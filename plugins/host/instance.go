package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
)

// instance is one version of a plugin, with one state of its settings, in one municipality: what
// fields.Source.Plugin is. It is in a set from the moment that it is enabled; it serves once ready.
type instance struct {
	host    *Host
	number  int64 // no other's
	enabled Enabled
	town    *core.Municipality
	source  *fields.Source
	owns    ownership // empty where the schema cannot be read, which prepare refuses
	unread  error

	version atomic.Pointer[version] // nil: not started yet
	store   atomic.Pointer[store]   // nil: not ready, or it keeps nothing
	ready   atomic.Bool

	configuring sync.Mutex
	settings    json.RawMessage
	revision    int64
	configured  contract.PluginClient // the process that knows the settings
}

var errClosed = errors.New("plugins/host: closed")

func (h *Host) newInstance(town *core.Municipality, e Enabled) *instance {
	i := &instance{host: h, number: h.made.Add(1), enabled: e, town: town}
	i.source = &fields.Source{Manifest: e.Manifest, SDL: e.SDL, Functions: map[string]bool{}, Hooks: map[string]bool{}, Plugin: i}
	i.owns, i.unread = ownershipOf(e.Name, e.SDL)
	for _, f := range e.Functions {
		i.source.Functions[f] = true
	}
	for _, hook := range e.Manifest.Hooks {
		i.source.Hooks[hook.Before] = true
	}
	return i
}

// same says whether what is enabled is what the instance was made of.
func (i *instance) same(e Enabled) bool {
	return i.enabled.Digest == e.Digest && i.enabled.Revision == e.Revision &&
		reflect.DeepEqual(i.enabled.HookFailure, e.HookFailure) && reflect.DeepEqual(i.enabled.Functions, e.Functions)
}

func (i *instance) place() place { return place{i.enabled.Municipality, i.enabled.Name} }

// prepare brings an instance to where it can serve: process, tables, settings. What was reached stays
// when it fails, and is not done again.
func (i *instance) prepare(ctx context.Context) error {
	if i.unread != nil {
		return i.unread
	}
	v := i.version.Load()
	if v == nil {
		var err error
		if v, err = i.host.acquire(ctx, i.enabled); err != nil {
			return fmt.Errorf("start: %w", err)
		}
		i.version.Store(v)
	}
	if keeps(i.enabled.Manifest) && i.store.Load() == nil {
		if err := i.furnish(ctx, v); err != nil {
			return fmt.Errorf("tables: %w", err)
		}
	}
	ready, cancel := context.WithTimeout(ctx, i.host.options.Limits.Ready)
	defer cancel()
	if err := v.process.Ready(ready); err != nil {
		return fmt.Errorf("process: %w", err)
	}
	var err error
	if i.settings, i.revision, err = i.host.catalog.Settings(ctx, i.enabled.Municipality, i.enabled.Name); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	ctx = i.background(ctx)
	if err := v.process.Call(ctx, false, func(ctx context.Context, client contract.PluginClient) error { return i.configure(ctx, v, client) }); err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	i.ready.Store(true)
	return nil
}

// furnish makes the plugin's tables, a few plugins at a time: those of a whole region must not take all
// connections of the house.
func (i *instance) furnish(ctx context.Context, v *version) error {
	select {
	case i.host.opening <- struct{}{}:
		defer func() { <-i.host.opening }()
	case <-ctx.Done():
		return ctx.Err()
	}
	s, err := i.host.open(ctx, i.town, i.enabled.Name)
	if err != nil {
		return err
	}
	if err := s.migrate(ctx, v.dir, v.manifest.Migrations); err != nil {
		return err
	}
	if err := s.holds(ctx, v.manifest); err != nil {
		return err
	}
	i.store.Store(s)
	return nil
}

// configure hands the settings to a process that does not know them yet: at the first call, and at the
// first after each start of the process.
func (i *instance) configure(ctx context.Context, v *version, client contract.PluginClient) error {
	i.configuring.Lock()
	defer i.configuring.Unlock()
	if i.configured == client {
		return nil
	}
	said, _, end, err := i.begin(ctx, v)
	if err != nil {
		return err
	}
	defer end()
	answer, err := client.Configure(ctx, &contract.ConfigureRequest{Call: said, Settings: i.settings, Revision: i.revision})
	if err != nil {
		return err
	}
	if len(answer.Errors) > 0 {
		var words []string
		for _, e := range answer.Errors {
			words = append(words, strings.TrimSpace(strings.Join(e.Path, ".")+" "+e.Message))
		}
		return i.unavailable(fmt.Errorf("settings refused: %s", strings.Join(words, "; ")))
	}
	i.configured = client
	return nil
}

// drop gives back what the instance holds of the process.
func (i *instance) drop() {
	i.ready.Store(false)
	if v := i.version.Swap(nil); v != nil {
		i.host.release(v)
	}
}

// call is one guarded call to the plugin, which knows its settings by then. do is given what says for
// whom; its token dies with the call.
func (i *instance) call(ctx context.Context, write bool, do func(ctx context.Context, said *contract.Call, client contract.PluginClient) error) error {
	v := i.version.Load()
	if v == nil || !i.ready.Load() {
		return i.unavailable(errors.New("not ready"))
	}
	return v.process.Call(ctx, write, func(ctx context.Context, client contract.PluginClient) error { return i.within(ctx, v, client, do) })
}

func (i *instance) within(ctx context.Context, v *version, client contract.PluginClient, do func(ctx context.Context, said *contract.Call, client contract.PluginClient) error) error {
	if err := i.configure(ctx, v, client); err != nil {
		return err
	}
	said, _, end, err := i.begin(ctx, v)
	if err != nil {
		return err
	}
	defer end()
	return do(ctx, said, client)
}

// background is a context in which the plugin acts by itself in the municipality.
func (i *instance) background(ctx context.Context) context.Context {
	town := i.town
	if now, err := i.host.options.Town(ctx, town.ID); err == nil {
		town = now // its time zone and modules may be others than at the start
	}
	actor := core.Actor{Kind: core.Plugin, Account: core.PluginKey(i.enabled.Name), Permissions: i.host.permissions(ctx, i)}
	return core.WithActor(core.WithMunicipality(ctx, town), actor)
}

func (i *instance) unavailable(cause error) *core.Error {
	return &core.Error{Code: core.CodePluginUnavailable, Err: fmt.Errorf("plugin %s: %w", i.enabled.Name, cause), Text: core.Textf(
		"The plugin %[1]s is not running at the moment. Try again later.",
		"Плагин %[1]s сейчас не работает. Повторите попытку позже.", i.enabled.Name)}
}
