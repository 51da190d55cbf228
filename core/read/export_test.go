package read

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
)

// Plan is All up to the first statement, which is written and not run.
func Plan[M any](ctx context.Context, r *Reader) (string, error) {
	t, err := typeOf[M](r)
	if err != nil {
		return "", err
	}
	p, field := r.planner(ctx), graphql.GetFieldContext(ctx).Field
	pg, err := p.page(field.Field, t, nil)
	if err != nil {
		return "", err
	}
	if err := p.wantPage(pg, field.Selections); err != nil {
		return "", err
	}
	x := r.run(ctx)
	return x.pageSQL(pg, x.cursorKeys(pg, t.table.Alias))
}
