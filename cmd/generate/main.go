// Command generate composes the schema from graph/*.graphqls and modules/*/*.graphqls and writes
// graph/*.generated.go and graph/page. It wraps gqlgen with three steps of ours:
//
//   - inject.go adds what follows from the modules' own words: connections and edges, payloads,
//     filters of enums, orders, and the hidden extension slot;
//   - bind.go gives each GraphQL type its Go type by folder, and says which fields are resolved;
//   - compose.go joins the modules' resolvers, and writes those that read what is declared.
//
// whole.go writes a second server, for tests alone.
//
// Run it from the repository's root, by make generate. It needs modules that compile, not a
// graph that does. The same words give the same files: make check generates again and compares.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/99designs/gqlgen/api"
	"github.com/99designs/gqlgen/codegen/config"
)

const module = "github.com/veche-city/veche"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run() error {
	cfg, err := config.LoadConfig("gqlgen.yml")
	if err != nil {
		return err
	}
	words, err := inject(cfg.Sources)
	if err != nil {
		return err
	}
	if err := clean("graph"); err != nil {
		return err
	}
	if err := writePages(words); err != nil {
		return err
	}
	cfg.Sources = append(cfg.Sources, words.source)
	modules, err := loadModules()
	if err != nil {
		return err
	}
	if err := api.Generate(cfg, api.PrependPlugin(&binder{words, modules}), api.AddPlugin(&composer{modules})); err != nil {
		return err
	}
	return generateWhole(words, modules)
}

// clean removes what an earlier run wrote, so that a module that went leaves nothing behind.
func clean(folder string) error {
	old, err := filepath.Glob(folder + "/*.generated.go")
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}
