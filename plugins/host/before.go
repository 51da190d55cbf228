package host

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
)

// failOpen is the administrator's choice that an action passes when the plugin does not answer.
const failOpen = "open"

// Before asks whether anything stands against an action of the core. A plugin is not asked about what
// it does itself. When it does not answer in time, the administrator's choice for the action decides;
// without one, the manifest's; without that, the action is refused.
func (i *instance) Before(ctx context.Context, action string, arguments json.RawMessage) error {
	if chain := nestingOf(ctx).chain; slices.Contains(chain, i.enabled.Name) {
		return nil
	}
	problems, err := i.ask(ctx, action, arguments)
	switch {
	case err == nil:
		return problems.Err()
	case ctx.Err() != nil:
		return ctx.Err()
	case i.failure(action) == failOpen:
		i.host.log.WarnContext(ctx, "plugin was not asked before an action, which passes", "plugin", i.enabled.Name, "municipality", i.town.Key, "action", action, "error", err)
		return i.noteSkipped(ctx, action)
	}
	return &core.Error{Code: core.CodeHookUnavailable, Err: err, Text: core.Textf(
		"The plugin %[1]s has to be asked before this, and does not answer. Nothing was changed. Try again later.",
		"Перед этим действием нужно спросить плагин %[1]s, а он не отвечает. Ничего не изменено. Повторите попытку позже.", i.enabled.Name)}
}

func (i *instance) ask(ctx context.Context, action string, arguments json.RawMessage) (problems core.Problems, err error) {
	ctx, cancel := context.WithTimeout(ctx, i.host.options.Limits.Hook)
	defer cancel()
	err = i.call(ctx, false, func(ctx context.Context, said *contract.Call, client contract.PluginClient) error {
		answer, err := client.Before(ctx, &contract.BeforeRequest{Call: said, Action: action, Arguments: arguments})
		if err != nil {
			return err
		}
		for _, e := range answer.Errors {
			problems = append(problems, i.problem(ctx, e))
		}
		return nil
	})
	return problems, err
}

func (i *instance) problem(ctx context.Context, e *contract.Error) *core.Error {
	err := fields.ErrorOf(e)
	if err.Code == core.CodePluginError {
		i.failed(ctx, err)
		err.Text = core.Textf("The plugin %[1]s stands against it and does not say why.", "Плагин %[1]s возражает и не говорит почему.", i.enabled.Name)
	}
	return err
}

// failed keeps in the log what a plugin says of its own failure, which is for no client.
func (i *instance) failed(ctx context.Context, err error) {
	i.host.log.WarnContext(ctx, "plugin failed", "plugin", i.enabled.Name, "municipality", i.town.Key, "error", err)
}

func (i *instance) failure(action string) string {
	if chosen := i.enabled.HookFailure[action]; chosen != "" {
		return chosen
	}
	for _, hook := range i.enabled.Manifest.Hooks {
		if hook.Before == action {
			return hook.Failure
		}
	}
	return ""
}

// noteSkipped leaves in the audit that an action passed unasked, for whoever looks at it later. When
// even that fails the action does not pass.
func (i *instance) noteSkipped(ctx context.Context, action string) error {
	_, err := i.host.Writer.Do(mutation.WithKey(ctx, ""), "skipPluginHook", nil, func(_ context.Context, tx *mutation.Tx) (key uuid.UUID, err error) {
		key = core.PluginKey(i.enabled.Name)
		tx.Changed(core.Change{Kind: core.Updated, Type: pluginType, ID: key, After: map[string]string{"plugin": i.enabled.Name, "action": action}})
		return key, nil
	})
	if err != nil {
		return fmt.Errorf("plugin %s: %w", i.enabled.Name, err)
	}
	return nil
}

// pluginType is the type under which the audit names plugins themselves.
const pluginType = "Plugin"
