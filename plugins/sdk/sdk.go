// Package sdk is what a Veche plugin in Go is written with. A plugin is a folder with plugin.yaml, its
// SDL and what else they name, embedded in a program that says which function answers which field:
//
//	//go:embed plugin.yaml *.graphqls
//	var files embed.FS
//
//	func main() {
//		p := sdk.New(files)
//		sdk.Field(p, "District.parkingPermits", permitsOf)
//		sdk.Root(p, "Query.parkingPermit", permit)
//		p.Main()
//	}
//
// Functions are given many parents at once and answer as many values, so no query costs a call a row.
// A property that a value bears by its json name needs no function. Main says at the start, by name,
// what the SDL promises and the program does not keep.
//
// The package speaks the contract of veche.plugin.v1 and needs nothing else of Veche: it is imported
// from outside of its repository. Package sdktest runs a plugin in a test without a process.
package sdk

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"sync"

	"github.com/goccy/go-yaml"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Plugin is a plugin that is being put together. New makes one; what is wrong with it is said by Check.
type Plugin struct {
	Log *slog.Logger

	files    fs.FS
	card     card
	digest   string
	sdl      string
	schema   *ast.SchemaDocument
	problems []error

	functions map[string]*function
	before    map[string]func(call, []byte) error
	hear      map[string]func(call, Event) error
	jobs      map[string]func(call, []byte) error
	settings  *settings

	checking sync.Once
	checked  error
	lists    map[reflect.Type][][]int // members that are lists and never null
	drain    chan struct{}
	drained  sync.Once
}

// card is as much of plugin.yaml as the program itself needs.
type card struct {
	Name        string                  `yaml:"name"`
	Version     string                  `yaml:"version"`
	Title       struct{ Ru, En string } `yaml:"title"`
	Schema      string                  `yaml:"schema"`
	Settings    string                  `yaml:"settings"`
	Migrations  string                  `yaml:"migrations"`
	Hears       []string                `yaml:"hears"`
	Permissions []named                 `yaml:"permissions"`
	Sends       []named                 `yaml:"sends"`
	Hooks       []struct {
		Before string `yaml:"before"`
	} `yaml:"hooks"`
}

type named struct {
	Name string `yaml:"name"`
}

// New reads plugin.yaml and the SDL that it names from the embedded files.
func New(files fs.FS) *Plugin {
	p := &Plugin{
		Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)), files: files,
		functions: map[string]*function{}, before: map[string]func(call, []byte) error{},
		hear: map[string]func(call, Event) error{}, jobs: map[string]func(call, []byte) error{},
		lists: map[reflect.Type][][]int{}, drain: make(chan struct{}),
	}
	if err := p.read(); err != nil {
		p.problems = append(p.problems, err)
	}
	return p
}

func (p *Plugin) read() error {
	text, err := fs.ReadFile(p.files, "plugin.yaml")
	if err != nil {
		return fmt.Errorf("plugin.yaml is not among the embedded files: %w", err)
	}
	sum := sha256.Sum256(text)
	p.digest = hex.EncodeToString(sum[:])
	if err := yaml.Unmarshal(text, &p.card); err != nil {
		return fmt.Errorf("plugin.yaml: %s", yaml.FormatError(err, false, true))
	}
	sdl, err := fs.ReadFile(p.files, p.card.Schema)
	if err != nil {
		return fmt.Errorf("plugin.yaml: schema: %q is not among the embedded files: %w", p.card.Schema, err)
	}
	p.sdl = string(sdl)
	p.schema, err = parser.ParseSchema(&ast.Source{Name: p.card.Schema, Input: p.sdl})
	return err
}

// Name is the plugin's name, as in plugin.yaml.
func (p *Plugin) Name() string { return p.card.Name }

// Version is the plugin's version, as in plugin.yaml.
func (p *Plugin) Version() string { return p.card.Version }

// Files are the files that New was given.
func (p *Plugin) Files() fs.FS { return p.files }

// Migrations is the folder of its tables' migrations; empty where it has none.
func (p *Plugin) Migrations() string { return p.card.Migrations }

// Sends says whether the manifest declares the event.
func (p *Plugin) Sends(event string) bool {
	return hasName(p.card.Sends, event)
}

func hasName(all []named, name string) bool {
	for _, one := range all {
		if one.Name == name {
			return true
		}
	}
	return false
}

// problem notes what is wrong with how the plugin is put together.
func (p *Plugin) problem(format string, args ...any) {
	p.problems = append(p.problems, fmt.Errorf(format, args...))
}

// Check says all that is wrong: what the SDL and the manifest promise and no function or member keeps,
// and what is registered that they do not know. Nothing is registered after it.
func (p *Plugin) Check() error {
	p.checking.Do(func() {
		if len(p.problems) == 0 || p.schema != nil {
			p.checkAll()
		}
		p.checked = errors.Join(p.problems...)
	})
	return p.checked
}

func splitCoordinate(coordinate string) (typ, field string) {
	typ, field, _ = strings.Cut(coordinate, ".")
	return typ, field
}
