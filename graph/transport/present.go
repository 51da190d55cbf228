package transport

import (
	"context"
	"errors"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// errTimeLimit is the cause of a context that ended at Limits.Time, which tells the door's deadline from the client's departure.
var errTimeLimit = errors.New("time limit of the operation")

// present is what the executors use. The caller's presenter words everything except what only the door knows: that an error is
// the operation's time running out. Long messages are cut, because validation repeats the text that it refuses.
func (d *door) present(ctx context.Context, err error) *gqlerror.Error {
	if ctx.Err() != nil && stopped(err) {
		err = errors.Join(err, ctx.Err())
	}
	var shown *gqlerror.Error
	switch {
	case errors.Is(err, context.DeadlineExceeded) && errors.Is(context.Cause(ctx), errTimeLimit):
		shown = d.errorOf(ctx, d.timeout())
		var located *gqlerror.Error
		if errors.As(err, &located) {
			shown.Path, shown.Locations = located.Path, located.Locations
		}
	case d.options.Presenter != nil:
		shown = d.options.Presenter(ctx, err)
	default:
		shown = d.presentDefault(ctx, err)
	}
	if shown != nil {
		shown.Message = cut(shown.Message, d.limits.Message)
	}
	return shown
}

// stopped says whether a database was told to stop a statement. It answers so by a code of its own (Postgres: query_canceled), and
// knows nothing of the context for which it was told.
func stopped(err error) bool {
	var coded interface{ SQLState() string }
	return errors.As(err, &coded) && coded.SQLState() == "57014"
}

func (d *door) presentDefault(ctx context.Context, err error) *gqlerror.Error {
	var known *gqlerror.Error
	if errors.As(err, &known) && codeOf(known) != "" {
		return known
	}
	hidden := d.errorOf(ctx, internal())
	if known != nil {
		hidden.Path, hidden.Locations = known.Path, known.Locations
	} else {
		hidden.Path = graphql.GetPath(ctx)
	}
	return hidden
}

func (d *door) recovered(ctx context.Context, panicked any) error {
	if d.options.Recover != nil {
		return d.options.Recover(ctx, panicked)
	}
	return d.errorOf(ctx, internal())
}

func (d *door) timeout() *refusal {
	return refuse(statusTimeout, codeTimeout, "timeout", d.limits.Time.String())
}

func internal() *refusal {
	return refuse(statusInternal, codeInternal, "internal")
}

// cut shortens a text to a number of characters and never splits one.
func cut(text string, limit int) string {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit]) + "…"
}
