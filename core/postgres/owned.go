package postgres

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// Owned is embedded by every model whose rows belong to a municipality. It is the one place where
// bun's statements are bound to the tenant of the context: no query of a store names it. (The
// reader, which writes its own statements, binds them by the same column: see core/read.)
//
// bun runs these hooks for statements that are run by Scan or Exec, and not for Count, Exists,
// Rows, ScanAndCount or sub-queries: stores do not use those on owned models (the linter refuses
// them), and count by ColumnExpr("count(*)").
type Owned struct {
	MunicipalityID uuid.UUID `bun:"municipality_id,pk,type:uuid"`
}

const ownedBy = "?TableAlias.municipality_id = ?"

func (*Owned) BeforeSelect(ctx context.Context, q *bun.SelectQuery) error {
	q.Where(ownedBy, core.MunicipalityOf(ctx).ID)
	return nil
}

func (*Owned) BeforeUpdate(ctx context.Context, q *bun.UpdateQuery) error {
	q.Where(ownedBy, core.MunicipalityOf(ctx).ID)
	return nil
}

func (*Owned) BeforeDelete(ctx context.Context, q *bun.DeleteQuery) error {
	q.Where(ownedBy, core.MunicipalityOf(ctx).ID)
	return nil
}

// BeforeAppendModel gives a new row its owner.
func (o *Owned) BeforeAppendModel(ctx context.Context, query bun.Query) error {
	if _, ok := query.(*bun.InsertQuery); ok {
		o.MunicipalityID = core.MunicipalityOf(ctx).ID
	}
	return nil
}

var (
	_ bun.BeforeSelectHook      = (*Owned)(nil)
	_ bun.BeforeUpdateHook      = (*Owned)(nil)
	_ bun.BeforeDeleteHook      = (*Owned)(nil)
	_ bun.BeforeAppendModelHook = (*Owned)(nil)
)
