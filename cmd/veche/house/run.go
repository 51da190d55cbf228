package house

import (
	"context"
	"sync"
	"time"

	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/tenancy"
	"github.com/veche-city/veche/plugins/catalog"
)

// poll is how often the house looks by itself for what a lost notification would have told.
const poll = time.Second

// Run starts what works by itself. stop ends it: jobs are finished (until its context ends),
// subscriptions closed, the listening connection given back.
func (h *House) Run(ctx context.Context) (stop func(context.Context) error, err error) {
	if err := h.Runner.Refresh(ctx); err != nil {
		return nil, err
	}
	if err := h.Jobs.Start(ctx); err != nil {
		return nil, err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() { h.Events.Run(background) })
	running.Go(func() { h.Consumers.Run(background) })
	running.Go(func() { h.Runner.Run(background) })
	running.Go(func() { h.Plugins.Run(background) })
	running.Go(func() {
		postgres.Listen(background, h.DB, h.Log, append([]string{events.Channel, access.Channel, tenancy.Channel, catalog.Channel}, h.Runner.Channels()...), poll, func(channel string) {
			h.wake(background, channel)
		})
	})
	return func(ctx context.Context) error {
		err := h.Jobs.Stop(ctx)
		cancel()
		running.Wait()
		return err
	}, nil
}

// wake tells each part that something may have changed.
func (h *House) wake(ctx context.Context, channel string) {
	h.Events.Wake(channel)
	h.Consumers.Wake(channel)
	if channel == "" || channel == access.Channel {
		h.Guard.Wake(ctx)
	}
	if err := h.Towns.Wake(ctx, channel); err != nil && ctx.Err() == nil {
		h.Log.Warn("municipalities could not be read again", "error", err)
	}
	h.wakePlugins(ctx, channel)
}
