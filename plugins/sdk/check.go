package sdk

import (
	"io/fs"
	"maps"
	"reflect"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

var roots = []string{"Query", "Mutation", "Subscription"}

func (p *Plugin) checkAll() {
	s := &shapes{p: p, types: map[string]*ast.Definition{}, seen: map[shape]bool{}}
	for _, def := range p.schema.Definitions {
		s.types[def.Name] = def
	}
	known := map[string]*ast.FieldDefinition{}
	for _, def := range slices.Concat(p.schema.Definitions, p.schema.Extensions) {
		if def.Kind == ast.Object {
			for _, field := range def.Fields {
				known[def.Name+"."+field.Name] = field
				p.checkRights(def.Name+"."+field.Name, field)
			}
		}
	}
	for _, def := range p.schema.Extensions {
		if def.Kind == ast.Object && s.types[def.Name] == nil {
			p.checkExtended(def)
		}
	}
	for _, coordinate := range slices.Sorted(maps.Keys(p.functions)) {
		p.checkFunction(s, coordinate, known[coordinate])
	}
	p.checkManifest()
}

// checkExtended wants a function for each field that is added to a core type.
func (p *Plugin) checkExtended(def *ast.Definition) {
	with := map[string]string{"Query": "sdk.Root", "Mutation": "sdk.Root", "Subscription": "sdk.Stream"}[def.Name]
	if with == "" {
		with = "sdk.Field"
	}
	for _, field := range def.Fields {
		if coordinate := def.Name + "." + field.Name; p.functions[coordinate] == nil {
			p.problem("%s has no function: register one with %s", coordinate, with)
		}
	}
}

func (p *Plugin) checkFunction(s *shapes, coordinate string, field *ast.FieldDefinition) {
	f := p.functions[coordinate]
	typ, _ := splitCoordinate(coordinate)
	switch {
	case field == nil:
		p.problem("%s has a function, and is not in the SDL", coordinate)
		return
	case (typ == "Subscription") != (f.listen != nil):
		p.problem("%s: sdk.Stream is for fields of Subscription, and for them alone", coordinate)
	case slices.Contains(roots, typ) != (f.parent == nil):
		p.problem("%s: sdk.Root is for fields of Query and Mutation, sdk.Field for core types, sdk.Own for own ones", coordinate)
	case f.parent != nil && s.types[typ] == nil && f.parent != reflect.TypeFor[Ref]():
		p.problem("%s: Veche gives core objects by their ids: take []sdk.Ref, not []%s", coordinate, f.parent)
	}
	f.list = field.Type.NonNull && field.Type.Elem != nil
	var wanted []inputField
	for _, a := range field.Arguments {
		wanted = append(wanted, inputField{a.Name, a.Type})
	}
	s.input(coordinate, wanted, f.args)
	s.output(coordinate, field.Type, f.value)
}

// checkRights wants the permission of @can to be the manifest's own.
func (p *Plugin) checkRights(coordinate string, field *ast.FieldDefinition) {
	can := field.Directives.ForName("can")
	if can == nil {
		return
	}
	if a := can.Arguments.ForName("permission"); a == nil || !hasName(p.card.Permissions, a.Value.Raw) {
		p.problem("%s: @can names no permission of plugin.yaml", coordinate)
	}
}

func (p *Plugin) checkManifest() {
	var hooks []string
	for _, hook := range p.card.Hooks {
		hooks = append(hooks, hook.Before)
	}
	match(p, "hooks", "sdk.Before", hooks, p.before)
	match(p, "hears", "sdk.On", p.card.Hears, p.hear)
	if (p.card.Settings != "") != (p.settings != nil) {
		p.problem("plugin.yaml: settings names a file where the program calls sdk.Settings, and only there")
	}
	if p.card.Settings != "" {
		if _, err := fs.Stat(p.files, p.card.Settings); err != nil {
			p.problem("plugin.yaml: settings: %w", err)
		}
	}
}

func match[F any](p *Plugin, key, how string, declared []string, registered map[string]F) {
	for _, name := range declared {
		if _, ok := registered[name]; !ok {
			p.problem("plugin.yaml: %s: %s has no function: register one with %s", key, name, how)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(registered)) {
		if !slices.Contains(declared, name) {
			p.problem("plugin.yaml: %s does not name %s, for which %s registers a function", key, name, how)
		}
	}
}
