package host

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/plugins/catalog"
)

// Of is the house's catalog as the host asks it.
func Of(c *catalog.Catalog) Catalog { return shelf{c} }

type shelf struct{ of *catalog.Catalog }

func (s shelf) Enabled(ctx context.Context) ([]Enabled, error) {
	return adapted(s.of.Enabled(ctx))
}

func (s shelf) Kept(ctx context.Context, db bun.IDB) ([]Enabled, error) {
	return adapted(s.of.Kept(ctx, db))
}

func adapted(rows []catalog.Enabled, err error) ([]Enabled, error) {
	all := make([]Enabled, len(rows))
	for i, row := range rows {
		all[i] = Enabled(row)
	}
	return all, err
}

func (s shelf) Settings(ctx context.Context, municipality uuid.UUID, name string) (json.RawMessage, int64, error) {
	return s.of.Settings(ctx, municipality, name)
}

func (s shelf) Folder(ctx context.Context, digest string) (string, error) {
	return s.of.Folder(ctx, digest)
}
