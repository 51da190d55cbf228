package house

import (
	"context"
	"log/slog"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/tenancy"
	"github.com/veche-city/veche/plugins/catalog"
)

// plugged makes the catalog of plugins. What runs them is joined to it afterwards, by its options.
func plugged(db *postgres.DB, guard *access.Guard, towns *tenancy.Registry, settings Settings, clock core.Clock, log *slog.Logger) (*catalog.Catalog, error) {
	return catalog.New(db, catalog.Options{Settings: settings.Plugins, Guard: guard, Clock: clock, Log: log, Towns: towns.All})
}

// wakePlugins looks whether plugins were changed by whatever replica.
func (h *House) wakePlugins(ctx context.Context, channel string) {
	if channel == "" || channel == catalog.Channel {
		h.Plugins.Wake(ctx)
	}
}
