package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// encode writes a response by hand: data is JSON already, and encoding/json would check and copy it once more. Errors come first
// so that they are seen in a long answer. An operation that was not executed has no data key, not even null.
func encode(out *bytes.Buffer, response *graphql.Response, executed bool) error {
	out.Grow(len(response.Data) + 64)
	separator := byte('{')
	member := func(name string, value []byte) {
		out.WriteByte(separator)
		fmt.Fprintf(out, "%q:", name)
		out.Write(value)
		separator = ','
	}
	if len(response.Errors) > 0 {
		errs, err := json.Marshal(response.Errors)
		if err != nil {
			return fmt.Errorf("write errors: %w", err)
		}
		member("errors", errs)
	}
	if executed {
		data := []byte(response.Data)
		if len(data) == 0 {
			data = []byte("null")
		}
		member("data", data)
	}
	if len(response.Extensions) > 0 {
		extensions, err := json.Marshal(response.Extensions)
		if err != nil {
			return fmt.Errorf("write extensions: %w", err)
		}
		member("extensions", extensions)
	}
	out.WriteByte('}')
	return nil
}

// buffers are what answers are put together in. A buffer goes back when its answer has been written, and nothing may hold its bytes
// then; one that an unusual answer made large is left to the collector.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const largestKept = 256 << 10

func takeBuffer() *bytes.Buffer {
	out, _ := buffers.Get().(*bytes.Buffer)
	return out
}

func giveBuffer(out *bytes.Buffer) {
	if out.Cap() <= largestKept {
		out.Reset()
		buffers.Put(out)
	}
}

// extendWriting gives the next write its time. A writer without deadlines leaves it to the server's own settings.
func (x *exchange) extendWriting() {
	_ = http.NewResponseController(x.w).SetWriteDeadline(time.Now().Add(x.door.limits.Write))
}
