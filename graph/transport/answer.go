package transport

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// kept is an answer for everybody, in one coding.
type kept struct {
	body []byte
	hash string // of the plain body
}

// keptWeight is about what an entry takes beside its key and its body.
const keptWeight = 200

// cacheKey names the answer to this request if it is one for everybody: a query by GET that is a trusted document, where the caller
// of New says so. It is taken before anything is read.
func (x *exchange) cacheKey(params *graphql.RawParams) (string, bool) {
	d := x.door
	if d.options.Cacheable == nil || x.r.Method != http.MethodGet || x.media == mediaEvents {
		return "", false
	}
	id := d.options.Documents.idOf(params.Query)
	if id == "" {
		return "", false
	}
	given, ok := d.options.Cacheable(x.r)
	if !ok {
		return "", false
	}
	variables := map[string]any{} // those that the document has: others change nothing, and could fill the cache
	for name, value := range params.Variables {
		if d.options.Documents.variables[id][name] {
			variables[name] = value
		}
	}
	canonical, err := json.Marshal(variables) // names in order
	if err != nil {
		return "", false
	}
	return fmt.Sprintf("%d %q %q %q %s", x.engine.number, given, id, params.OperationName, canonical), true
}

// serveKept answers from before, if there is an answer. A coding is made at its first use, and kept beside the plain body.
func (x *exchange) serveKept() bool {
	answers := x.door.answers
	known, ok := answers.get(x.key)
	if !ok {
		return false
	}
	coding := x.wire.of(len(known.body))
	x.cacheControl()
	if x.notModified(known.hash, coding) {
		return true
	}
	if coding == plain {
		x.send(http.StatusOK, known.body, plain)
		return true
	}
	key := x.key + "\n" + string(coding)
	coded, ok := answers.get(key)
	if !ok {
		out := takeBuffer()
		defer giveBuffer(out)
		coding.encodeTo(out, known.body)
		coded = kept{body: slices.Clone(out.Bytes()), hash: known.hash}
		answers.add(key, coded, len(key)+len(coded.body)+keptWeight)
	}
	x.send(http.StatusOK, coded.body, coding)
	return true
}

// keep remembers an answer for everybody; one with errors is nobody's.
func (x *exchange) keep(body []byte, hash string) {
	if x.key == "" {
		return
	}
	x.cacheControl()
	if len(body) <= x.door.limits.AnswerKept {
		x.door.answers.add(x.key, kept{slices.Clone(body), hash}, len(x.key)+len(body)+keptWeight)
	}
}

// cacheControl lets any cache keep the answer and has it ask before each use, so that none shows what is gone. The credentials of a
// request need no Vary: whoever asks with them is asked for here, and gets 304 only if the answer to them is the same.
func (x *exchange) cacheControl() { x.w.Header().Set("Cache-Control", "public, no-cache") }

// tagged says whether an answer gets an ETag: it is that of a query by GET, whole and without errors.
func (x *exchange) tagged(response *graphql.Response) bool {
	return x.r.Method == http.MethodGet && x.operation == ast.Query && len(response.Errors) == 0 && response.Data != nil
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:15])
}

// notModified sets the ETag, and answers 304 to a reader who has this very answer. The tag is strong, and each media type and coding
// has its own: a cache that keeps several must not take one for another.
func (x *exchange) notModified(hash string, coding coding) bool {
	tag := hash
	if x.media == mediaGraphQL {
		tag += "-g"
	}
	if coding != plain {
		tag += "-" + string(coding)
	}
	tag = `"` + tag + `"`
	x.w.Header().Set("ETag", tag)
	if !matches(x.r.Header.Values("If-None-Match"), tag) {
		return false
	}
	x.begun = true
	x.extendWriting()
	x.w.WriteHeader(http.StatusNotModified)
	return true
}

// matches compares weakly (RFC 9110, section 13.1.2). A comma inside of a foreign tag splits it, into parts that cannot be ours:
// ours begin and end with a quote.
func matches(header []string, tag string) bool {
	for part := range strings.SplitSeq(strings.Join(header, ","), ",") {
		part = strings.TrimSpace(part)
		if part == "*" || strings.TrimPrefix(part, "W/") == tag {
			return true
		}
	}
	return false
}

// send writes a body that is in its coding already: at once and with its length, so that the connection can be used again.
func (x *exchange) send(status int, body []byte, coding coding) {
	x.begun = true
	if x.media == mediaEvents {
		x.media = mediaJSON // a refusal before the stream began
	}
	header := x.w.Header()
	header.Set("Content-Type", string(x.media)+"; charset=utf-8")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	if coding != plain {
		header.Set("Content-Encoding", string(coding))
	}
	x.extendWriting()
	x.w.WriteHeader(status)
	_, _ = x.w.Write(body) // a reader that is gone cannot be told so
}

// write answers with a response: put together, coded, sent.
func (x *exchange) write(status int, response *graphql.Response, executed bool) {
	if x.begun {
		return
	}
	out := takeBuffer()
	defer giveBuffer(out)
	if err := encode(out, response, executed); err != nil {
		status, executed, response = statusInternal, false, x.internal(err)
		out.Reset()
		if err := encode(out, response, false); err != nil {
			panic(http.ErrAbortHandler) // not even the error can be written down: end the connection, never half an answer
		}
	}
	coding := x.wire.of(out.Len())
	if executed && x.tagged(response) {
		hash := hashOf(out.Bytes())
		x.keep(out.Bytes(), hash)
		if x.notModified(hash, coding) {
			return
		}
	}
	if coding == plain {
		x.send(status, out.Bytes(), plain)
		return
	}
	coded := takeBuffer()
	defer giveBuffer(coded)
	coding.encodeTo(coded, out.Bytes())
	x.send(status, coded.Bytes(), coding)
}
