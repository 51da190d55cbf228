package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/plugins/catalog"
)

type logsPlugin struct {
	Name string `arg:"" help:"The plugin's short name."`
	Last int    `help:"How many lines." default:"100"`
}

// Run asks the server that runs here, which alone has the lines.
func (l *logsPlugin) Run(ctx context.Context, s *Settings) error {
	var lines []catalog.LogLine
	if err := s.askAdmin(ctx, "/plugins/"+url.PathEscape(l.Name)+"/logs?last="+strconv.Itoa(l.Last), &lines); err != nil {
		return fmt.Errorf("the server has the lines, and does not answer at --admin-listen %s: %w", s.AdminListen, err)
	}
	for _, line := range lines {
		fmt.Printf("%s %-5s %s\n", line.At.Local().Format(time.DateTime), line.Level, line.Text)
	}
	return nil
}

// states are how plugins fare in the server that runs here, by municipality and name; none when it does not
// answer.
func (s *Settings) states(ctx context.Context) map[[2]string]string {
	var all []house.PluginState
	if err := s.askAdmin(ctx, "/plugins", &all); err != nil {
		return nil
	}
	by := map[[2]string]string{}
	for _, one := range all {
		text := one.Phase
		if one.Waiting != "" {
			text += ", " + one.Waiting + " waits"
		}
		if one.BreakerOpen {
			text += ", calls are kept back"
		}
		if one.Reason != "" {
			text += ": " + one.Reason
		}
		by[[2]string{one.Municipality, one.Name}] = text
	}
	return by
}

// askAdmin asks the admin address of the server that runs here.
func (s *Settings) askAdmin(ctx context.Context, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.AdminListen+path, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", answer.Status)
	}
	return json.NewDecoder(answer.Body).Decode(into)
}
