package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
)

func cut(coordinate string) (typ, field string) {
	typ, field, _ = strings.Cut(coordinate, ".")
	return typ, field
}

func encode(t testing.TB, value any) []byte {
	t.Helper()
	if value == nil {
		return []byte("{}")
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// problem is an error of the plugin's as the reader would see it; a defect is no *sdk.Error.
func problem(e *contract.Error) error {
	if e.Code == "INTERNAL" {
		return fmt.Errorf("the plugin failed: %s", e.Message)
	}
	return &sdk.Error{Code: e.Code, Text: sdk.T(e.Message, e.Message), Path: e.Path}
}

func problems(all []*contract.Error) error {
	var p sdk.Problems
	for _, e := range all {
		shown := &sdk.Error{Code: e.Code, Text: sdk.T(e.Message, e.Message), Path: e.Path}
		p = append(p, shown)
	}
	return p.Err()
}

// Configure hands settings over, as an administrator would change them.
func (town *Town) Configure(settings any, revision int64) error {
	call, end := town.self().call()
	defer end()
	answer, err := town.plugin.Configure(context.Background(), &contract.ConfigureRequest{Call: call, Settings: encode(town.t, settings), Revision: revision})
	if err != nil {
		return err
	}
	return problems(answer.Errors)
}

// Before asks the plugin before an action of the core.
func (c *Caller) Before(action string, args any) error {
	call, end := c.call()
	defer end()
	answer, err := c.town.plugin.Before(context.Background(), &contract.BeforeRequest{Call: call, Action: action, Arguments: encode(c.town.t, args)})
	if err != nil {
		return err
	}
	return problems(answer.Errors)
}

// Deliver brings events; it answers what the plugin made of each.
func (town *Town) Deliver(events ...*contract.Event) []*contract.Ack {
	town.t.Helper()
	call, end := town.self().call()
	defer end()
	for _, e := range events {
		if e.Id == "" {
			e.Id = uuid.NewString()
		}
		if e.At == nil {
			e.At = timestamppb.New(town.Now())
		}
	}
	answer, err := town.plugin.Deliver(context.Background(), &contract.DeliverRequest{Call: call, Events: events})
	if err != nil {
		town.t.Fatal(err)
	}
	return answer.Acks
}

// Run does a job.
func (town *Town) Run(kind string, args any) error {
	call, end := town.self().call()
	defer end()
	answer, err := town.plugin.Run(context.Background(), &contract.RunRequest{Call: call, Id: uuid.NewString(), Kind: kind, Arguments: encode(town.t, args), Attempt: 1})
	if err != nil {
		return err
	}
	if answer.Error != nil {
		return problem(answer.Error)
	}
	return nil
}

// RunDue does the jobs whose time has come, and those that they schedule, until none is due.
func (town *Town) RunDue() error {
	for {
		town.mu.Lock()
		i := slices.IndexFunc(town.jobs, func(j *contract.Schedule) bool { return j.At == nil || !j.At.AsTime().After(town.now) })
		if i < 0 {
			town.mu.Unlock()
			return nil
		}
		job := town.jobs[i]
		town.jobs = slices.Delete(town.jobs, i, i+1)
		town.mu.Unlock()
		if err := town.Run(job.Kind, json.RawMessage(job.Arguments)); err != nil {
			return fmt.Errorf("the job %s: %w", job.Kind, err)
		}
	}
}

// Events are the names of the events published so far, in order.
func (town *Town) Events() []string {
	town.mu.Lock()
	defer town.mu.Unlock()
	var names []string
	for _, e := range town.events {
		names = append(names, e.Name)
	}
	return names
}

// Audits are the actions noted so far, in order.
func (town *Town) Audits() []string {
	town.mu.Lock()
	defer town.mu.Unlock()
	var names []string
	for _, a := range town.audits {
		names = append(names, a.Action)
	}
	return names
}

// Cases are the keys of the cases opened so far.
func (town *Town) Cases() []string {
	town.mu.Lock()
	defer town.mu.Unlock()
	return slices.Sorted(maps.Keys(town.cases))
}
