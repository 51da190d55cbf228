package graph

import (
	"runtime"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// What was compiled of an operation goes when the operation does, so that the door's bound on parsed
// queries bounds it too.
func TestWhatWasCompiledGoesWithItsOperation(t *testing.T) {
	c := &compiled{}
	kept := func() (n int) {
		c.operations.Range(func(any, any) bool { n++; return true })
		return n
	}
	op := &graphql.OperationContext{Doc: &ast.QueryDocument{}, Operation: &ast.OperationDefinition{Operation: ast.Query}}
	first := c.operation(op)
	if again := c.operation(op); again != first || kept() != 1 {
		t.Fatalf("%d are kept of one", kept())
	}
	runtime.KeepAlive(op)
	for kept() > 0 {
		runtime.GC()
	}
}
