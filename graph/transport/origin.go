package transport

import (
	"fmt"
	"mime"
	"net/http"
	"slices"
)

// origins decides whether the page behind a request may use its visitor's cookie here. What protects, in order of weight:
//
//  1. The session cookie is SameSite=Lax, so a foreign page's POST, fetch, WebSocket and EventSource carry none. The rest guards
//     browsers and cookies that do not keep to it, and subdomains, which are the same site.
//  2. Only POST and WebSocket can change anything (a mutation by GET is 405), and a POST must be application/json, which a foreign
//     page can send only after a preflight that we answer for allowed origins alone. Forms reach three content types or none: a
//     request with one of those is refused before its body is read, unless it bears a header that also forces the preflight.
//  3. What browsers say themselves: a request that Sec-Fetch-Site or Origin shows to come from another origin is refused, on GET
//     too, where it could only read, and on a WebSocket, which has no preflight at all.
//
// A GET without any of these headers is served: it is no browser's foreign page, it changes nothing, and tools send it that way.
type origins struct {
	protection *http.CrossOriginProtection
	allowed    map[string]bool
}

func newOrigins(allowed []string) (*origins, error) {
	o := &origins{protection: http.NewCrossOriginProtection(), allowed: map[string]bool{}}
	for _, origin := range allowed {
		if err := o.protection.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("origin %q: %w", origin, err)
		}
		o.allowed[origin] = true
	}
	return o, nil
}

// check treats every method as one that could change something: the library lets GET pass, we do not.
func (o *origins) check(r *http.Request) *refusal {
	probe := r.WithContext(r.Context())
	probe.Method = http.MethodPost
	if err := o.protection.Check(probe); err != nil {
		return refuse(http.StatusForbidden, codeForbidden, "foreign_origin", cut(r.Header.Get("Origin"), 200))
	}
	return nil
}

// checkContentType lets a POST pass whose content type no form can send, or whose headers no form has.
func (d *door) checkContentType(r *http.Request) *refusal {
	header := r.Header.Get("Content-Type")
	name, parameters, err := mime.ParseMediaType(header)
	simple := []string{"", "text/plain", "application/x-www-form-urlencoded", multipartForm}
	if (err != nil || slices.Contains(simple, name)) && !preflighted(r) {
		return refuse(http.StatusForbidden, codeForbidden, "simple_request", cut(header, 200))
	}
	if err != nil || name != string(mediaJSON) && (name != multipartForm || d.options.Uploads == nil) {
		return refuse(http.StatusUnsupportedMediaType, codeContentType, "content_type", cut(header, 200))
	}
	if charset := parameters["charset"]; charset != "" && !isUTF8(charset) {
		return refuse(http.StatusUnsupportedMediaType, codeContentType, "charset", cut(charset, 50))
	}
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return refuse(http.StatusUnsupportedMediaType, codeContentType, "encoding", cut(encoding, 50))
	}
	return nil
}

func preflighted(r *http.Request) bool {
	return slices.ContainsFunc([]string{"X-Apollo-Operation-Name", "Apollo-Require-Preflight", "X-Veche-Preflight"},
		func(name string) bool { return r.Header.Get(name) != "" })
}

// prepareHeaders sets what every answer bears. An answer is made for one caller and one language, so it is never stored, unless
// a middleware before us has said otherwise, or it turns out to be one for everybody.
func (x *exchange) prepareHeaders() {
	header := x.w.Header()
	header.Set("X-Content-Type-Options", "nosniff")
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-store")
	}
	header.Add("Vary", "Accept, Accept-Encoding, Accept-Language, Origin")
	if origin := x.r.Header.Get("Origin"); x.door.origins.allowed[origin] {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
	}
}

// servePreflight answers OPTIONS. A foreign page learns the methods; only an allowed one gets the leave to use them.
func (x *exchange) servePreflight() *refusal {
	header := x.w.Header()
	header.Set("Allow", allowedMethods)
	if x.door.origins.allowed[x.r.Header.Get("Origin")] {
		header.Set("Access-Control-Allow-Methods", allowedMethods)
		header.Set("Access-Control-Allow-Headers", x.r.Header.Get("Access-Control-Request-Headers"))
		header.Set("Access-Control-Max-Age", "600")
	}
	x.w.WriteHeader(http.StatusNoContent)
	return nil
}
