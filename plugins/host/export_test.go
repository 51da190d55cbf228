package host

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/veche-city/veche/core"
)

// PoolOf are the connections of a plugin's role.
func PoolOf(h *Host, m *core.Municipality, plugin string) *pgxpool.Pool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.stores[place{m.ID, plugin}].pool
}
