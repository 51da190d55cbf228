package house

import (
	"net/http"

	"github.com/veche-city/veche/graph"
)

// The ways in which declared reads are answered: compiled is the quick one, and gqlgen's resolvers
// are its referee; both give the same bytes.
const (
	Compiled  = "compiled"
	Resolvers = "resolvers"
)

// readsHeader chooses the way for one request, where the settings allow it.
const readsHeader = "X-Veche-Reads"

func (h *House) chooseReads(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h.settings.Reads == Resolvers || h.settings.ReadsHeader && r.Header.Get(readsHeader) == Resolvers {
			r = r.WithContext(graph.WithResolvers(r.Context()))
		}
		next.ServeHTTP(w, r)
	})
}
