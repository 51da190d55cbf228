// Command veche serves a municipality's work with its public as a GraphQL API.
//
//	veche serve          serve
//	veche demo           serve with the reference city loaded
//	veche migrate        bring the database up to date, and stop
//	veche municipality   add and list municipalities
//	veche schema         print the schema
//	veche plugin         make, try, pack and sign plugins
//
// Settings come, in this order of precedence, from flags, from the environment (VECHE_…) and from
// a file (--config, YAML); all have defaults. Without --database-url it runs its own Postgres.
//
// It ends with 0 after a clean stop, 1 on a failure, and 2 when it was called wrongly.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	kongyaml "github.com/alecthomas/kong-yaml"
)

type commands struct {
	Settings

	Serve        serveCommand        `cmd:"" help:"Serve the API."`
	Demo         demoCommand         `cmd:"" help:"Serve the API with the reference city (Kansk, 2012) loaded."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the database up to date, and stop."`
	Municipality municipalityCommand `cmd:"" help:"Add and list municipalities."`
	Schema       schemaCommand       `cmd:"" help:"Print the schema, for code generators."`
	Plugin       pluginCommand       `cmd:"" help:"Make, try, pack and sign plugins."`
}

func main() {
	var c commands
	parser, err := kong.New(&c, kong.Name("veche"), kong.Description("A GraphQL API for a municipality's work with its public."),
		kong.DefaultEnvars("VECHE"), kong.Vars{"data_dir": dataDir()},
		kong.Configuration(kongyaml.Loader, configFiles()...))
	if err != nil {
		fmt.Fprintln(os.Stderr, "veche:", err)
		os.Exit(2)
	}
	run, err := parser.Parse(os.Args[1:])
	if err != nil {
		parser.Errorf("%s", err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if os.Getenv("GOGC") == "" {
		go collect(ctx)
	}
	run.BindTo(ctx, (*context.Context)(nil))
	if err := run.Run(&c.Settings); err != nil {
		fmt.Fprintln(os.Stderr, "veche:", err)
		os.Exit(1)
	}
}
