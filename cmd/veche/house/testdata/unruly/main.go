// Command unruly is a plugin for tests, written on the contract alone: it behaves as it is told to, also
// badly, and tries what it must not. What it is called and what it adds stand in the folder in which it runs.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/veche-city/veche/plugins/contract"
)

type plugin struct {
	contract.UnimplementedPluginServer
	version, schema string
	functions       []string
	host            contract.HostClient

	held atomic.Int64

	mu    sync.Mutex
	how   string // it misbehaves
	until time.Time
	last  string // the token of the call before
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "unruly:", err)
		os.Exit(1)
	}
}

func run() error {
	card, err := os.ReadFile("plugin.yaml")
	if err != nil {
		return err
	}
	schema, err := os.ReadFile("unruly.graphqls")
	if err != nil {
		return err
	}
	p := &plugin{schema: string(schema)}
	p.version = regexp.MustCompile(`version: (\S+)`).FindStringSubmatch(string(card))[1]
	p.functions = strings.Fields(regexp.MustCompile(`# functions: (.*)`).FindStringSubmatch(p.schema)[1])
	conn, err := grpc.NewClient(os.Getenv(contract.HostAddress), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	p.host = contract.NewHostClient(conn)
	listener, err := net.Listen("unix", filepath.Join(os.Getenv(contract.SocketDir), "s"))
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Printf("1|%d|unix|%s|grpc\n", contract.Version, listener.Addr())
	return p.server().Serve(listener)
}

func (p *plugin) server() *grpc.Server {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(contract.MaxMessage), grpc.MaxSendMsgSize(64<<20),
		grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			m, _ := metadata.FromIncomingContext(ctx)
			if key := m.Get(contract.KeyHeader); len(key) != 1 || key[0] != os.Getenv(contract.Key) {
				return nil, status.Error(codes.Unauthenticated, "the key is not mine")
			}
			return next(ctx, in)
		}))
	contract.RegisterPluginServer(server, p)
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "plugin.GRPCController", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Shutdown",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			go server.GracefulStop()
			return &emptypb.Empty{}, decode(&emptypb.Empty{})
		},
	}}}, p)
	return server
}

func (p *plugin) Describe(context.Context, *contract.DescribeRequest) (*contract.DescribeResponse, error) {
	return &contract.DescribeResponse{Name: "unruly", Version: p.version, Schema: p.schema, Functions: p.functions}, nil
}

// Configure refuses from release 3 on.
func (p *plugin) Configure(context.Context, *contract.ConfigureRequest) (*contract.ConfigureResponse, error) {
	if p.version >= "3" {
		return &contract.ConfigureResponse{Errors: []*contract.Error{{Code: "BAD_USER_INPUT", Message: "not in this town"}}}, nil
	}
	return &contract.ConfigureResponse{}, nil
}

func (p *plugin) Drain(context.Context, *contract.DrainRequest) (*contract.DrainResponse, error) {
	return &contract.DrainResponse{}, nil
}

// Deliver keeps each event under its id, once.
func (p *plugin) Deliver(ctx context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
	answer := &contract.DeliverResponse{}
	for _, e := range r.GetEvents() {
		_, err := p.host.Put(mine(ctx, r.GetCall().GetToken()), &contract.PutRequest{Key: "event." + e.GetId(), Value: []byte(`"` + e.GetObject() + `"`)})
		if err != nil {
			return nil, err
		}
		answer.Acks = append(answer.Acks, &contract.Ack{Outcome: contract.Ack_OUTCOME_DONE})
	}
	return answer, nil
}

func mine(ctx context.Context, token string) context.Context {
	return bearing(ctx, os.Getenv(contract.Key), token)
}

func bearing(ctx context.Context, key, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, key, contract.TokenHeader, token)
}

