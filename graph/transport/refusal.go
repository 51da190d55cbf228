package transport

import (
	"context"
	"net/http"

	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The codes that the door itself sets in extensions.code.
const (
	codeParse       = "GRAPHQL_PARSE_FAILED"
	codeValidation  = "GRAPHQL_VALIDATION_FAILED"
	codeInput       = "BAD_USER_INPUT"
	codeLimit       = "COMPLEXITY_LIMIT_EXCEEDED"
	codeMethod      = "METHOD_NOT_ALLOWED"
	codeAccept      = "NOT_ACCEPTABLE"
	codeContentType = "UNSUPPORTED_MEDIA_TYPE"
	codeUntrusted   = "TRUSTED_DOCUMENT_REQUIRED"
	codeTooLarge    = "PAYLOAD_TOO_LARGE"
	codeForbidden   = "FORBIDDEN"
	codeNotFound    = "NOT_FOUND"
	codeTimeout     = "TIMEOUT"
	codeInternal    = "INTERNAL"
)

// refusal is a request that goes no further: its status, its code, and a message by key, worded only when it is sent.
type refusal struct {
	status int
	code   string
	key    string
	args   []any
	at     []gqlerror.Location
}

func refuse(status int, code, key string, args ...any) *refusal {
	return &refusal{status: status, code: code, key: key, args: args}
}

// badRequest is 400 under every media type. What is wrong with the query itself reaches the executor's list of errors instead, and
// takes its status from the media type; then only code and message count.
func badRequest(code, key string, args ...any) *refusal {
	return refuse(http.StatusBadRequest, code, key, args...)
}

func (d *door) errorOf(ctx context.Context, r *refusal) *gqlerror.Error {
	return &gqlerror.Error{
		Message:    d.text(ctx, r.key, r.args...),
		Locations:  r.at,
		Extensions: map[string]any{"code": r.code},
	}
}

func codeOf(err *gqlerror.Error) string {
	if err == nil {
		return ""
	}
	code, _ := err.Extensions["code"].(string)
	return code
}

func setCode(err *gqlerror.Error, code string) {
	if err.Extensions == nil {
		err.Extensions = map[string]any{}
	}
	err.Extensions["code"] = code
}
