package sdk

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"
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

// Main is a plugin's whole main function. Started by Veche it serves until Veche ends; started by hand
// it says what it is, whether it is complete, and how it is run.
func (p *Plugin) Main() {
	if os.Getenv(contract.Cookie) != contract.CookieValue {
		if err := p.introduce(os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	if err := p.Serve(); err != nil {
		p.Log.Error("the plugin ends", "error", err.Error())
		os.Exit(1)
	}
}

func (p *Plugin) introduce(out io.Writer) error {
	err := p.Check()
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	say("%s %s: %s", p.card.Name, p.card.Version, p.card.Title.En)
	say("This is a plugin of Veche (contract %d). Veche starts it; by hand it does nothing.", contract.Version)
	say("  veche plugin dev .        try it in a town of its own, and again at each change")
	say("  veche plugin pack .       make a bundle of it, for an administrator to install")
	if err != nil {
		say("It is not complete:\n  %s", strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return err
}

// Serve serves the contract on a Unix socket, as Veche's environment says, until its standard input
// ends, it is shut down, or it is sent SIGTERM.
func (p *Plugin) Serve() error {
	if err := p.Check(); err != nil {
		return err
	}
	key, address := os.Getenv(contract.Key), os.Getenv(contract.HostAddress)
	if key == "" || address == "" {
		return fmt.Errorf("%s and %s are not set: Veche sets them", contract.Key, contract.HostAddress)
	}
	host, err := dial(address, key)
	if err != nil {
		return err
	}
	defer func() { _ = host.Close() }()
	socket := filepath.Join(os.Getenv(contract.SocketDir), uuid.NewString()[:8]+".sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	ends, end := context.WithCancelCause(context.Background())
	s := serverFor(p.Server(contract.NewHostClient(host)), key, func() { end(nil) })
	go func() { end(s.Serve(listener)) }()
	go lifeline(os.Stdin, end)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	signal.Ignore(os.Interrupt) // of a terminal's ctrl-C, which Veche heeds: it ends its plugins in order
	line := fmt.Sprintf("1|%d|unix|%s|grpc\n", contract.Version, socket)
	if _, err := os.Stdout.WriteString(line); err != nil {
		return err
	}
	os.Stdout = os.Stderr // what an author prints does not stand in the way of the protocol
	select {
	case <-ends.Done():
	case <-terminated:
	}
	stop(s)
	if err := context.Cause(ends); err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// lifeline ends the process with Veche's own: then standard input does.
func lifeline(in io.Reader, end context.CancelCauseFunc) {
	_, _ = io.Copy(io.Discard, in)
	end(io.EOF)
}

// stop lets calls under way be answered for a second.
func stop(s *grpc.Server) {
	timer := time.AfterFunc(time.Second, s.Stop)
	defer timer.Stop()
	s.GracefulStop()
}

// serverFor is the gRPC server with all that the contract asks for beside the calls themselves.
func serverFor(p contract.PluginServer, key string, shutdown func()) *grpc.Server {
	s := grpc.NewServer(
		grpc.MaxRecvMsgSize(contract.MaxMessage), grpc.MaxSendMsgSize(contract.MaxMessage),
		grpc.UnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			if err := allowed(ctx, key); err != nil {
				return nil, err
			}
			return next(ctx, r)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
			if err := allowed(stream.Context(), key); err != nil {
				return err
			}
			return next(srv, stream)
		}),
	)
	contract.RegisterPluginServer(s, p)
	healthy := health.NewServer()
	healthy.SetServingStatus("plugin", grpc_health_v1.HealthCheckResponse_SERVING) // the name that go-plugin asks for
	grpc_health_v1.RegisterHealthServer(s, healthy)
	s.RegisterService(controller(shutdown), nil)
	return s
}

func allowed(ctx context.Context, key string) error {
	md, _ := metadata.FromIncomingContext(ctx)
	if given := md.Get(contract.KeyHeader); len(given) == 1 && subtle.ConstantTimeCompare([]byte(given[0]), []byte(key)) == 1 {
		return nil
	}
	return status.Errorf(codes.Unauthenticated, "the metadata bear no %s, or another process's", contract.KeyHeader)
}

// controller is go-plugin's own service, by which it ends a plugin; its messages are empty.
func controller(shutdown func()) *grpc.ServiceDesc {
	return &grpc.ServiceDesc{ServiceName: "plugin.GRPCController", Methods: []grpc.MethodDesc{{
		MethodName: "Shutdown",
		Handler: func(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			in := &emptypb.Empty{}
			if err := decode(in); err != nil {
				return nil, err
			}
			info := &grpc.UnaryServerInfo{FullMethod: "/plugin.GRPCController/Shutdown"}
			return intercept(ctx, in, info, func(context.Context, any) (any, error) {
				shutdown()
				return &emptypb.Empty{}, nil
			})
		},
	}}}
}

// dial connects to the host, each call to which bears the process's key. Nothing is sent before the
// first call.
func dial(address, key string) (*grpc.ClientConn, error) {
	return grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(contract.MaxMessage), grpc.MaxCallSendMsgSize(contract.MaxMessage)),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, r, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, o ...grpc.CallOption) error {
			return next(metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, key), method, r, reply, cc, o...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, cc *grpc.ClientConn, method string, next grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			return next(metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, key), d, cc, method, o...)
		}))
}
