package host

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/veche-city/veche/core"
)

// PoolOf are the connections of a plugin's role.
func PoolOf(h *Host, m *core.Municipality, plugin string) *pgxpool.Pool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stores[place{m.ID, plugin}].pool
}

// Ensure makes the plugin's role and schema anew where they are not there, or not its own.
func Ensure(ctx context.Context, h *Host, m *core.Municipality, plugin string) error {
	s, err := h.storeOf(ctx, m, plugin)
	if err != nil {
		return err
	}
	return s.ensure(ctx)
}
