package mutation

import (
	"context"
	"errors"
	"reflect"

	"github.com/veche-city/veche/core"
)

// UserErrors turns what a form can show (BAD_USER_INPUT, CONFLICT; one or Problems) into the
// payload's list, in the reader's language. ok is false for every other error, and for none.
func UserErrors(ctx context.Context, err error) (list []core.UserError, ok bool) {
	var problems core.Problems
	var one *core.Error
	switch {
	case errors.As(err, &problems):
	case errors.As(err, &one) && (one.Code == core.CodeBadUserInput || one.Code == core.CodeConflict):
		problems = core.Problems{one}
	default:
		return nil, false
	}
	for _, p := range problems {
		list = append(list, core.UserError{Code: p.Code, Message: p.Text.In(core.LanguageOf(ctx)), Path: append([]string{}, p.Path...)})
	}
	return list, true
}

// clientMutationID is the input's own field of that name, handed back for Relay's sake.
func clientMutationID(input any) *string {
	v := reflect.Indirect(reflect.ValueOf(input))
	if v.Kind() != reflect.Struct {
		return nil
	}
	if f := v.FieldByName("ClientMutationID"); f.IsValid() {
		id, _ := f.Interface().(*string)
		return id
	}
	return nil
}

// Save updates the columns of a row that carries a version, and raises it. expected is what the
// caller read; when the row has moved on it is a CONFLICT and nothing is written.
func Save(ctx context.Context, tx *Tx, model any, expected int, columns ...string) error {
	res, err := tx.NewUpdate().Model(model).Column(columns...).
		Set("version = version + 1").WherePK().Where("?TableAlias.version = ?", expected).Exec(ctx)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return &core.Error{Code: core.CodeConflict, Text: core.ErrConflict.Text, Path: []string{"input", "expectedVersion"}}
}
