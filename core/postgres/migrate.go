package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// Migrate brings the database to the newest step: ours from files, then River's own tables. Many
// processes may start at once: a session lock of Postgres lets one work and the others wait, and
// is gone with its holder. progress is told of each step that is about to be applied.
func Migrate(ctx context.Context, db *DB, files fs.FS, progress func(string)) error {
	sqldb := stdlib.OpenDBFromPool(db.Pool)
	defer func() { _ = sqldb.Close() }()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, sqldb, files, goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if err := apply(ctx, provider, progress); err != nil {
		return err
	}
	return migrateRiver(ctx, db, sqldb)
}

func apply(ctx context.Context, provider *goose.Provider, progress func(string)) error {
	pending, err := provider.HasPending(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	if !pending {
		return nil
	}
	progress("bringing the database up to date")
	results, err := provider.Up(ctx)
	if err != nil {
		return fmt.Errorf("migrations: %w", err)
	}
	for _, r := range results {
		progress("applied " + r.Source.Path)
	}
	return nil
}

// migrateRiver takes a lock of its own, since River's migrator has none.
func migrateRiver(ctx context.Context, db *DB, sqldb *sql.DB) error {
	const riverLock = 7_824_113
	conn, err := sqldb.Conn(ctx)
	if err != nil {
		return fmt.Errorf("job tables: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", riverLock); err != nil {
		return fmt.Errorf("job tables: %w", err)
	}
	defer func() {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", riverLock)
	}()
	migrator, err := rivermigrate.New(riverpgxv5.New(db.Pool), nil)
	if err != nil {
		return fmt.Errorf("job tables: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("job tables: %w", err)
	}
	return nil
}
