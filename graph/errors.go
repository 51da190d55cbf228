package graph

import (
	"context"
	"errors"
	"log/slog"
	"runtime/debug"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/identity"
)

// internal is all that a reader hears of our own mistakes; the log has the rest under the
// request's id.
var internal = core.T("Something went wrong on our side. Try again; if it stays so, tell the administrator the request id.",
	"Что-то пошло не так на нашей стороне. Повторите попытку; если не поможет, сообщите администратору номер запроса.")

// Present makes of any error what the caller may read: its code, its text in the caller's
// language, the field that it is about, the request's id, and for RATE_LIMITED the seconds to wait. What is not a core.Error or the
// door's own is logged here, once, and shown as INTERNAL.
func Present(log *slog.Logger) graphql.ErrorPresenterFunc {
	return func(ctx context.Context, err error) *gqlerror.Error {
		shown := graphql.DefaultErrorPresenter(ctx, err)
		if shown.Extensions == nil {
			shown.Extensions = map[string]any{}
		}
		if id := core.RequestIDOf(ctx); id != "" {
			shown.Extensions["requestId"] = id
		}
		if _, coded := shown.Extensions["code"]; coded {
			return shown // the door's own words
		}
		known := userError(ctx, log, err)
		shown.Message = known.Text.In(core.LanguageOf(ctx))
		shown.Extensions["code"] = known.Code
		if len(known.Path) > 0 {
			shown.Extensions["field"] = known.Path
		}
		var limited *identity.RateLimited
		if errors.As(err, &limited) {
			shown.Extensions["retryAfter"] = limited.Seconds()
		}
		return shown
	}
}

func userError(ctx context.Context, log *slog.Logger, err error) *core.Error {
	var known *core.Error
	var problems core.Problems
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &problems) && len(problems) > 0:
		return problems[0]
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return &core.Error{Code: core.CodeTimeout, Text: core.T("The operation took too long and was stopped. Ask for less at once.", "Операция заняла слишком много времени и была прервана. Запросите меньше данных за раз.")}
	case isInput(err):
		return core.Invalid(core.T("This value does not fit its field: "+err.Error(), "Значение не подходит полю: "+err.Error()))
	}
	log.ErrorContext(ctx, "internal error", "error", err)
	return &core.Error{Code: core.CodeInternal, Text: internal}
}

// isInput says whether gqlgen itself refused an argument: such errors wrap no cause of ours.
func isInput(err error) bool {
	var g *gqlerror.Error
	return errors.As(err, &g) && g.Unwrap() == nil
}

// Recover makes an error of a panic, and logs where it was.
func Recover(log *slog.Logger) graphql.RecoverFunc {
	return func(ctx context.Context, cause any) error {
		log.ErrorContext(ctx, "panic", "cause", cause, "stack", string(debug.Stack()))
		return &core.Error{Code: core.CodeInternal, Text: internal}
	}
}
