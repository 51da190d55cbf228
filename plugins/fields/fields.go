// Package fields answers the fields that plugins own, as parts of operations (core/extension): calls
// with many parents to the plugin in, values completed against the schema out. It knows no process
// and no wire: a Plugin is what answers, and plugins/host has one for each that runs.
//
// What holds: one call a plugin and round, whatever the depth and the lists; the same parent is asked
// once; a value that the schema does not allow is an error at its own place, and null up to the
// nearest field that may be null; a core object that a plugin names is read under the caller's own
// rights; the right that @can names is asked here, before the call, so that no plugin can forget it.
package fields

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/manifest"
)

// Plugin is one that runs, or does not at the moment. The context bears municipality, actor and
// language. Its errors are core errors with a code of PLUGIN_… (see core.Code), which stand for all
// that was asked.
type Plugin interface {
	// Resolve answers as many results as calls, each with as many items as parents (one at a root); the
	// implementation has checked both numbers. write says that the calls are a mutation's: what is cut
	// short then is PLUGIN_OUTCOME_UNKNOWN, and nothing is tried twice.
	Resolve(ctx context.Context, calls []*contract.FieldCall, write bool) ([]*contract.FieldResult, error)
	// Listen yields the events of a subscription. An error is its last.
	Listen(ctx context.Context, field string, arguments json.RawMessage, selects []string) iter.Seq2[*contract.Item, error]
	// Before asks whether anything stands against an action of the core: nil, core.Problems with paths
	// into the action's arguments, or a core error when it cannot be asked and that refuses the action.
	Before(ctx context.Context, action string, arguments json.RawMessage) error
}

// Source is a plugin as it is enabled in a municipality: one version of it, with its schema.
type Source struct {
	Manifest *manifest.Manifest
	SDL      string
	// Functions are the fields that it answers, Type.field. Other fields of its types are properties
	// of their values.
	Functions map[string]bool
	// Hooks are the actions of the core before which it is asked.
	Hooks  map[string]bool
	Plugin Plugin
}

// Set is what is enabled in one municipality. It never changes; another set takes its place.
type Set struct {
	// Key is that of exactly these sources: of another municipality, or with other settings, it is another.
	Key     string
	Sources []*Source // by name
}

// Schema is the core's with what a set of plugins adds to it; compose makes it.
type Schema struct {
	*ast.Schema
	Set *Set
	// Fields are those that plugins add to the core's types and roots, Type.field, each with its owner.
	Fields map[string]*Source
	// Types are the plugins' own.
	Types map[string]*Source
}

// Owner is the plugin that answers the field; nil when the core does.
func (s *Schema) Owner(typ, field string) *Source {
	if s == nil {
		return nil
	}
	if own := s.Types[typ]; own != nil {
		return own
	}
	return s.Fields[typ+"."+field]
}
