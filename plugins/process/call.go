package process

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// handle is what callers see of a running process. Who has one keeps it for the whole call.
type handle struct {
	conn   *grpc.ClientConn
	client contract.PluginClient
	ends   context.Context // over when the process is drained or gone: streams end with it
	end    context.CancelFunc

	mu      sync.Mutex
	calls   int
	refused bool
	idle    chan struct{} // closed when it refuses calls and none is under way
}

func newHandle(conn *grpc.ClientConn) *handle {
	ends, end := context.WithCancel(context.Background())
	return &handle{conn: conn, client: contract.NewPluginClient(conn), ends: ends, end: end, idle: make(chan struct{})}
}

// begin counts a call, unless none is taken any more; a stream holds up no draining.
func (h *handle) begin(stream bool) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.refused && !stream {
		h.calls++
	}
	return !h.refused
}

func (h *handle) finish(stream bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if stream {
		return
	}
	if h.calls--; h.calls == 0 && h.refused {
		close(h.idle)
	}
}

// refuse takes no new calls, and ends the streams: they never would by themselves.
func (h *handle) refuse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.refused && h.calls == 0 {
		close(h.idle)
	}
	h.refused = true
	h.end()
}

// close cuts short what is under way.
func (h *handle) close() {
	h.refuse()
	_ = h.conn.Close()
}

func (h *handle) underWay() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.calls
}

// dialOptions bound messages both ways, and put the process's secret into the metadata of every call.
func dialOptions(key string) []grpc.DialOption {
	with := func(ctx context.Context, method string) context.Context {
		trace.SpanFromContext(ctx).SetAttributes(attribute.String("rpc.method", method))
		return metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, key)
	}
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(contract.MaxMessage), grpc.MaxCallSendMsgSize(contract.MaxMessage)),
		grpc.WithDisableServiceConfig(), grpc.WithDisableRetry(), // nothing is ever tried twice by itself
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, in, out any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
			return invoke(with(ctx, method), method, in, out, conn, o...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			return open(with(ctx, method), desc, conn, method, o...)
		}),
	}
}

// errExcluded is of calls that say nothing about the plugin: their caller went away.
var errExcluded = errors.New("not the plugin's doing")

// Call makes one guarded call: while the plugin runs and its breaker lets it through, within the
// plugin's own limit and 80 % of what is left of ctx. Failures are core errors with a code of PLUGIN_…;
// when write, one after which the plugin may have begun is PLUGIN_OUTCOME_UNKNOWN. Errors of do itself
// pass; a PLUGIN_BAD_RESPONSE among them counts against the plugin.
func (s *Supervisor) Call(ctx context.Context, write bool, do func(context.Context, contract.PluginClient) error) error {
	limited, cancel := context.WithTimeout(ctx, s.limit(ctx))
	defer cancel()
	return s.guard(ctx, limited, write, false, do)
}

// Stream makes a call that lasts: Listen. It has no deadline of its own, and ends with the process,
// also when that is drained.
func (s *Supervisor) Stream(ctx context.Context, do func(context.Context, contract.PluginClient) error) error {
	return s.guard(ctx, ctx, false, true, do)
}

// limit leaves the caller a fifth of its time to answer with what it has.
func (s *Supervisor) limit(ctx context.Context) time.Duration {
	limit := s.options.CallTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*4/5)
	}
	return limit
}

func (s *Supervisor) guard(caller, ctx context.Context, write, stream bool, do func(context.Context, contract.PluginClient) error) (err error) {
	town := core.MunicipalityOf(ctx).Key
	ctx, span := otel.Tracer("veche/plugins").Start(ctx, "plugin "+s.program.Manifest.Name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attribute.String("plugin.name", s.program.Manifest.Name), attribute.String("plugin.version", s.program.Manifest.Version), attribute.String("municipality", town)))
	counted := s.metrics().begin(s.program, town, stream)
	defer func() {
		counted(err)
		if err != nil {
			span.SetStatus(otelcodes.Error, string(core.CodeOf(err)))
		}
		span.End()
	}()
	h := s.current.Load()
	if h == nil || !h.begin(stream) {
		state := s.State()
		return s.unavailable(fmt.Errorf("%s: %s", state.Phase, state.Reason))
	}
	defer h.finish(stream)
	report, err := s.breaker.Load().Allow()
	if err != nil {
		return s.unavailable(fmt.Errorf("it failed too often of late: %w", err))
	}
	verdict := errors.New("the caller panicked")
	defer func() { report(verdict) }()
	if stream {
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(h.ends, cancel)()
	}
	err, verdict = s.judge(caller, h, write, do(ctx, h.client))
	return err
}

