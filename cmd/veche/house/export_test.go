package house

import "net/http"

// Examples are what GraphiQL opens with.
var Examples = examples

// Around puts around another handler what stands around the graph: language, municipality, who acts.
func (h *House) Around(next http.Handler) http.Handler {
	return language(h.municipality(h.observe(h.Identity.Middleware(next))))
}
