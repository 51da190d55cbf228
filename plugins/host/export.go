package host

import (
	"archive/zip"
	"context"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core"
)

// Export writes all that the plugin keeps in the municipality, on one snapshot: a zip with a file for
// each table, a JSON object a line. It works whether the plugin is enabled or not. Who may is the
// caller's to ask.
func (h *Host) Export(ctx context.Context, m *core.Municipality, plugin string, out io.Writer) error {
	s, err := h.storeOf(ctx, m, plugin)
	if err != nil {
		return err
	}
	archive := zip.NewWriter(out)
	var there bool
	err = h.DB.Pool.QueryRow(ctx, "SELECT to_regnamespace(quote_ident($1)) IS NOT NULL AND to_regrole(quote_ident($2)) IS NOT NULL", s.schema, s.role).Scan(&there)
	if err == nil && there {
		err = s.export(ctx, archive)
	}
	if err != nil {
		return fmt.Errorf("export of plugin %s: %w", plugin, err)
	}
	return archive.Close()
}

// export reads as the role: reading a table may run a function of the plugin's (a policy, a view), and
// that must be nobody who can do more.
func (s *store) export(ctx context.Context, archive *zip.Writer) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	defer s.pool.Close()
	return pgx.BeginTxFunc(ctx, s.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
			WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relname NOT IN ('veche_outbox', 'veche_migrations') ORDER BY 1`, s.schema)
		if err != nil {
			return err
		}
		tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, table := range tables {
			if err := s.exportTable(ctx, tx, archive, table); err != nil {
				return fmt.Errorf("table %s: %w", table, err)
			}
		}
		return nil
	})
}

func (s *store) exportTable(ctx context.Context, tx pgx.Tx, archive *zip.Writer, table string) error {
	file, err := archive.Create(table + ".jsonl")
	if err != nil {
		return err
	}
	rows, err := tx.Query(ctx, "SELECT row_to_json(t)::text FROM "+quote(s.schema)+"."+quote(table)+" AS t")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if _, err := io.WriteString(file, line+"\n"); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Erase drops all that the plugin keeps in the municipality: tables, keys, role, what waits for it. It is
// refused while the plugin is enabled there. Audit and events that it left with the core stay. Who may
// is the caller's to ask.
func (h *Host) Erase(ctx context.Context, m *core.Municipality, plugin string) error {
	enabled, err := h.catalog.Enabled(ctx)
	if err != nil {
		return err
	}
	for _, e := range enabled {
		if e.Municipality == m.ID && e.Name == plugin {
			return core.Conflict(core.T("The plugin is enabled here. Disable it before its data are erased.", "Плагин здесь включён. Отключите его, прежде чем стирать его данные."))
		}
	}
	if err := h.Refresh(ctx); err != nil { // where it was disabled a moment ago it still has connections
		return err
	}
	s, err := h.storeOf(ctx, m, plugin)
	if err != nil {
		return err
	}
	if err := s.erase(ctx); err != nil {
		return fmt.Errorf("erase plugin %s: %w", plugin, err)
	}
	for _, table := range []string{"plugin_deliveries", "plugin_jobs", "plugin_cases"} {
		if _, err := h.DB.Pool.Exec(ctx, "DELETE FROM "+table+" WHERE municipality_id = $1 AND plugin = $2", m.ID, plugin); err != nil {
			return fmt.Errorf("erase plugin %s: %w", plugin, err)
		}
	}
	return nil
}
