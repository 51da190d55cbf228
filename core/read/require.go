package read

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// Require is what a service asks before it changes a row: that the caller may see it (NOT_FOUND
// otherwise, so that a refusal does not tell what exists) and holds the permission on it
// (FORBIDDEN, or UNAUTHENTICATED for the anonymous). path names the input's field.
func Require[M any](ctx context.Context, r *Reader, db bun.IDB, permission string, key uuid.UUID, path ...string) error {
	t, err := typeOf[M](r)
	if err != nil {
		return err
	}
	return r.require(ctx, db, t, permission, key, path...)
}

// RequireID is Require for an object of any declared type; without a permission it is Seen.
func RequireID(ctx context.Context, r *Reader, db bun.IDB, permission string, id core.ID, path ...string) error {
	t := r.byName[id.Type]
	if t == nil {
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	}
	return r.require(ctx, db, t, cmp.Or(permission, t.Guard), id.Key, path...)
}

func (r *Reader) require(ctx context.Context, db bun.IDB, t *typ, permission string, key uuid.UUID, path ...string) error {
	x := r.run(ctx)
	alias := t.table.Alias
	seen, err := x.allowed(t, t.Guard, alias)
	if err != nil {
		return err
	}
	may, err := x.allowed(t, permission, alias)
	if err != nil {
		return err
	}
	var sees, mayDo sql.NullBool
	err = db.QueryRowContext(ctx, fmt.Sprintf("SELECT %s, %s FROM %s AS %s WHERE %s AND %s.%s = %s", seen, may,
		t.table.SQLName, t.table.SQLAlias, x.owned(alias), t.table.SQLAlias, t.key.SQLName, x.write(origin{}, key, "uuid"))).Scan(&sees, &mayDo)
	switch {
	case errors.Is(err, sql.ErrNoRows) || err == nil && !sees.Bool:
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	case err != nil:
		return fmt.Errorf("read %s: %w", t.Name, err)
	case !mayDo.Bool:
		return core.Forbidden(ctx)
	}
	return nil
}

// Seen is Require for what a change only refers to: the caller may see it, NOT_FOUND otherwise.
func Seen[M any](ctx context.Context, r *Reader, db bun.IDB, key uuid.UUID, path ...string) error {
	t, err := typeOf[M](r)
	if err != nil {
		return err
	}
	return Require[M](ctx, r, db, t.Guard, key, path...)
}

// Sees says whether the caller may see the row; subscriptions ask it at every event.
func Sees[M any](ctx context.Context, r *Reader, key uuid.UUID) (bool, error) {
	err := Seen[M](ctx, r, r.db, key)
	if core.CodeOf(err) == core.CodeNotFound || core.CodeOf(err) == core.CodeForbidden || core.CodeOf(err) == core.CodeUnauthenticated {
		return false, nil
	}
	return err == nil, err
}

// Visible is the filter of the rows that the caller may see, for the few statements that a module
// writes itself: the tenant and the caller's rights, on the table under that alias.
func Visible[M any](ctx context.Context, r *Reader, alias string) (bun.Safe, error) {
	t, err := typeOf[M](r)
	if err != nil {
		return "FALSE", err
	}
	text, err := r.run(ctx).visible(t, alias)
	return bun.Safe(text), err
}
