package plugins

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/catalog"
)

// mostReason is how long a reason may be.
const mostReason = 2000

// Service is every way to change which plugins a municipality has. Each method asks for the caller's
// right by itself, so it may be called from anywhere.
type Service struct {
	guard   *access.Guard
	writer  *mutation.Writer
	catalog *catalog.Catalog
	log     *slog.Logger
}

// do runs one change of a plugin and records it.
func (s *Service) do(ctx context.Context, action string, input any, change func(ctx context.Context, tx *mutation.Tx) (*catalog.Done, error)) (*core.Payload, error) {
	payload, err := s.writer.Do(ctx, action, input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayManage, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		done, err := change(ctx, tx)
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(changeOf(done))
		return done.After.ID, nil
	})
	if err == nil && len(payload.UserErrors) == 0 {
		s.learn(ctx)
	}
	return payload, err
}

// learn has this replica know at once what was just committed; the next Wake mends what fails.
func (s *Service) learn(ctx context.Context) {
	if err := s.catalog.Refresh(context.WithoutCancel(ctx)); err != nil {
		s.log.WarnContext(ctx, "the plugins' catalog cannot be read", "error", err)
	}
}

func changeOf(done *catalog.Done) core.Change {
	c := core.Change{Kind: core.Updated, Type: typePlugin, ID: done.After.ID, After: factsOf(done.After), Reason: done.After.Reason}
	switch {
	case done.Before == nil:
		c.Kind = core.Created
	case done.After.State == catalog.StateRemoved:
		c.Kind = core.Erased
	}
	if done.Before != nil {
		c.Before = factsOf(done.Before)
	}
	return c
}

// factsOf are what the audit keeps of a plugin.
func factsOf(p *catalog.Plugin) any {
	granted := make([]string, len(p.Granted))
	for i, ask := range p.Granted {
		granted[i] = string(ask.Kind) + " " + ask.Name
	}
	return map[string]any{"name": p.Name, "state": p.State, "digest": p.Digest, "granted": granted, "hookFailures": p.HookFailure}
}

// Enable approves a plugin and brings it in.
func (s *Service) Enable(ctx context.Context, in EnablePluginInput) (*core.Payload, error) {
	return s.do(ctx, "enablePlugin", s.asked(in, in.Settings), func(ctx context.Context, tx *mutation.Tx) (*catalog.Done, error) {
		return s.catalog.Enable(ctx, tx.Tx, catalog.Enabling{Name: in.Name, Digest: in.Digest, Asks: in.Asks, HookFailure: chosen(in.HookFailures), Settings: given(in.Settings)})
	})
}

// Disable takes a plugin out of the schema.
func (s *Service) Disable(ctx context.Context, in DisablePluginInput) (*core.Payload, error) {
	return s.do(ctx, "disablePlugin", in, func(ctx context.Context, tx *mutation.Tx) (*catalog.Done, error) {
		reason, err := reasonOf(in.Reason)
		if err != nil {
			return nil, err
		}
		return s.catalog.Disable(ctx, tx.Tx, in.Name, reason, version(in.ExpectedVersion))
	})
}

// Upgrade goes to another release.
func (s *Service) Upgrade(ctx context.Context, in UpgradePluginInput) (*core.Payload, error) {
	return s.do(ctx, "upgradePlugin", s.asked(in, in.Settings), func(ctx context.Context, tx *mutation.Tx) (*catalog.Done, error) {
		up := catalog.Upgrade{Name: in.Name, Digest: in.Digest, Expected: version(in.ExpectedVersion), HookFailure: chosen(in.HookFailures), Settings: given(in.Settings)}
		if in.Approve != nil {
			up.Approve = *in.Approve
		}
		return s.catalog.Upgrade(ctx, tx.Tx, up)
	})
}

// RollBack goes back to the release from before.
func (s *Service) RollBack(ctx context.Context, in RollBackPluginInput) (*core.Payload, error) {
	return s.do(ctx, "rollBackPlugin", in, func(ctx context.Context, tx *mutation.Tx) (*catalog.Done, error) {
		return s.catalog.RollBack(ctx, tx.Tx, in.Name, version(in.ExpectedVersion))
	})
}

// Configure sets a plugin. The audit keeps which revision, and no value.
func (s *Service) Configure(ctx context.Context, in ConfigurePluginInput) (*core.Payload, error) {
	payload, err := s.writer.Do(ctx, "configurePlugin", s.asked(in, &in.Settings), func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayManage, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		p, err := s.catalog.Configure(ctx, tx.Tx, catalog.Configuring{Name: in.Name, Settings: json.RawMessage(in.Settings), Expected: version(in.ExpectedRevision)})
		if err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: typePlugin, ID: p.ID,
			Before: map[string]any{"name": p.Name, "revision": in.ExpectedRevision}, After: map[string]any{"name": p.Name, "revision": in.ExpectedRevision + 1}})
		return p.ID, nil
	})
	return payload, err
}

// Restart starts the plugin's processes anew.
func (s *Service) Restart(ctx context.Context, in RestartPluginInput) (*core.Payload, error) {
	return s.do(ctx, "restartPlugin", in, func(ctx context.Context, tx *mutation.Tx) (*catalog.Done, error) {
		p, err := s.catalog.AskRestart(ctx, tx.Tx, in.Name)
		return &catalog.Done{Before: p, After: p}, err
	})
}

// asked is an input as idempotency compares it: its settings, which may hold secrets, by a mark that
// tells nothing of them without the key of secrets.
func (s *Service) asked(in any, settings *string) any {
	mark := ""
	if settings != nil {
		mark = s.catalog.Mark(*settings)
	}
	switch in := in.(type) {
	case EnablePluginInput:
		in.Settings = &mark
		return in
	case UpgradePluginInput:
		in.Settings = &mark
		return in
	case ConfigurePluginInput:
		in.Settings = mark
		return in
	}
	return in
}

func version(n int) *int64 {
	v := int64(n)
	return &v
}

func reasonOf(text *string) (string, error) {
	var problems core.Problems
	problems.Short(text, mostReason, "input", "reason")
	if text = core.Trimmed(text); text == nil {
		return "", problems.Err()
	}
	return *text, problems.Err()
}
