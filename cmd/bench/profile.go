package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/veche-city/veche/cmd/bench/load"
)

// profileSeconds is how long each profile is taken for.
const profileSeconds = 5

// profile writes where Veche's CPU goes, one file an operation, to be read by go tool pprof.
func profile(ctx context.Context, c *benchCommand, s *stage, runs []run) error {
	if err := os.MkdirAll(c.Profile, 0o755); err != nil {
		return err
	}
	for _, r := range runs {
		progress("profiling " + r.Key)
		busy, cancel := context.WithCancel(ctx)
		var loading sync.WaitGroup
		loading.Go(func() {
			_, _ = load.Closed(busy, r.veche, warmUpConnections, time.Hour) // it ends by being broken off
		})
		err := s.fetchProfile(ctx, filepath.Join(c.Profile, r.Key+".pprof"))
		cancel()
		loading.Wait()
		if err != nil {
			return fmt.Errorf("profile of %s: %w", r.Key, err)
		}
	}
	return nil
}

func (s *stage) fetchProfile(ctx context.Context, file string) error {
	url := fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", s.admin, profileSeconds)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	to, err := os.Create(file)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, response.Body); err != nil {
		_ = to.Close()
		return err
	}
	return to.Close()
}
