package compose

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

var roots = []string{"Query", "Mutation", "Subscription"}

// document checks one plugin's SDL.
func (c *checking) document(doc *ast.SchemaDocument) {
	for _, def := range append(slices.Clone(doc.Schema), doc.SchemaExtension...) {
		c.refuse(def.Position, "the roots are Query, Mutation and Subscription: extend them instead of naming others")
	}
	for _, def := range doc.Directives {
		c.refuse(def.Position, "@%s: a plugin brings no directives", def.Name)
	}
	if len(doc.Definitions) > mostTypes {
		c.refuse(nil, "it brings %d types; at most %d", len(doc.Definitions), mostTypes)
	}
	for _, def := range doc.Definitions {
		c.definition(def)
	}
	for _, ext := range doc.Extensions {
		c.extension(ext)
	}
	c.functions()
}

func (c *checking) definition(def *ast.Definition) {
	other := c.out.Types[def.Name]
	switch {
	case c.types[def.Name] != nil:
		c.refuse(def.Position, "%s is defined twice", def.Name)
		return
	case c.core.Types[def.Name] != nil:
		c.refuse(def.Position, "%s is a type of the core: name yours %s…, or extend it", def.Name, c.Prefix)
		return
	case other != nil:
		c.refuse(def.Position, "%s is a type of the plugin %s", def.Name, other.Manifest.Name)
		return
	case !strings.HasPrefix(def.Name, c.Prefix):
		c.refuse(def.Position, "%s: the names of its types begin with %s, which the manifest gives as prefix", def.Name, c.Prefix)
		return
	}
	for _, name := range def.Interfaces {
		if c.core.Types[name] != nil {
			c.refuse(def.Position, "%s: only objects of the core are a %s", def.Name, name)
		}
	}
	c.types[def.Name], c.out.Types[def.Name] = def, c.source
	for _, f := range def.Fields {
		if hidden(f.Name) {
			c.refuse(f.Position, "%s.%s: names that begin with _ are the core's", def.Name, f.Name)
		}
		c.permission(def.Name, f)
	}
}

func hidden(name string) bool { return strings.HasPrefix(name, "_") }

// extension checks what is added to a type of the core.
func (c *checking) extension(ext *ast.Definition) {
	of := c.core.Types[ext.Name]
	switch {
	case c.types[ext.Name] != nil:
		c.refuse(ext.Position, "%s is its own type: write the fields there", ext.Name)
		return
	case c.out.Types[ext.Name] != nil:
		c.refuse(ext.Position, "%s is a type of the plugin %s: plugins extend the core, not one another", ext.Name, c.out.Types[ext.Name].Manifest.Name)
		return
	case of == nil && slices.Contains(roots, ext.Name):
		of = &ast.Definition{Name: ext.Name, Kind: ast.Object}
	case of == nil:
		c.refuse(ext.Position, "there is no type %s in this municipality; its module may be switched off", ext.Name)
		return
	}
	if ext.Kind != ast.Object || of.Kind != ast.Object {
		c.refuse(ext.Position, "%s: only objects are extended; an enum, union, interface or input of the core stays as its clients know it", ext.Name)
		return
	}
	if !slices.Contains(roots, ext.Name) && !slices.Contains(of.Interfaces, "Node") {
		c.refuse(ext.Position, "%s has no id by which its extension could be asked for: extend an object that is a Node", ext.Name)
		return
	}
	if len(ext.Interfaces) > 0 {
		c.refuse(ext.Position, "%s: an object of the core gets no interfaces", ext.Name)
	}
	if len(ext.Directives) > 0 {
		c.refuse(ext.Position, "%s: a type of the core gets no directives", ext.Name)
	}
	if len(ext.Fields) > mostFields {
		c.refuse(ext.Position, "%s gets %d fields; at most %d", ext.Name, len(ext.Fields), mostFields)
	}
	for _, f := range ext.Fields {
		c.field(of, f)
	}
}

// field checks a field on a type of the core.
func (c *checking) field(of *ast.Definition, f *ast.FieldDefinition) {
	at := of.Name + "." + f.Name
	other := c.out.Fields[at]
	switch {
	case hidden(f.Name):
		c.refuse(f.Position, "%s: names that begin with _ are the core's", at)
		return
	case of.Fields.ForName(f.Name) != nil:
		c.refuse(f.Position, "%s is a field of the core", at)
		return
	case other == c.source:
		c.refuse(f.Position, "%s is defined twice", at)
		return
	case other != nil:
		c.refuse(f.Position, "%s is a field of the plugin %s", at, other.Manifest.Name)
		return
	}
	if f.Type.NonNull && of.Name != "Subscription" {
		c.refuse(f.Position, "%s may not be %s: when the plugin fails, the field must be able to be null; write it without the last !", at, f.Type)
	}
	if f.Directives.ForName("can") == nil && f.Directives.ForName("public") == nil {
		c.refuse(f.Position, "%s does not say who may use it: write @can(permission: %q) or @public", at, c.Name+":…")
	}
	c.permission(of.Name, f)
	c.out.Fields[at] = c.source
}

// permission checks that @can names one of the plugin's own.
func (c *checking) permission(object string, f *ast.FieldDefinition) {
	can := f.Directives.ForName("can")
	if can == nil {
		return
	}
	arg := can.Arguments.ForName("permission")
	if arg == nil || arg.Value.Kind != ast.StringValue {
		c.refuse(f.Position, "%s.%s: @can names no permission", object, f.Name)
		return
	}
	for _, p := range c.Permissions {
		if p.Name == arg.Value.Raw {
			return
		}
	}
	c.refuse(f.Position, "%s.%s: the permission %q is not among the manifest's permissions", object, f.Name, arg.Value.Raw)
}

// functions checks that what the core cannot know how to answer has a function, and that no function
// answers what is not there.
func (c *checking) functions() {
	for _, at := range slices.Sorted(maps.Keys(c.out.Fields)) {
		if c.out.Fields[at] == c.source && !c.source.Functions[at] {
			c.refuse(nil, "%s has no function that answers it", at)
		}
	}
	for _, at := range slices.Sorted(maps.Keys(c.source.Functions)) {
		typ, field, _ := strings.Cut(at, ".")
		if own := c.types[typ]; c.out.Fields[at] != c.source && (own == nil || own.Kind != ast.Object || own.Fields.ForName(field) == nil) {
			c.refuse(nil, "there is a function for %s, which is no field of the schema", at)
		}
	}
}

// manifest checks what it asks for against the core.
func (c *checking) manifest() {
	for i, at := range c.Reads {
		typ, field, _ := strings.Cut(at, ".")
		if def := c.core.Types[typ]; def == nil || hidden(field) || def.Fields.ForName(field) == nil {
			c.asks("reads[%d]: there is no %s in this municipality's core", i, at)
		}
	}
	for i, name := range c.Actions {
		if !c.isAction(name) {
			c.asks("actions[%d]: the core has no mutation %s", i, name)
		}
	}
	for i, hook := range c.Hooks {
		if !c.isAction(hook.Before) {
			c.asks("hooks[%d].before: the core has no mutation %s", i, hook.Before)
		}
	}
	for i, one := range c.Indicators {
		if c.types[one.Type] == nil {
			c.asks("indicators[%d].type: the schema has no %s", i, one.Type)
		}
	}
}

func (c *checking) isAction(name string) bool {
	return c.core.Mutation != nil && c.core.Mutation.Fields.ForName(name) != nil
}
