package coretest

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

// Kernel is a fresh database with the kernel's first tables (the audit, the outbox and what reads it),
// for packages that know no others.
func Kernel(t testing.TB) *postgres.DB {
	t.Helper()
	files, hash := fstest.MapFS{}, sha256.New()
	for _, name := range []string{"00001_kernel.sql", "00004_notices.sql", "00051_plugin_host.sql"} {
		sql, err := fs.ReadFile(migrations.Files, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: sql}
		hash.Write(sql)
	}
	url := pgtest.New(t, pgtest.Template{
		Name:        "kernel",
		Fingerprint: fmt.Sprintf("%x", hash.Sum(nil))[:16],
		Build: func(ctx context.Context, url string) error {
			db, err := postgres.Open(ctx, url, 4)
			if err != nil {
				return err
			}
			defer func() { _ = db.Close() }()
			return postgres.Migrate(ctx, db, files, func(string) {})
		},
	})
	db, err := postgres.Open(t.Context(), url, 40)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}
