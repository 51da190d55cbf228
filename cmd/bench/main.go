// Command bench measures Veche against a floor: the same answers by one hand-written SQL statement
// an operation over net/http and pgx, as fast as this machine and Postgres can give them in Go.
//
// One run starts a throw-away Postgres, fills it (the reference city, a second municipality, bulk),
// starts both servers on it as processes of their own, compares their answers byte by byte, and
// then loads them in turn: each figure of the one stands beside one of the other taken seconds
// later. The ratios are what counts; the figures themselves are this machine's.
//
// What stands where: the operations in operations.go, the floor in floor/, the load in load/, the
// counters of processes in usage/, what the long list costs as it grows in growth.go. All traffic stays on 127.0.0.1. Whatever was started is stopped
// and removed at the end, also after Ctrl-C or a failure.
//
//	go run ./cmd/bench                       about three minutes
//	go run ./cmd/bench --markdown            the tables for the README
//	go run ./cmd/bench growth                10,000 to 5,000,000 rows; about a quarter of an hour
//	go run ./cmd/bench --operations=B1 --connections=16 --profile=/tmp/profiles
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

type commands struct {
	Bench  benchCommand  `cmd:"" default:"withargs" help:"Measure (the default)."`
	Growth growthCommand `cmd:"" help:"Measure what a page of the long list costs as the list grows."`
	Floor  floorCommand  `cmd:"" hidden:"" help:"Serve the floor; bench starts it by itself."`
}

func main() {
	var c commands
	run := kong.Parse(&c, kong.Name("bench"), kong.Description("Veche against one hand-written statement, as ratios."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // a reader that went away must not keep us from taking things down
	run.BindTo(ctx, (*context.Context)(nil))
	if err := run.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