// judge makes of what a call ended with the caller's error, and what it means for the breaker.
func (s *Supervisor) judge(caller context.Context, h *handle, write bool, err error) (answer, verdict error) {
	var ours *core.Error
	var problems core.Problems
	switch {
	case err == nil:
		return nil, nil
	case errors.As(err, &ours), errors.As(err, &problems):
		if ours != nil && ours.Code == core.CodePluginBadResponse {
			return err, err
		}
		return err, nil
	}
	wire, ok := status.FromError(err)
	if !ok {
		if !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded) {
			return err, errExcluded
		}
		wire = status.FromContextError(err)
	}
	failure := s.failure(wire, err)
	verdict = failure
	switch {
	case wire.Code() == codes.Canceled && h.ends.Err() != nil, wire.Code() == codes.Unavailable:
		failure = s.unavailable(err)
	case caller.Err() != nil && errors.Is(caller.Err(), context.Canceled):
		verdict = errExcluded
	case wire.Code() == codes.Unimplemented:
		return failure, nil
	}
	if write && begun(wire) {
		failure = s.unknown(failure)
	}
	return failure, verdict
}

// begun says whether the plugin may have done something before the call failed.
func begun(wire *status.Status) bool {
	switch wire.Code() {
	case codes.Unimplemented, codes.Unauthenticated:
		return false
	case codes.ResourceExhausted:
		return !unsent(wire)
	case codes.Unavailable: // it had ended before the call
		return !strings.Contains(wire.Message(), "error while dialing")
	}
	return true
}

// unsent says that the request was too large, and never left the house.
func unsent(wire *status.Status) bool {
	return strings.Contains(wire.Message(), "trying to send message larger than max")
}

// failure is what a gRPC error means to the caller.
func (s *Supervisor) failure(wire *status.Status, cause error) *core.Error {
	name := s.program.Manifest.Name
	cause = fmt.Errorf("plugin %s: %w", name, cause)
	switch {
	case wire.Code() == codes.DeadlineExceeded || wire.Code() == codes.Canceled:
		return &core.Error{Code: core.CodePluginTimeout, Err: cause, Text: core.Textf(
			"The plugin %[1]s did not answer in time. Try again later.",
			"Плагин %[1]s не ответил вовремя. Повторите попытку позже.", name)}
	case wire.Code() == codes.ResourceExhausted && !unsent(wire):
		return &core.Error{Code: core.CodePluginBadResponse, Err: cause, Text: core.Textf(
			"The plugin %[1]s answered more than it may (16 MiB). Ask for less at once.",
			"Плагин %[1]s ответил больше, чем допустимо (16 МиБ). Запросите меньше данных за один раз.", name)}
	case unsent(wire):
		return &core.Error{Code: core.CodePluginError, Err: cause, Text: core.Textf(
			"What is asked of the plugin %[1]s is more than it takes (16 MiB). Ask for less at once.",
			"Запрос к плагину %[1]s больше допустимого (16 МиБ). Запросите меньше данных за один раз.", name)}
	}
	return &core.Error{Code: core.CodePluginError, Err: cause, Text: core.Textf(
		"The plugin %[1]s failed. Tell its administrator.",
		"Плагин %[1]s дал сбой. Сообщите администратору.", name)}
}

func (s *Supervisor) unknown(cause error) *core.Error {
	return &core.Error{Code: core.CodePluginOutcomeUnknown, Err: cause, Text: core.Textf(
		"The plugin %[1]s was cut short while it made the change. Look whether it was made before you try again.",
		"Плагин %[1]s прервался во время изменения. Прежде чем повторять, проверьте, выполнено ли оно.", s.program.Manifest.Name)}
}
