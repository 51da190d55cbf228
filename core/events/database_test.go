package events

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/migrations"
)

const kernel = "00001_kernel.sql"

// database is a fresh one with the kernel's tables; the modules' are not needed here.
func database(t *testing.T) *postgres.DB {
	t.Helper()
	sql, err := fs.ReadFile(migrations.Files, kernel)
	if err != nil {
		t.Fatal(err)
	}
	url := pgtest.New(t, pgtest.Template{
		Name:        "kernel",
		Fingerprint: fmt.Sprintf("%x", sha256.Sum256(sql))[:16],
		Build: func(ctx context.Context, url string) error {
			db, err := postgres.Open(ctx, url, 4)
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			return postgres.Migrate(ctx, db, fstest.MapFS{kernel: {Data: sql}}, func(string) {})
		},
	})
	db, err := postgres.Open(t.Context(), url, 40)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
