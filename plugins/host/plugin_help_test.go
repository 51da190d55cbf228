package host_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest/townhall"
	"github.com/veche-city/veche/plugins/contract"
)

// plugin is one process: what it answers is the test's to say.
type plugin struct {
	contract.UnimplementedPluginServer
	key      string
	client   contract.PluginClient
	host     contract.HostClient
	ready    chan struct{} // closed: it is ready
	broken   error         // it is not, and will not be
	drained  atomic.Bool
	configs  atomic.Int32
	refuse   string // why settings are refused
	mu       sync.Mutex
	resolve  func(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error)
	before   func(ctx context.Context, r *contract.BeforeRequest) (*contract.BeforeResponse, error)
	deliver  func(ctx context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error)
	run      func(ctx context.Context, r *contract.RunRequest) (*contract.RunResponse, error)
	listen   func(r *contract.ListenRequest, stream grpc.ServerStreamingServer[contract.Item]) error
	settings string
}

func (p *plugin) Configure(_ context.Context, r *contract.ConfigureRequest) (*contract.ConfigureResponse, error) {
	p.configs.Add(1)
	p.mu.Lock()
	p.settings = string(r.Settings)
	p.mu.Unlock()
	if p.refuse != "" {
		return &contract.ConfigureResponse{Errors: []*contract.Error{{Code: "BAD_USER_INPUT", Message: p.refuse, Path: []string{"limit"}}}}, nil
	}
	return &contract.ConfigureResponse{}, nil
}

func (p *plugin) Resolve(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
	return p.resolve(ctx, r)
}

func (p *plugin) Before(ctx context.Context, r *contract.BeforeRequest) (*contract.BeforeResponse, error) {
	return p.before(ctx, r)
}

func (p *plugin) Deliver(ctx context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deliver(ctx, r)
}

func (p *plugin) Run(ctx context.Context, r *contract.RunRequest) (*contract.RunResponse, error) {
	return p.run(ctx, r)
}

func (p *plugin) Listen(r *contract.ListenRequest, stream grpc.ServerStreamingServer[contract.Item]) error {
	return p.listen(r, stream)
}

// as is the context of a callback.
func (p *plugin) as(ctx context.Context, token string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, p.key, contract.TokenHeader, token)
}

// child is the plugin as its host has it.
type child struct{ *plugin }

func (p child) Key() string { return p.key }

func (p child) Ready(ctx context.Context) error {
	select {
	case <-p.ready:
		return p.broken
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p child) Call(ctx context.Context, write bool, do func(context.Context, contract.PluginClient) error) error {
	if p.drained.Load() {
		return &core.Error{Code: core.CodePluginUnavailable}
	}
	err := do(ctx, p.client)
	var e *core.Error
	switch {
	case err == nil || errors.As(err, &e):
		return err
	case write:
		return &core.Error{Code: core.CodePluginOutcomeUnknown, Err: err}
	case ctx.Err() != nil:
		return &core.Error{Code: core.CodePluginTimeout, Err: err}
	}
	return &core.Error{Code: core.CodePluginError, Err: err}
}

func (p child) Stream(ctx context.Context, do func(context.Context, contract.PluginClient) error) error {
	return p.Call(ctx, false, do)
}

func (p child) Drain(context.Context) error { p.drained.Store(true); return nil }
func (p child) Kill()                       {}

// newPlugin serves a plugin.
func (h *house) newPlugin(ready bool) *plugin {
	h.Helper()
	p := &plugin{key: uuid.NewString(), ready: make(chan struct{})}
	if ready {
		close(p.ready)
	}
	pipe := bufconn.Listen(1 << 20)
	server := grpc.NewServer(grpc.MaxRecvMsgSize(contract.MaxMessage))
	contract.RegisterPluginServer(server, p)
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(pipe) }()
	conn, err := grpc.NewClient("passthrough:plugin", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return pipe.DialContext(ctx) }))
	townhall.Must(h, err)
	p.client = contract.NewPluginClient(conn)
	h.Cleanup(func() { _ = conn.Close(); server.Stop(); <-done })
	return p
}

// reach connects a plugin to the host that started it.
func (h *house) reach(p *plugin, address string) {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(contract.MaxMessage)))
	townhall.Must(h, err)
	h.Cleanup(func() { _ = conn.Close() })
	p.host = contract.NewHostClient(conn)
}
