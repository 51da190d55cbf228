package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/veche-city/veche/cmd/bench/floor"
)

type floorCommand struct {
	DatabaseURL string `name:"database-url" required:""`
	Pool        int32  `required:""`
}

// Run serves until it is stopped.
func (f *floorCommand) Run(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(f.DatabaseURL)
	if err != nil {
		return err
	}
	config.MaxConns = f.Pool
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	defer pool.Close()
	handler, err := floor.Handler(ctx, pool)
	if err != nil {
		return err
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "floor: "+announcement+socket.Addr().String())
	server := &http.Server{Handler: handler}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(socket) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
