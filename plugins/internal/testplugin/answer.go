package testplugin

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/plugins/contract"
)

func (p *plugin) Describe(context.Context, *contract.DescribeRequest) (*contract.DescribeResponse, error) {
	return &contract.DescribeResponse{Name: p.Name, Version: p.Version, Schema: p.Schema, Functions: p.Functions}, nil
}

func (p *plugin) Configure(context.Context, *contract.ConfigureRequest) (*contract.ConfigureResponse, error) {
	return &contract.ConfigureResponse{}, nil
}

func (p *plugin) Drain(context.Context, *contract.DrainRequest) (*contract.DrainResponse, error) {
	return &contract.DrainResponse{}, nil
}

func (p *plugin) Resolve(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
	answer := &contract.ResolveResponse{}
	for _, call := range r.GetCalls() {
		known := len(p.Functions) == 0
		for _, one := range p.Functions {
			known = known || one == call.GetType()+"."+call.GetField()
		}
		if !known {
			return nil, status.Errorf(codes.Unimplemented, "no field %s.%s", call.GetType(), call.GetField())
		}
		items, err := p.answer(ctx, r.GetCall(), call)
		if err != nil {
			return nil, err
		}
		answer.Results = append(answer.Results, &contract.FieldResult{Items: items})
	}
	return answer, nil
}

// answer does what Fields says of a field.
func (p *plugin) answer(ctx context.Context, call *contract.Call, field *contract.FieldCall) ([]*contract.Item, error) {
	value, n := p.echo(call, field), len(field.GetParents())
	if field.GetType() == "Query" || field.GetType() == "Mutation" {
		n = 1
	}
	switch p.Fields[field.GetField()] {
	case "crash":
		exit(3)
	case "panic":
		panic("out of my depth")
	case "hang":
		time.Sleep(time.Hour)
	case "slow":
		select {
		case <-ctx.Done():
			return nil, status.FromContextError(ctx.Err()).Err()
		case <-time.After(500 * time.Millisecond):
		}
	case "count":
		n++
	case "type":
		value = []byte(`{"wrong": true}`)
	case "nojson":
		value = []byte(`{`)
	case "big":
		value = []byte(`"` + strings.Repeat("x", contract.MaxMessage) + `"`)
	case "flood":
		flood(os.Stdout)
	case "floodlog":
		for i := range 20_000 {
			fmt.Fprintf(os.Stderr, "line %d\n", i)
		}
	case "escape":
		child := exec.Command("setsid", "sleep", "3600")
		if err := child.Start(); err != nil {
			return nil, err
		}
		value = []byte(strconv.Itoa(child.Process.Pid))
	case "memory":
		eat()
	case "mix": // answers of what it was asked by another municipality
		p.mu.Lock()
		if p.last != "" && p.last != call.GetMunicipality() {
			value, _ = json.Marshal(p.last)
		}
		p.last = call.GetMunicipality()
		p.mu.Unlock()
	case "refuse":
		return []*contract.Item{{Error: &contract.Error{Code: "CONFLICT", Message: "no"}}}, nil
	case "broken":
		return nil, status.Error(codes.Internal, "broken")
	}
	items := make([]*contract.Item, n)
	for i := range items {
		items[i] = &contract.Item{Value: value}
	}
	return items, nil
}

func (p *plugin) echo(call *contract.Call, field *contract.FieldCall) []byte {
	value, _ := json.Marshal(call.GetMunicipality() + " " + string(field.GetArguments()))
	return value
}

var eaten [][]byte

func eat() {
	for range 64 {
		block := make([]byte, 8<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		eaten = append(eaten, block)
		time.Sleep(5 * time.Millisecond)
	}
	time.Sleep(time.Hour)
}

func (p *plugin) Listen(_ *contract.ListenRequest, stream grpc.ServerStreamingServer[contract.Item]) error {
	if err := stream.Send(&contract.Item{Value: []byte(`"first"`)}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return nil
}

// Deliver writes each event down at the host, once unless it is at fault.
func (p *plugin) Deliver(ctx context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
	answer := &contract.DeliverResponse{}
	for _, event := range r.GetEvents() {
		p.mu.Lock()
		seen := p.seen[event.GetId()] && !p.has("twice")
		p.seen[event.GetId()] = true
		p.mu.Unlock()
		if !seen {
			if err := p.put(ctx, r.GetCall().GetToken(), event); err != nil {
				return nil, err
			}
		}
		answer.Acks = append(answer.Acks, &contract.Ack{Outcome: contract.Ack_OUTCOME_DONE})
	}
	return answer, nil
}

func (p *plugin) put(ctx context.Context, token string, event *contract.Event) error {
	address := os.Getenv(contract.HostAddress)
	if address == "" {
		return nil
	}
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	ctx = metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, os.Getenv(contract.Key), contract.TokenHeader, token)
	_, err = contract.NewHostClient(conn).Put(ctx, &contract.PutRequest{Key: "event." + event.GetId(), Value: []byte(`{}`), Version: -1})
	return err
}
