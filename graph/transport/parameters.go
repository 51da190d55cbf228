package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
)

// readBody reads a POST body of bounded size in bounded time. A longer one is refused by its declared length, or after Body bytes,
// and net/http then closes the connection instead of reading the rest.
func (x *exchange) readBody() ([]byte, *refusal) {
	limit := x.door.limits.Body
	if x.r.ContentLength > limit {
		return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "body_size", x.r.ContentLength, limit)
	}
	control := http.NewResponseController(x.w)
	// A writer without deadlines (a test's recorder, a middleware's wrapper) leaves the time to the server's own settings.
	timed := control.SetReadDeadline(time.Now().Add(x.door.limits.Read)) == nil
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, limit))
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		if timed {
			_ = control.SetReadDeadline(time.Time{}) // it was settable a moment ago; a failure now shows at the next read
		}
		return body, nil
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "body_stream", limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, refuse(http.StatusRequestTimeout, codeTimeout, "body_slow", x.door.limits.Read.String())
	default:
		return nil, refuse(http.StatusBadRequest, codeInput, "body_read")
	}
}

// parameters are what a request may hold: the four of GraphQL over HTTP, and the name of a trusted document.
var parameters = []string{"query", "operationName", "variables", "extensions", "documentId"}

// parseBody reads the parameters. Other keys are left alone, as the specification has it; a parameter
// given twice is refused, because two programs on the way may take different ones.
func (d *door) parseBody(body []byte) (*graphql.RawParams, *refusal) {
	if !utf8.Valid(body) {
		return nil, badRequest(codeInput, "utf8")
	}
	if depth := nesting(body); depth > d.limits.Nesting {
		return nil, badRequest(codeLimit, "nesting", depth, d.limits.Nesting)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	opening, err := decoder.Token()
	switch {
	case err != nil:
		return nil, badRequest(codeInput, "body_json")
	case opening == json.Delim('['):
		return nil, badRequest(codeInput, "body_batch")
	case opening != json.Delim('{'):
		return nil, badRequest(codeInput, "body_object")
	}
	members, refused := readMembers(decoder)
	if refused != nil {
		return nil, refused
	}
	return d.parseMembers(members)
}

// readMembers keeps the known members of the object whose opening brace has been read, and wants nothing after it.
func readMembers(decoder *json.Decoder) (map[string]json.RawMessage, *refusal) {
	members := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return nil, badRequest(codeInput, "body_json")
		}
		if slices.Contains(parameters, name) {
			if _, twice := members[name]; twice {
				return nil, badRequest(codeInput, "duplicate", name)
			}
			members[name] = value
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, badRequest(codeInput, "body_json")
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, badRequest(codeInput, "body_json")
	}
	return members, nil
}

func (d *door) parseMembers(members map[string]json.RawMessage) (*graphql.RawParams, *refusal) {
	params, documentID := &graphql.RawParams{}, ""
	if d.options.Documents == nil {
		delete(members, "documentId") // a key like any other
	}
	for name, target := range map[string]*string{"query": &params.Query, "operationName": &params.OperationName, "documentId": &documentID} {
		if value := members[name]; len(value) > 0 && json.Unmarshal(value, target) != nil {
			return nil, badRequest(codeInput, "not_string", name)
		}
	}
	for name, target := range map[string]*map[string]any{"variables": &params.Variables, "extensions": &params.Extensions} {
		if !decodeObject(members[name], target) {
			return nil, badRequest(codeInput, "not_object", name)
		}
	}
	if refused := d.options.Documents.resolve(params, documentID); refused != nil {
		return nil, refused
	}
	return params, checkParameters(params)
}

// decodeObject takes a missing member and null alike. Numbers keep their text, so that no digit is lost.
func decodeObject(value json.RawMessage, target *map[string]any) bool {
	if len(value) == 0 {
		return true
	}
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	return decoder.Decode(target) == nil
}

// parseURL reads the same parameters from the query string of a GET.
func (d *door) parseURL(u *url.URL) (*graphql.RawParams, *refusal) {
	if size := int64(len(u.RawQuery)); size > d.limits.Body {
		return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "body_size", size, d.limits.Body)
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, badRequest(codeInput, "url")
	}
	members := map[string]json.RawMessage{}
	for _, name := range parameters {
		given := values[name]
		switch {
		case len(given) > 1:
			return nil, badRequest(codeInput, "duplicate", name)
		case len(given) == 0 || given[0] == "":
			continue
		case !utf8.ValidString(given[0]):
			return nil, badRequest(codeInput, "utf8")
		}
		text := []byte(given[0])
		if name == "variables" || name == "extensions" {
			if depth := nesting(text); depth > d.limits.Nesting {
				return nil, badRequest(codeLimit, "nesting", depth, d.limits.Nesting)
			}
			if !json.Valid(text) {
				return nil, badRequest(codeInput, "not_object", name)
			}
		} else if text, err = json.Marshal(given[0]); err != nil {
			return nil, badRequest(codeInput, "url")
		}
		members[name] = text
	}
	return d.parseMembers(members)
}

// checkParameters is for all transports: something is asked, and no text holds NUL, which Postgres cannot store and which cuts
// strings short in other programs.
func checkParameters(params *graphql.RawParams) *refusal {
	if strings.TrimSpace(params.Query) == "" && params.Extensions["persistedQuery"] == nil {
		return badRequest(codeInput, "query_missing")
	}
	if strings.ContainsRune(params.Query, 0) {
		return badRequest(codeInput, "nul", "query")
	}
	if strings.ContainsRune(params.OperationName, 0) {
		return badRequest(codeInput, "nul", "operationName")
	}
	if path, found := findNUL(params.Variables); found {
		return badRequest(codeInput, "nul", cut("variables"+path, 200))
	}
	if path, found := findNUL(params.Extensions); found {
		return badRequest(codeInput, "nul", cut("extensions"+path, 200))
	}
	return nil
}
