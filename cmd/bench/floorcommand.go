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
	pool, err := openPool(ctx, f.DatabaseURL, f.Pool)
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

// openPool opens pgx as it is by default, which prepares each statement once a connection.
func openPool(ctx context.Context, url string, connections int32) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	config.MaxConns = connections
	return pgxpool.NewWithConfig(ctx, config)
}
