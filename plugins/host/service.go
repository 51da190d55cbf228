package host

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// service is what plugins call back. Every method runs on behalf of a call that is under way: admit has
// found it by its token, and the process by its key.
type service struct {
	contract.UnimplementedHostServer
	host *Host
}

func (h *Host) serve() *grpc.Server {
	server := grpc.NewServer(
		grpc.MaxRecvMsgSize(contract.MaxMessage), grpc.MaxSendMsgSize(contract.MaxMessage), grpc.MaxConcurrentStreams(1000),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (answer any, err error) {
			ctx, done, err := h.admit(ctx)
			if err != nil {
				return nil, err
			}
			defer done()
			defer h.recovered(ctx, info.FullMethod, &err)
			answer, err = handler(ctx, req)
			return answer, h.told(ctx, info.FullMethod, err)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) (err error) {
			ctx, done, err := h.admit(stream.Context())
			if err != nil {
				return err
			}
			defer done()
			defer h.recovered(ctx, info.FullMethod, &err)
			return h.told(ctx, info.FullMethod, handler(srv, within{stream, ctx}))
		}),
	)
	contract.RegisterHostServer(server, &service{host: h})
	return server
}

// within is a stream whose context is the callback's.
type within struct {
	grpc.ServerStream
	ctx context.Context
}

func (w within) Context() context.Context { return w.ctx }

type callKey struct{}

// callOf is the call on whose behalf a method runs.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

// errNoCall says no more, so that a forged token is told from an ended one by nobody.
var errNoCall = status.Error(codes.Unauthenticated, "no such call is under way: a token is good for the call that it came with, in the process that it came to")

// admit finds the call by its token. The key must be that of the process to which the call went: another
// plugin's key, or another version's, opens nothing.
func (h *Host) admit(ctx context.Context) (context.Context, func(), error) {
	md, _ := metadata.FromIncomingContext(ctx)
	key, token := md.Get(contract.KeyHeader), md.Get(contract.TokenHeader)
	if len(key) != 1 || len(token) != 1 {
		return nil, nil, errNoCall
	}
	c := h.calls.of(token[0])
	if c == nil || c.ctx.Err() != nil {
		return nil, nil, errNoCall
	}
	if sum := sha256.Sum256([]byte(key[0])); subtle.ConstantTimeCompare(sum[:], c.version.key[:]) != 1 {
		h.log.WarnContext(ctx, "a token was used by a process to which it was not given", "of", c.instance.enabled.Name)
		return nil, nil, errNoCall
	}
	ctx, done := c.context(context.WithValue(ctx, callKey{}, c))
	return ctx, done, nil
}

func (h *Host) recovered(ctx context.Context, method string, err *error) {
	if r := recover(); r != nil {
		h.log.ErrorContext(ctx, "a callback of a plugin failed", "method", method, "panic", fmt.Sprint(r))
		*err = status.Error(codes.Internal, "Veche failed; its log says how")
	}
}

var statuses = map[core.Code]codes.Code{
	core.CodeUnauthenticated: codes.PermissionDenied, core.CodeForbidden: codes.PermissionDenied, core.CodeBadUserInput: codes.InvalidArgument,
	core.CodeNotFound: codes.NotFound, core.CodeConflict: codes.Aborted, core.CodeUnavailable: codes.Unavailable, core.CodeTimeout: codes.DeadlineExceeded,
	core.CodeRateLimited: codes.ResourceExhausted, core.CodePluginUnavailable: codes.Unavailable,
}

// told is an error as the plugin is told it: its own mistakes in words, ours not.
func (h *Host) told(ctx context.Context, method string, err error) error {
	if err == nil {
		return nil
	}
	if _, ours := status.FromError(err); ours {
		return err
	}
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	var e *core.Error
	if errors.As(err, &e) {
		if code, known := statuses[e.Code]; known {
			return status.Error(code, e.Text.In(core.LanguageOf(ctx)))
		}
	}
	h.log.ErrorContext(ctx, "a callback of a plugin failed", "plugin", callOf(ctx).instance.enabled.Name, "method", method, "error", err)
	return status.Error(codes.Internal, "Veche failed; its log says how")
}

// user is an error for a person, as the contract writes it.
func user(ctx context.Context, e *core.Error) *contract.Error {
	return &contract.Error{Code: string(e.Code), Message: e.Text.In(core.LanguageOf(ctx)), Path: e.Path}
}
