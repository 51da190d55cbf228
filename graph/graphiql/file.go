package graphiql

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// file is one embedded file with its headers. It is compressed when the first reader asks for that, and kept: a server that
// nobody opens the page of pays nothing.
type file struct {
	kind, cache, tag string
	body             []byte
	compressed       func() []byte
}

func newFile(kind, cache string, body []byte) *file {
	sum := sha256.Sum256(body)
	return &file{
		kind: kind, cache: cache, body: body,
		tag:        hex.EncodeToString(sum[:8]),
		compressed: sync.OnceValue(func() []byte { return compress(body) }),
	}
}

// ServeHTTP leaves ranges and conditions to the standard library. The tag differs by encoding, as its bytes do.
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Type", f.kind)
	header.Set("Cache-Control", f.cache)
	header.Set("Vary", "Accept-Encoding")
	body, tag := f.body, f.tag
	if acceptsGzip(r) {
		body, tag = f.compressed(), f.tag+"-gzip"
		header.Set("Content-Encoding", "gzip")
	}
	header.Set("ETag", strconv.Quote(tag))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
}

// acceptsGzip does not serve ranges compressed, which readers rarely mean.
func acceptsGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false
	}
	for element := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(element, ";")
		if strings.TrimSpace(name) == "gzip" {
			q, found := strings.CutPrefix(strings.ReplaceAll(weight, " ", ""), "q=")
			value, err := strconv.ParseFloat(q, 64)
			return !found || (err == nil && value > 0)
		}
	}
	return false
}

// compress cannot fail: its writer is memory and its level is valid.
func compress(body []byte) []byte {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, _ = writer.Write(body)
	_ = writer.Close()
	return out.Bytes()
}
