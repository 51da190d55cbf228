package graphiql

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, method, path string, headers ...string) *http.Response {
	t.Helper()
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	Handler("/graphql", []Example{
		{Title: "Councils\nof a town", Query: "query Councils { councils { name } } # </script><script>alert(1)</script>", Variables: `{"a":1}`},
	}).ServeHTTP(recorder, request)
	return recorder.Result()
}

func text(t *testing.T, response *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

func TestOtherPathsAndMethods(t *testing.T) {
	for path, want := range map[string]int{
		"/nothing": 404, "/assets/": 404, "/assets/manifest.json": 404, "/dist/manifest.json": 404, "/assets/../graphiql.go": 307,
	} {
		if response := get(t, http.MethodGet, path); response.StatusCode != want {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	if response := get(t, http.MethodPost, "/"); response.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d", response.StatusCode)
	}
}

func TestPage(t *testing.T) {
	response := get(t, http.MethodGet, "/")
	page := text(t, response)
	if response.StatusCode != 200 || !strings.Contains(page, "<title>Veche</title>") || response.Header.Get("Cache-Control") != "no-cache" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	if !strings.Contains(response.Header.Get("Content-Security-Policy"), "script-src 'self';") {
		t.Errorf("policy: %s", response.Header.Get("Content-Security-Policy"))
	}
	if regexp.MustCompile(`(?i)(src|href)="(https?:)?//`).MatchString(page) || strings.Contains(page, "alert(1)</script>") {
		t.Errorf("page: %s", page)
	}
	_, rest, _ := strings.Cut(page, `id="settings">`)
	data, _, _ := strings.Cut(rest, "</script>")
	var settings struct {
		Endpoint string
		Examples []struct{ Title, Query, Variables string }
	}
	if err := json.Unmarshal([]byte(data), &settings); err != nil {
		t.Fatalf("%v: %s", err, data)
	}
	if settings.Endpoint != "/graphql" || settings.Examples[0].Title != "Councils of a town" ||
		!strings.HasSuffix(settings.Examples[0].Query, "</script>") || settings.Examples[0].Variables != `{"a":1}` {
		t.Errorf("settings: %+v", settings)
	}
	for _, asset := range regexp.MustCompile(`assets/[^"]+`).FindAllString(page, -1) {
		if response := get(t, http.MethodGet, "/"+asset); response.StatusCode != 200 {
			t.Errorf("%s: %d", asset, response.StatusCode)
		}
	}
}

func TestNoExamplesIsAnEmptyList(t *testing.T) {
	recorder := httptest.NewRecorder()
	Handler("/graphql", nil).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	if !strings.Contains(recorder.Body.String(), `"examples":[]`) {
		t.Errorf("page: %s", recorder.Body.String())
	}
}

func TestAssetsAreKeptAndCompressed(t *testing.T) {
	built, err := readManifest()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{built.Script, built.Style} {
		plain := get(t, http.MethodGet, "/assets/"+name, "Accept-Encoding", "gzip;q=0, br")
		body := text(t, plain)
		if plain.Header.Get("Content-Encoding") != "" || !strings.Contains(plain.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %v", name, plain.Header)
		}
		packed := get(t, http.MethodGet, "/assets/"+name, "Accept-Encoding", "br, gzip")
		reader, err := gzip.NewReader(packed.Body)
		if err != nil {
			t.Fatal(err)
		}
		unpacked, err := io.ReadAll(reader)
		if err != nil || string(unpacked) != body || packed.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: %v %v", name, err, packed.Header)
		}
		again := get(t, http.MethodGet, "/assets/"+name, "Accept-Encoding", "gzip", "If-None-Match", packed.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %d", name, again.StatusCode)
		}
	}
	if response := get(t, http.MethodGet, "/assets/licences.txt"); !strings.Contains(text(t, response), "MIT") {
		t.Error("no licences")
	}
}

// The binary grows by what is embedded, and a style sheet or font from elsewhere would break the page on a closed network.
func TestEmbeddedFiles(t *testing.T) {
	total := int64(0)
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		if body, err := files.ReadFile(path); err != nil || regexp.MustCompile(`url\(["']?(https?:)?//|@import`).Match(body) && strings.HasSuffix(path, ".css") {
			t.Errorf("%s: %v, or it loads from elsewhere", path, err)
		}
		return nil
	})
	if err != nil || total > 6<<20 {
		t.Errorf("%d bytes, %v", total, err)
	}
}
