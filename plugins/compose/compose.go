// Package compose joins the SDL of plugins to the core's schema. It is a pure function: the same
// schema and the same plugins give the same result, or the same refusals, each naming plugin, file
// and line.
//
// What a plugin may add: types, inputs, enums, interfaces and unions of its own under its prefix;
// fields on the core's objects that have an id; fields of Query, Mutation and Subscription. What it may
// not is what would let it break the core or another plugin: a name that exists; a field of the core
// that may not be null (it would take its parent with it when the plugin fails); values of the core's
// enums, members of its unions; a field that does not say who may use it.
package compose

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

// What one plugin may bring at most.
const (
	mostText   = 512 << 10 // bytes of SDL
	mostTypes  = 500
	mostFields = 64 // on one type of the core
)

// Problem is something that a plugin may not do.
type Problem struct {
	Plugin string
	File   string
	Line   int // 0: of the file as a whole
	Text   string
}

func (p Problem) Error() string {
	if p.Line == 0 {
		return fmt.Sprintf("plugin %s: %s: %s", p.Plugin, p.File, p.Text)
	}
	return fmt.Sprintf("plugin %s: %s:%d: %s", p.Plugin, p.File, p.Line, p.Text)
}

// Problems are all that stands against a set of plugins.
type Problems []Problem

func (p Problems) Error() string {
	texts := make([]string, len(p))
	for i, one := range p {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "\n")
}

// Compose joins the plugins of a set to the core, which it leaves as it is. An error is Problems.
func Compose(core *ast.Schema, set *fields.Set) (*fields.Schema, error) {
	c := &composition{core: core, out: &fields.Schema{Set: set, Fields: map[string]*fields.Source{}, Types: map[string]*fields.Source{}}}
	for _, source := range set.Sources {
		c.add(source)
	}
	if c.problems == nil {
		c.join()
	}
	if c.problems != nil {
		return nil, c.problems
	}
	return c.out, nil
}

type composition struct {
	core     *ast.Schema
	out      *fields.Schema
	problems Problems
	added    ast.DefinitionList // definitions
	extended ast.DefinitionList
}

// checking is one plugin that is looked at.
type checking struct {
	*composition
	source *fields.Source
	*manifest.Manifest
	types map[string]*ast.Definition // of its own
}

func (c *checking) refuse(at *ast.Position, format string, args ...any) {
	p := Problem{Plugin: c.Name, File: c.Schema, Text: fmt.Sprintf(format, args...)}
	if at != nil {
		p.Line = at.Line
	}
	c.problems = append(c.problems, p)
}

// asks refuses something in the manifest.
func (c *checking) asks(format string, args ...any) {
	c.problems = append(c.problems, Problem{Plugin: c.Name, File: manifest.File, Text: fmt.Sprintf(format, args...)})
}

func (c *composition) add(source *fields.Source) {
	of := &checking{composition: c, source: source, Manifest: source.Manifest, types: map[string]*ast.Definition{}}
	if len(source.SDL) > mostText {
		of.refuse(nil, "the schema is larger than %d KiB", mostText>>10)
		return
	}
	doc, err := parser.ParseSchema(&ast.Source{Name: source.Manifest.Name + "/" + source.Manifest.Schema, Input: source.SDL})
	if err != nil {
		of.refuseParsed(err)
		return
	}
	of.document(doc)
	of.manifest()
	c.added = append(c.added, doc.Definitions...)
	c.extended = append(c.extended, doc.Extensions...)
}

// refuseParsed says what the parser, or gqlparser's validation, has against it.
func (c *checking) refuseParsed(err error) {
	var g *gqlerror.Error
	if !errors.As(err, &g) {
		c.refuse(nil, "%s", err)
		return
	}
	var at *ast.Position
	if len(g.Locations) > 0 {
		at = &ast.Position{Line: g.Locations[0].Line}
	}
	c.refuse(at, "%s", g.Message)
}

// validating holds one validation at a time: it writes the directives' definitions into the core's schema,
// which all houses of the process share.
var validating sync.Mutex

// join makes the schema of what was let pass; gqlparser has the last word on types and arguments.
func (c *composition) join() {
	doc := &ast.SchemaDocument{Extensions: c.extended}
	for _, name := range slices.Sorted(maps.Keys(c.core.Types)) {
		def := *c.core.Types[name]
		def.Interfaces = slices.Clone(def.Interfaces)
		def.Fields = slices.DeleteFunc(slices.Clone(def.Fields), func(f *ast.FieldDefinition) bool {
			return !def.BuiltIn && strings.HasPrefix(f.Name, "__") // which gqlparser adds to Query by itself
		})
		doc.Definitions = append(doc.Definitions, &def)
	}
	doc.Definitions = append(doc.Definitions, c.added...)
	for _, name := range slices.Sorted(maps.Keys(c.core.Directives)) {
		doc.Directives = append(doc.Directives, c.core.Directives[name])
	}
	validating.Lock()
	defer validating.Unlock()
	joined, err := validator.ValidateSchemaDocument(doc)
	if err != nil {
		c.blame(err)
		return
	}
	c.out.Schema = joined
}

// blame finds the plugin in whose file an error is.
func (c *composition) blame(err error) {
	var g *gqlerror.Error
	file := ""
	if errors.As(err, &g) {
		file, _ = g.Extensions["file"].(string)
	}
	for _, source := range c.out.Set.Sources {
		if strings.HasPrefix(file, source.Manifest.Name+"/") {
			(&checking{composition: c, source: source, Manifest: source.Manifest}).refuseParsed(err)
			return
		}
	}
	c.problems = append(c.problems, Problem{Plugin: "?", File: file, Text: err.Error()})
}
