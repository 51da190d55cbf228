package access

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// Bump raises the policy's version for the context's municipality and returns the new one. It is
// the first statement of every change: its lock on the municipality's row makes the writers of one
// policy go one after another until the transaction ends.
func (g *Guard) Bump(ctx context.Context, tx postgres.Tx) (version int64, err error) {
	var xid string
	id := core.MunicipalityOf(ctx).ID
	err = tx.NewRaw(`UPDATE municipalities SET policy_version = policy_version + 1 WHERE id = ?
		RETURNING policy_version, pg_current_xact_id()::text`, id).Scan(ctx, &version, &xid)
	if err == nil {
		_, err = tx.NewRaw("SELECT pg_notify(?, ?)", Channel, id.String()).Exec(ctx)
	}
	if err != nil {
		return 0, fmt.Errorf("version of the policy of municipality %s: %w", id, err)
	}
	g.tenant(id).pending.Store(&xid)
	return version, nil
}
