package transport

import (
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
)

// scanner visits every node of a document once, fragments not expanded: names of absurd length (suggestions compare them letter
// by letter, errors repeat them), NUL in literals, and @defer, which the executor would take and the door cannot send.
type scanner struct {
	name    int
	nodes   int
	refused *refusal
}

func (l Limits) checkTexts(document *ast.QueryDocument) *refusal {
	s := &scanner{name: l.Name}
	s.document(document)
	return s.refused
}

// countNodes is the weight of a parsed document in memory.
func countNodes(document *ast.QueryDocument) int {
	s := &scanner{name: saturated}
	s.document(document)
	return s.nodes
}

func (s *scanner) document(document *ast.QueryDocument) {
	for _, operation := range document.Operations {
		s.node(operation.Position, operation.Name)
		for _, variable := range operation.VariableDefinitions {
			s.node(variable.Position, variable.Variable, variable.Type.Name())
			s.value(variable.DefaultValue)
			s.directives(variable.Directives)
		}
		s.directives(operation.Directives)
		s.set(operation.SelectionSet)
	}
	for _, fragment := range document.Fragments {
		s.node(fragment.Position, fragment.Name, fragment.TypeCondition)
		s.directives(fragment.Directives)
		s.set(fragment.SelectionSet)
	}
}

func (s *scanner) set(set ast.SelectionSet) {
	for _, selection := range set {
		if s.refused != nil {
			return
		}
		switch selection := selection.(type) {
		case *ast.Field:
			s.node(selection.Position, selection.Name, selection.Alias)
			s.arguments(selection.Arguments)
			s.directives(selection.Directives)
			s.set(selection.SelectionSet)
		case *ast.InlineFragment:
			s.node(selection.Position, selection.TypeCondition)
			s.directives(selection.Directives)
			s.set(selection.SelectionSet)
		case *ast.FragmentSpread:
			s.node(selection.Position, selection.Name)
			s.directives(selection.Directives)
		}
	}
}

func (s *scanner) directives(directives ast.DirectiveList) {
	for _, directive := range directives {
		s.node(directive.Position, directive.Name)
		if directive.Name == "defer" {
			s.refuse(directive.Position, codeValidation, "defer")
		}
		s.arguments(directive.Arguments)
	}
}

func (s *scanner) arguments(arguments ast.ArgumentList) {
	for _, argument := range arguments {
		s.node(argument.Position, argument.Name)
		s.value(argument.Value)
	}
}

func (s *scanner) value(value *ast.Value) {
	if value == nil || s.refused != nil {
		return
	}
	switch value.Kind {
	case ast.StringValue, ast.BlockValue:
		s.node(value.Position)
		if strings.IndexByte(value.Raw, 0) >= 0 {
			s.refuse(value.Position, codeInput, "nul", "query")
		}
	case ast.IntValue, ast.FloatValue:
		s.node(value.Position)
	default:
		s.node(value.Position, value.Raw)
	}
	for _, child := range value.Children {
		s.node(child.Position, child.Name)
		s.value(child.Value)
	}
}

func (s *scanner) node(position *ast.Position, names ...string) {
	s.nodes++
	for _, name := range names {
		if len(name) > s.name && utf8.RuneCountInString(name) > s.name {
			s.refuse(position, codeLimit, "name", utf8.RuneCountInString(name), s.name)
		}
	}
}

func (s *scanner) refuse(position *ast.Position, code, key string, args ...any) {
	if s.refused == nil {
		s.refused = badRequest(code, key, args...)
		s.refused.at = located(position)
	}
}
