package transport

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
)

// coding is how a body is written on the wire; plain is as it is.
type coding string

const (
	plain  coding = ""
	zipped coding = "gzip"
	brotly coding = "br"
)

// worthCoding is the size in bytes from which coding a body saves more than it costs: a smaller one fits into a packet anyway.
const worthCoding = 1 << 10

// wire is what the reader's Accept-Encoding leaves us. An answer is coded where it is worth it, or where the reader wants no plain
// one.
type wire struct {
	coding  coding
	noPlain bool
}

func (c wire) of(size int) coding {
	if size >= worthCoding || c.noPlain {
		return c.coding
	}
	return plain
}

// negotiateCoding takes the highest weight; of equals br, which is smaller at the same cost. A reader who refuses everything that we
// have, the plain body too, is told so before anything is done.
func negotiateCoding(r *http.Request) (wire, *refusal) {
	header := strings.Join(r.Header.Values("Accept-Encoding"), ",")
	weights := codingWeights(header)
	weigh := func(name string, otherwise float64) float64 {
		if weight, named := weights[name]; named {
			return weight
		}
		if weight, rest := weights["*"]; rest {
			return weight
		}
		return otherwise
	}
	best, weight := plain, 0.0
	for _, candidate := range []coding{brotly, zipped} {
		if w := weigh(string(candidate), 0); w > weight {
			best, weight = candidate, w
		}
	}
	noPlain := weigh("identity", 1) == 0
	if noPlain && best == plain {
		return wire{}, refuse(http.StatusNotAcceptable, codeAccept, "accept_encoding", cut(header, 200))
	}
	if own, named := weights["identity"]; named && own > weight {
		best = plain
	}
	return wire{coding: best, noPlain: noPlain}, nil
}

// codingWeights reads the header's elements. One that cannot be read is as if it were not there.
func codingWeights(header string) map[string]float64 {
	weights := map[string]float64{}
	for part := range strings.SplitSeq(header, ",") {
		name, parameter, weighed := strings.Cut(part, ";")
		weight := 1.0
		if weighed {
			key, value, _ := strings.Cut(parameter, "=")
			var err error
			if weight, err = strconv.ParseFloat(strings.TrimSpace(value), 64); err != nil || !strings.EqualFold(strings.TrimSpace(key), "q") {
				continue
			}
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			weights[strings.TrimPrefix(name, "x-")] = weight // x-gzip is an old name
		}
	}
	return weights
}

// encoder is what both libraries give.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// The encoders are used again: a new one of either takes some hundred kilobytes. The levels are the quickest of their kind, which for
// JSON lie close to the smallest.
var encoders = map[coding]*sync.Pool{
	zipped: {New: func() any {
		e, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		if err != nil {
			panic(err) // only an unknown level is refused
		}
		return e
	}},
	brotly: {New: func() any { return brotli.NewWriterV2(io.Discard, 1) }},
}

// encodeTo writes the body into out by a coding other than plain. What writes into memory does not fail.
func (c coding) encodeTo(out *bytes.Buffer, body []byte) {
	e, _ := encoders[c].Get().(encoder)
	e.Reset(out)
	_, _ = e.Write(body)
	_ = e.Close()
	e.Reset(io.Discard) // so that nothing of the answer is held
	encoders[c].Put(e)
}
