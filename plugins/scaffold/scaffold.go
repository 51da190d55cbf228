// Package scaffold makes the folder of a new plugin: small, complete, and working at once. Its
// templates are the plugins of go and ts, and what both have.
package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"text/template"
)

//go:embed both go ts
var templates embed.FS

// Languages are those in which a plugin can be begun.
var Languages = []string{"go", "ts"}

// goVersion is what the SDK for Go asks for.
const goVersion = "1.26"

// server is the platform that most plugins run on.
const server = "linux-amd64"

// Plugin is what a new one is called and written in.
type Plugin struct {
	Name string
	Lang string
	// Veche is the folder of Veche's repository, from which the SDK is taken; empty: the released one.
	Veche string
}

var namePattern = regexp.MustCompile(`^[a-z][a-z0-9]{2,29}$`)

// Prefix begins the names of its types.
func (p Plugin) Prefix() string { return strings.ToUpper(p.Name[:1]) + p.Name[1:] }

// Go is the version of Go that its go.mod names.
func (p Plugin) Go() string { return goVersion }

// Platforms are those that a program in Go is built for: this machine's, and the usual server's.
func (p Plugin) Platforms() string {
	if own := runtime.GOOS + "-" + runtime.GOARCH; own != server {
		return "[" + own + ", " + server + "]"
	}
	return "[" + server + "]"
}

func (p Plugin) validate() error {
	if !namePattern.MatchString(p.Name) {
		return fmt.Errorf("%q is no name of a plugin: three to thirty small latin letters and digits", p.Name)
	}
	if !slices.Contains(Languages, p.Lang) {
		return fmt.Errorf("%q is no language of the SDKs: take one of %s", p.Lang, strings.Join(Languages, ", "))
	}
	if p.Veche == "" {
		return nil
	}
	want := map[string]string{"go": "plugins/sdk", "ts": "plugins/sdk-node"}[p.Lang]
	if _, err := os.Stat(filepath.Join(p.Veche, want)); err != nil {
		return fmt.Errorf("%s is not the folder of Veche's repository: it has no %s", p.Veche, want)
	}
	return nil
}

// Write makes the plugin's folder and gives the names of its files. A folder that holds something
// already is left as it is.
func Write(dir string, p Plugin) ([]string, error) {
	if err := p.validate(); err != nil {
		return nil, err
	}
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0:
		return nil, fmt.Errorf("%s is not empty: name another folder", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	if p.Veche != "" {
		path, err := filepath.Abs(p.Veche)
		if err != nil {
			return nil, err
		}
		p.Veche = path
	}
	var names []string
	for _, root := range []string{"both", p.Lang} {
		err := fs.WalkDir(templates, root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			name := p.target(strings.TrimPrefix(path, root+"/"))
			names = append(names, name)
			return p.render(path, filepath.Join(dir, filepath.FromSlash(name)))
		})
		if err != nil {
			return nil, err
		}
	}
	slices.Sort(names)
	return names, nil
}

// target is the name of a template's file: what begins with a dot has none here, so that it is embedded.
func (p Plugin) target(name string) string {
	switch name = strings.TrimSuffix(name, ".tmpl"); name {
	case "gitignore":
		return ".gitignore"
	case "schema.graphqls":
		return p.Name + ".graphqls"
	}
	return name
}

func (p Plugin) render(from, to string) error {
	text, err := templates.ReadFile(from)
	if err != nil {
		return err
	}
	t, err := template.New(from).Delims("[[", "]]").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}
