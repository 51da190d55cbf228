package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/postgres/managed"
)

// database opens the Postgres that the settings name, or starts Veche's own. stop gives both back;
// failed tells why the managed server ended, when it ends by itself.
func (s *Settings) database(ctx context.Context, log *slog.Logger) (db *postgres.DB, failed <-chan error, stop func() error, err error) {
	if s.DatabaseURL != "" {
		db, err := s.open(ctx, s.DatabaseURL)
		if err != nil {
			return nil, nil, nil, err
		}
		return db, nil, db.Close, nil
	}
	server, err := managed.Start(ctx, managed.Config{DataDir: s.DataDir, Bin: s.PostgresBin, Log: log, Progress: progress})
	if errors.Is(err, managed.ErrInUse) && s.beside {
		return s.join(ctx)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	stopServer := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		return server.Stop(ctx)
	}
	if err := server.EnsureDatabase(ctx, "veche"); err != nil {
		return nil, nil, nil, errors.Join(err, stopServer())
	}
	if db, err = s.open(ctx, server.URL("veche")); err != nil {
		return nil, nil, nil, errors.Join(err, stopServer())
	}
	ended := make(chan error, 1)
	go func() {
		<-server.Done()
		if err := server.Err(); err != nil { // nil after Stop
			ended <- fmt.Errorf("the managed Postgres ended by itself: %w", err)
		}
	}()
	return db, ended, func() error { return errors.Join(db.Close(), stopServer()) }, nil
}

// join opens the database of the veche that serves this data folder, as another replica would.
func (s *Settings) join(ctx context.Context) (db *postgres.DB, failed <-chan error, stop func() error, err error) {
	url, err := managed.Join(s.DataDir, "veche")
	if err != nil {
		return nil, nil, nil, err
	}
	if db, err = s.open(ctx, url); err != nil {
		return nil, nil, nil, err
	}
	return db, nil, db.Close, nil
}

// alongside is within for commands that may run beside a server on the same data folder.
func (s *Settings) alongside(ctx context.Context, fn func(ctx context.Context, h *house.House, failed <-chan error) error) error {
	s.beside = true
	return s.within(ctx, fn)
}

func (s *Settings) open(ctx context.Context, url string) (*postgres.DB, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return postgres.Open(ctx, url, s.MaxConnections)
}

// within runs fn with the house open, and closes everything after it.
func (s *Settings) within(ctx context.Context, fn func(ctx context.Context, h *house.House, failed <-chan error) error) (err error) {
	log := s.log()
	stopTraces, err := traces(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stopTraces(context.WithoutCancel(ctx))) }()
	db, failed, stop, err := s.database(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	h, err := house.Open(ctx, db, s.house(), time.Now, log, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	return fn(ctx, h, failed)
}
