// Package graphiql serves GraphiQL, the page on which people write queries by hand, from the binary itself: no address outside is
// asked for anything, so that it works on a closed network and shows nobody what is asked.
//
// It owns the page, its built script and style sheet (dist/, built by build.mjs and committed) and their security headers. It
// knows nothing of the schema or of who is signed in: queries go to the endpoint with the page's cookie or with what the reader
// writes into the headers editor, and the endpoint decides. cmd mounts Handler at "/".
package graphiql

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"strings"
)

//go:embed dist page.html icon.svg
var files embed.FS

// Example is a query that the page opens in a tab of its own on the first visit; afterwards the browser keeps the reader's tabs.
type Example struct {
	Title     string // one line, shown above the query
	Query     string // the document; the tab bears the name of its operation
	Variables string // a JSON object, or nothing
}

// policy lets the page load what came with it and talk to its own server. Style attributes and elements are needed by the
// editor; scripts from elsewhere, or written into the page, never run.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves the page at "/" and its files below "/assets/"; every other path is 404. The endpoint is a path on the same
// server ("/graphql"). It panics when the embedded files are damaged, which the tests of this package rule out.
func Handler(endpoint string, examples []Example) http.Handler {
	built, err := readManifest()
	if err != nil {
		panic(err)
	}
	page, err := render(built, endpoint, examples)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", newFile("text/html; charset=utf-8", "no-cache", page))
	for name, kind := range map[string]string{built.Script: "text/javascript; charset=utf-8", built.Style: "text/css; charset=utf-8"} {
		body, err := files.ReadFile("dist/" + name)
		if err != nil {
			panic(fmt.Errorf("graphiql: %w", err))
		}
		mux.Handle("GET /assets/"+name, newFile(kind, "public, max-age=31536000, immutable", body))
	}
	for _, name := range []string{"icon.svg", "licences.txt"} {
		mux.Handle("GET /assets/"+name, small(name, built))
	}
	return secured(mux)
}

type manifest struct {
	Script string `json:"script"`
	Style  string `json:"style"`
}

func readManifest() (manifest, error) {
	var built manifest
	text, err := files.ReadFile("dist/manifest.json")
	if err != nil {
		return built, fmt.Errorf("graphiql: %w", err)
	}
	if err := json.Unmarshal(text, &built); err != nil {
		return built, fmt.Errorf("graphiql: manifest: %w", err)
	}
	return built, nil
}

// render writes the page once. The settings stand in it as data, which the policy does not count as a script.
func render(built manifest, endpoint string, examples []Example) ([]byte, error) {
	type example struct {
		Title     string `json:"title"`
		Query     string `json:"query"`
		Variables string `json:"variables"`
	}
	tabs := make([]example, 0, len(examples))
	for _, given := range examples {
		title := strings.Join(strings.Fields(given.Title), " ")
		tabs = append(tabs, example{title, given.Query, given.Variables})
	}
	page, err := template.ParseFS(files, "page.html")
	if err != nil {
		return nil, fmt.Errorf("graphiql: page: %w", err)
	}
	var out bytes.Buffer
	err = page.Execute(&out, map[string]any{
		"Script": built.Script, "Style": built.Style,
		"Settings": map[string]any{"endpoint": endpoint, "examples": tabs},
	})
	if err != nil {
		return nil, fmt.Errorf("graphiql: page: %w", err)
	}
	return out.Bytes(), nil
}

// small serves what is not part of the build's two files: the icon, and the licences that the script refers to.
func small(name string, built manifest) http.Handler {
	path, kind := "icon.svg", "image/svg+xml"
	if name != path {
		path, kind = "dist/"+built.Script+".LEGAL.txt", "text/plain; charset=utf-8"
	}
	body, err := files.ReadFile(path)
	if err != nil {
		panic(fmt.Errorf("graphiql: %w", err))
	}
	return newFile(kind, "public, max-age=86400", body)
}

func secured(inner http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		inner.ServeHTTP(w, r)
	})
}
