// Package migrations holds the database's steps, one SQL file each, applied in the order of their
// numbers by core/postgres.Migrate. A step that has been released is never edited.
package migrations

import "embed"

// Files are the steps.
//
//go:embed *.sql
var Files embed.FS
