// Package testplugin is a plugin for tests, written on the contract alone: a test binary that was
// started as a plugin is one (see Main). What it does, and what it does wrong, stands in a file in
// the folder in which it runs.
package testplugin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/manifest"
)

// Behaviour is how it behaves; the zero value, with a name, is well.
type Behaviour struct {
	Name, Version, Schema string
	Functions             []string
	// Start is what goes wrong at the start: exit, silent, flood, garbage, elsewhere.
	Start string
	// Fields says what a field does (see answer); others echo.
	Fields map[string]string
	// Faults are: nokey (takes any call), deaf (survives its lifeline), stubborn (ignores Shutdown as
	// well), twice (does an event again), unwell (never healthy).
	Faults []string
}

func (b Behaviour) has(fault string) bool {
	return strings.Contains(" "+strings.Join(b.Faults, " ")+" ", " "+fault+" ")
}

const file = "behaviour.json"

// Folder makes the folder of a plugin of that behaviour, with a manifest; the program is this test binary.
func Folder(t testing.TB, b Behaviour) (folder string, m *manifest.Manifest, program string) {
	t.Helper()
	folder = t.TempDir()
	if b.Name == "" {
		b.Name = "weather"
	}
	if b.Version == "" {
		b.Version = "1.0.0"
	}
	text, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	card := fmt.Sprintf(`name: %s
version: %s
contract: 1
title: {ru: Погода, en: Weather}
prefix: Weather
schema: schema.graphql
hears: [Meeting.CREATED]
values: true
build: {run: "true", platforms: [any]}
`, b.Name, b.Version)
	for name, text := range map[string]string{file: string(text), manifest.File: card, "schema.graphql": b.Schema} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if m, err = manifest.Read(os.DirFS(folder)); err != nil {
		t.Fatal(err)
	}
	if program, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	return folder, m, program
}

// Main is the plugin's program, when the test binary was started as one; call it first in TestMain.
func Main() {
	if os.Getenv(contract.Cookie) != contract.CookieValue {
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "testplugin:", err)
		exit(1)
	}
	exit(0)
}

// exit ends it at once: os.Exit lets the race detector sleep for a second.
func exit(status int) { syscall.Exit(status) }

func run() error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	p := &plugin{seen: map[string]bool{}}
	if err := json.Unmarshal(text, &p.Behaviour); err != nil {
		return err
	}
	dir := os.Getenv(contract.SocketDir)
	switch p.Start {
	case "exit":
		return fmt.Errorf("it cannot start")
	case "silent":
		time.Sleep(time.Hour)
	case "flood":
		flood(os.Stdout)
		time.Sleep(time.Hour)
	case "garbage":
		_, _ = fmt.Fprintln(os.Stdout, "hello")
		time.Sleep(time.Hour)
	case "elsewhere":
		dir = filepath.Dir(dir)
	}
	listener, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		return err
	}
	server := p.server()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		if !p.has("deaf") {
			exit(0)
		}
	}()
	_, _ = fmt.Fprintf(os.Stdout, "1|1|unix|%s|grpc\n", listener.Addr())
	fmt.Fprintln(os.Stderr, `{"level":"info","msg":"serving","pid":`+fmt.Sprint(os.Getpid())+`}`)
	if err := server.Serve(listener); err != nil || !p.has("deaf") {
		return err
	}
	select {}
}

func flood(f *os.File) {
	_, _ = f.WriteString(strings.Repeat("x", 320<<10))
}

type plugin struct {
	contract.UnimplementedPluginServer
	Behaviour

	mu   sync.Mutex
	seen map[string]bool
	last string
}

func (p *plugin) server() *grpc.Server {
	check := func(ctx context.Context) error {
		m, _ := metadata.FromIncomingContext(ctx)
		if key := m.Get(contract.KeyHeader); p.has("nokey") || len(key) == 1 && key[0] == os.Getenv(contract.Key) {
			return nil
		}
		return status.Error(codes.Unauthenticated, "the key is not mine")
	}
	server := grpc.NewServer(grpc.MaxRecvMsgSize(contract.MaxMessage), grpc.MaxSendMsgSize(32<<20),
		grpc.UnaryInterceptor(func(ctx context.Context, in any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := check(ctx); err != nil {
				return nil, err
			}
			return next(ctx, in)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := check(stream.Context()); err != nil {
				return err
			}
			return next(srv, stream)
		}))
	contract.RegisterPluginServer(server, p)
	well := health.NewServer()
	if p.has("unwell") {
		well.SetServingStatus("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	}
	grpc_health_v1.RegisterHealthServer(server, well)
	server.RegisterService(&grpc.ServiceDesc{ServiceName: "plugin.GRPCController", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
		MethodName: "Shutdown",
		Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			if !p.has("stubborn") {
				go server.GracefulStop()
			}
			return &emptypb.Empty{}, decode(&emptypb.Empty{})
		},
	}}}, p)
	return server
}
