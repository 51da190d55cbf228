package process_test

import (
	"testing"

	"github.com/veche-city/veche/plugins/internal/testplugin"
)

// BenchmarkCall is one call of one field, with all its guards.
func BenchmarkCall(b *testing.B) {
	s := ready(b, start(b, program(b, testplugin.Behaviour{}), nil))
	for b.Loop() {
		if _, err := s.ask(b.Context(), "echo", false); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkStart is from nothing to ready, and gone again.
func BenchmarkStart(b *testing.B) {
	p := program(b, testplugin.Behaviour{})
	for b.Loop() {
		s := start(b, p, nil)
		if err := s.Ready(b.Context()); err != nil {
			b.Fatal(err)
		}
		s.Kill()
	}
}
