package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/cmd/bench/usage"
)

// makeDatabase makes a database on somebody's server, under a name that nobody has: what stands
// there is never touched. It is dropped at the end.
func (s *stage) makeDatabase(ctx context.Context, address string) error {
	named, err := url.Parse(address)
	if err != nil || named.Scheme == "" {
		return fmt.Errorf("--database-url is written as postgres://user@host/database")
	}
	maker, err := pgx.Connect(ctx, address)
	if err != nil {
		return fmt.Errorf("--database-url: %w", err)
	}
	s.later(maker.Close)
	name := "veche_bench_" + strconv.FormatInt(time.Now().UnixNano(), 36)
	if _, err := maker.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return fmt.Errorf("a throw-away database: %w", err)
	}
	s.later(func(ctx context.Context) error {
		_, err := maker.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return err
	})
	named.Path = "/" + name
	return s.connect(ctx, named.String())
}

// seePostmaster finds the process above the connection's backend, where Postgres runs on this very
// machine: the number that it tells may be another process' here.
func (s *stage) seePostmaster(ctx context.Context, _ *setting) error {
	var backend int
	var local bool
	err := s.db.QueryRow(ctx, `SELECT pg_backend_pid(), coalesce(inet_server_addr() <<= '127.0.0.0/8' OR inet_server_addr() = '::1', true)`).Scan(&backend, &local)
	if err != nil {
		return err
	}
	parent, found := usage.Parent(backend, "postgres")
	if local && found {
		s.postmaster = parent
	} else {
		progress("Postgres' processes cannot be seen from here: CPU is not measured")
	}
	return nil
}
