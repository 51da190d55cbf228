package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
)

type serveCommand struct{}

// Run serves until SIGTERM or an interrupt.
func (*serveCommand) Run(ctx context.Context, s *Settings) error {
	return s.within(ctx, func(ctx context.Context, h *house.House, failed <-chan error) error {
		if len(h.Towns.All()) == 0 {
			return errors.New("there is no municipality yet: add one by `veche municipality add`, or look around by `veche demo`")
		}
		return s.serve(ctx, h, failed)
	})
}

// serve answers requests until ctx ends, then drains: readiness off, requests finished, streams
// and jobs ended, all within DrainFor. A second signal ends the process at once.
func (s *Settings) serve(ctx context.Context, h *house.House, failed <-chan error) error {
	handler, err := h.Handler()
	if err != nil {
		return err
	}
	var ready atomic.Bool
	admin, err := listen(s.AdminListen, h.Admin(&ready))
	if err != nil {
		return err
	}
	defer admin.close()
	stopWork, err := h.Run(ctx)
	if err != nil {
		return err
	}
	api, err := listen(s.Listen, handler)
	if err != nil {
		return errors.Join(err, stopWork(ctx))
	}
	ready.Store(true)
	s.announce(ctx, h, api)
	select {
	case <-ctx.Done():
		progress("stopping: finishing what is under way")
	case err = <-api.failed:
	case err = <-admin.failed:
	case err = <-failed:
	}
	ready.Store(false)
	drain, cancel := context.WithTimeout(context.Background(), s.DrainFor)
	defer cancel()
	h.EndStreams()
	return errors.Join(err, api.Shutdown(drain), stopWork(drain))
}

// announce tells where to look, and how the first administrator gets in.
func (s *Settings) announce(ctx context.Context, h *house.House, api *listener) {
	progress(fmt.Sprintf("serving on http://%s (GraphiQL in a browser, GraphQL at %s)", api.address, house.Endpoint))
	for _, town := range h.Towns.All() {
		code, err := h.Identity.EnsureSetupCode(core.WithMunicipality(ctx, town))
		switch {
		case err != nil:
			h.Log.Error("the set-up code could not be made", "error", err, "municipality", town.Key)
		case code != "":
			progress(fmt.Sprintf("%s has no administrator yet; the mutation setUp makes the first one with this code: %s", town.Key, code))
		}
	}
	progress("ready")
}

// listener is a server that answers at an address.
type listener struct {
	*http.Server
	address string
	failed  chan error
}

func listen(address string, handler http.Handler) (*listener, error) {
	l := &listener{failed: make(chan error, 1)}
	if address == "" {
		return l, nil
	}
	socket, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w; choose another address by --listen or --admin-listen", address, err)
	}
	l.address = socket.Addr().String()
	l.Server = &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	go func() {
		if err := l.Serve(socket); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	}()
	return l, nil
}

func (l *listener) close() {
	if l.Server != nil {
		_ = l.Close()
	}
}