func (p *plugin) Resolve(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
	answer := &contract.ResolveResponse{}
	for _, f := range r.GetCalls() {
		var args map[string]any
		if err := json.Unmarshal(orNothing(f.GetArguments()), &args); err != nil {
			return nil, err
		}
		var values []any
		if f.GetType() == "District" {
			for _, parent := range f.GetParents() {
				var district struct{ ID string }
				if err := json.Unmarshal(parent, &district); err != nil {
					return nil, err
				}
				values = append(values, district.ID)
			}
		} else {
			value, err := p.root(ctx, r.GetCall().GetToken(), f.GetField(), args)
			if err != nil {
				value = err.Error()
			}
			values = append(values, value)
		}
		items := make([]*contract.Item, len(values))
		for i, value := range values {
			text, err := json.Marshal(value)
			if err != nil {
				return nil, err
			}
			items[i] = &contract.Item{Value: text}
		}
		if f.GetType() != "Mutation" {
			items = p.hurt(ctx, items)
		}
		answer.Results = append(answer.Results, &contract.FieldResult{Items: items})
	}
	p.mu.Lock()
	p.last = r.GetCall().GetToken()
	p.mu.Unlock()
	return answer, nil
}

func orNothing(text []byte) []byte {
	if len(text) == 0 {
		return []byte("{}")
	}
	return text
}

// hurt spoils an answer as long as it was told to.
func (p *plugin) hurt(ctx context.Context, items []*contract.Item) []*contract.Item {
	p.mu.Lock()
	how := p.how
	if time.Now().After(p.until) {
		how = ""
	}
	p.mu.Unlock()
	bad := map[string][]byte{"type": []byte(`{"wrong": true}`), "text": []byte("\"\xff\xfe\""), "json": []byte(`{`)}[how]
	switch how {
	case "slow":
		<-ctx.Done()
	case "count":
		return append(items, &contract.Item{Value: []byte("null")})
	case "big":
		bad = []byte(`"` + strings.Repeat("x", contract.MaxMessage+1) + `"`)
	}
	if bad != nil {
		for _, one := range items {
			one.Value = bad
		}
	}
	return items
}

// root answers a field of Query or Mutation.
func (p *plugin) root(ctx context.Context, token, field string, args map[string]any) (any, error) {
	text := func(name string) string { s, _ := args[name].(string); return s }
	switch field {
	case "unruly":
		return text("text"), nil
	case "unrulyRelease", "unrulyOld":
		return p.version, nil
	case "unrulyHold": // longer than a change-over takes, and less than a call may
		p.held.Add(1)
		select {
		case <-time.After(3 * time.Second):
		case <-ctx.Done():
		}
		return p.version, nil
	case "unrulyHeld":
		return p.held.Load(), nil
	case "unrulyEnvironment":
		return os.Environ(), nil
	case "unrulyBecome":
		p.mu.Lock()
		defer p.mu.Unlock()
		p.how, p.until = text("how"), time.Now().Add(time.Duration(args["for"].(float64))*time.Millisecond)
		return os.Getpid(), nil
	case "unrulyAsk", "unrulyDo":
		return p.ask(mine(ctx, token), text("query"))
	case "unrulyForge":
		p.mu.Lock()
		last := p.last
		p.mu.Unlock()
		switch text("how") {
		case "expired":
			return p.ask(mine(ctx, last), text("query"))
		case "guessed":
			return p.ask(mine(ctx, token[:len(token)-1]+"x"), text("query"))
		case "key":
			return p.ask(bearing(ctx, "another's", token), text("query"))
		}
		return p.ask(ctx, text("query"))
	case "unrulyRead":
		r, err := p.host.Read(mine(ctx, token), &contract.ReadRequest{Statements: []*contract.Statement{{Sql: text("sql")}}})
		return said(r.GetResults(), r.GetError(), err)
	case "unrulyWrite":
		r, err := p.host.Write(mine(ctx, token), &contract.WriteRequest{Statements: []*contract.Statement{{Sql: text("sql")}}})
		return said(r.GetResults(), r.GetError(), err)
	}
	return nil, status.Errorf(codes.Unimplemented, "no field %s", field)
}

func (p *plugin) ask(ctx context.Context, query string) (any, error) {
	r, err := p.host.Query(ctx, &contract.QueryRequest{Query: query})
	return string(r.GetResponse()), err
}

func said(results []*contract.Rows, refused *contract.Error, err error) (any, error) {
	if refused != nil {
		err = errors.Join(err, errors.New(refused.GetCode()+": "+refused.GetMessage()))
	}
	var all []string
	for _, one := range results {
		for _, row := range one.GetRows() {
			all = append(all, string(row))
		}
	}
	return "rows " + strings.Join(all, " "), err
}
