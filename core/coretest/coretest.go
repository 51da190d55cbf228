// Package coretest gives tests what they all need: a database of their own with every migration
// applied, a municipality in it, and a clock that stands still. Production code does not import it.
package coretest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/migrations"
)

// Database is a fresh database with all migrations applied: a copy of a template that is built
// once for each set of migrations.
func Database(t testing.TB) *postgres.DB {
	t.Helper()
	url := pgtest.New(t, pgtest.Template{Name: "veche", Fingerprint: Fingerprint(t), Build: func(ctx context.Context, url string) error {
		db, err := postgres.Open(ctx, url, 4)
		if err != nil {
			return err
		}
		defer func() { _ = db.Close() }()
		return postgres.Migrate(ctx, db, migrations.Files, func(string) {})
	}})
	return Open(t, url)
}

// Open opens a database for the length of the test.
func Open(t testing.TB, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, 16)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// Fingerprint tells one set of migrations from another; templates of one's own are keyed by it.
func Fingerprint(t testing.TB) string {
	t.Helper()
	hash := sha256.New()
	names, err := fs.Glob(migrations.Files, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		hash.Write([]byte(name))
		hash.Write(text)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// Town adds a municipality.
func Town(t testing.TB, db *postgres.DB, key string) *core.Municipality {
	t.Helper()
	m := &core.Municipality{ID: core.NewID(), Key: key, Name: core.T("Town "+key, "Город "+key), Region: core.T("Region", "Край"), TimeZone: "Asia/Krasnoyarsk"}
	if _, err := db.Exec(`INSERT INTO municipalities (id, key, name, region, time_zone) VALUES (?, ?, ?, ?, ?)`, m.ID, m.Key, m.Name, m.Region, m.TimeZone); err != nil {
		t.Fatal(err)
	}
	return m
}

// Noon is a clock that stands at noon of that day in Kansk.
func Noon(year int, month time.Month, day int) core.Clock {
	at := time.Date(year, month, day, 5, 0, 0, 0, time.UTC)
	return func() time.Time { return at }
}

// Quiet is a log that nobody reads.
func Quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// Traced is db over a pool of its own, whose statements the tracer hears of as they are sent.
func Traced(t testing.TB, db *postgres.DB, tracer pgx.QueryTracer) *postgres.DB {
	t.Helper()
	config := db.Pool.Config()
	config.ConnConfig.Tracer = tracer
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	both := stdlib.OpenDBFromPool(pool)
	both.SetMaxIdleConns(0)
	traced := *db
	traced.DB, traced.Pool = bun.NewDB(both, pgdialect.New()), pool
	t.Cleanup(func() { _ = traced.Close() })
	return &traced
}
