package sdk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/veche-city/veche/plugins/contract"
)

// server answers the contract.
type server struct {
	contract.UnimplementedPluginServer
	plugin *Plugin
	host   contract.HostClient
}

// Server is the plugin as the contract has it, which asks that host. Main serves it by itself.
func (p *Plugin) Server(host contract.HostClient) contract.PluginServer {
	return &server{plugin: p, host: host}
}

func (s *server) Describe(context.Context, *contract.DescribeRequest) (*contract.DescribeResponse, error) {
	p := s.plugin
	return &contract.DescribeResponse{
		Name: p.card.Name, Version: p.card.Version, Schema: p.sdl, Manifest: p.digest, Functions: slices.Sorted(maps.Keys(p.functions)),
	}, nil
}

func (s *server) Configure(ctx context.Context, r *contract.ConfigureRequest) (*contract.ConfigureResponse, error) {
	if s.plugin.settings == nil {
		return &contract.ConfigureResponse{}, nil
	}
	err := s.run(ctx, r.Call, nil, func(c call) error { return s.plugin.settings.take(c, r.Settings, r.Revision) })
	if err != nil {
		return &contract.ConfigureResponse{Errors: wire(err, r.Call.GetLanguage())}, nil
	}
	return &contract.ConfigureResponse{}, nil
}

// Resolve runs the calls side by side; those of a mutation one after another.
func (s *server) Resolve(ctx context.Context, r *contract.ResolveRequest) (*contract.ResolveResponse, error) {
	results := make([]*contract.FieldResult, len(r.Calls))
	var under sync.WaitGroup
	for i, one := range r.Calls {
		if one.Type == "Mutation" || len(r.Calls) == 1 {
			results[i] = s.resolve(ctx, r.Call, one)
			continue
		}
		under.Go(func() { results[i] = s.resolve(ctx, r.Call, one) })
	}
	under.Wait()
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return &contract.ResolveResponse{Results: results}, nil
}

func (s *server) resolve(ctx context.Context, c *contract.Call, asked *contract.FieldCall) *contract.FieldResult {
	var all []*contract.Item
	err := s.run(ctx, c, asked.Selects, func(c call) (err error) {
		f := s.plugin.functions[asked.Type+"."+asked.Field]
		if f == nil || f.resolve == nil {
			return fmt.Errorf("%s.%s has no function here", asked.Type, asked.Field)
		}
		all, err = f.resolve(c, asked.Arguments, asked.Parents)
		return err
	})
	if err == nil {
		return &contract.FieldResult{Items: all}
	}
	places := len(asked.Parents)
	if slices.Contains(roots, asked.Type) {
		places = 1
	}
	failed := &contract.Item{Error: wire(err, c.GetLanguage())[0]}
	return &contract.FieldResult{Items: slices.Repeat([]*contract.Item{failed}, places)}
}

func (s *server) Listen(r *contract.ListenRequest, out grpc.ServerStreamingServer[contract.Item]) error {
	f := s.plugin.functions["Subscription."+r.Field]
	if f == nil || f.listen == nil {
		return status.Errorf(codes.Unimplemented, "Subscription.%s has no function here", r.Field)
	}
	err := s.run(out.Context(), r.Call, r.Selects, func(c call) error { return f.listen(c, r.Arguments, out.Send) })
	switch {
	case out.Context().Err() != nil:
		return status.FromContextError(out.Context().Err()).Err()
	case err != nil && userErrors(err) != nil:
		return out.Send(&contract.Item{Error: wire(err, r.Call.GetLanguage())[0]})
	}
	return err
}

func (s *server) Before(ctx context.Context, r *contract.BeforeRequest) (*contract.BeforeResponse, error) {
	ask := s.plugin.before[r.Action]
	if ask == nil {
		return nil, status.Errorf(codes.Unimplemented, "nothing is asked before %s here", r.Action)
	}
	err := s.run(ctx, r.Call, nil, func(c call) error { return ask(c, r.Arguments) })
	switch {
	case err == nil:
		return &contract.BeforeResponse{}, nil
	case userErrors(err) == nil: // a defect is no refusal
		return nil, asStatus(ctx, err)
	}
	return &contract.BeforeResponse{Errors: wire(err, r.Call.GetLanguage())}, nil
}

// Deliver hands events over one after another. Where one is to come again, those after it of the same
// object wait.
func (s *server) Deliver(ctx context.Context, r *contract.DeliverRequest) (*contract.DeliverResponse, error) {
	acks := make([]*contract.Ack, len(r.Events))
	waits := map[string]bool{}
	for i, e := range r.Events {
		if waits[e.Object] {
			acks[i] = &contract.Ack{Outcome: contract.Ack_OUTCOME_RETRY, Reason: "one before it of the same object is to come again"}
			continue
		}
		acks[i] = s.deliver(ctx, r.Call, e)
		waits[e.Object] = acks[i].Outcome == contract.Ack_OUTCOME_RETRY
	}
	return &contract.DeliverResponse{Acks: acks}, nil
}

func (s *server) deliver(ctx context.Context, c *contract.Call, e *contract.Event) *contract.Ack {
	hear := s.plugin.hear[e.Name]
	if hear == nil {
		return &contract.Ack{Outcome: contract.Ack_OUTCOME_DEAD, Reason: e.Name + " is not heard here"}
	}
	err := s.run(ctx, c, nil, func(c call) error { return hear(c, eventOf(e)) })
	if err == nil {
		return &contract.Ack{Outcome: contract.Ack_OUTCOME_DONE}
	}
	ack := &contract.Ack{Outcome: contract.Ack_OUTCOME_RETRY, Reason: err.Error()}
	var f *fate
	if errors.As(err, &f) {
		ack.After = durationpb.New(f.after)
		if f.dead {
			ack.Outcome = contract.Ack_OUTCOME_DEAD
		}
	}
	return ack
}

func eventOf(e *contract.Event) Event {
	to := Event{ID: e.Id, Name: e.Name, At: e.At.AsTime(), Payload: e.Payload}
	if id := optionalID(e.Object); id != nil {
		to.Object = *id
	}
	for _, one := range e.Touched {
		if id := optionalID(one); id != nil {
			to.Touched = append(to.Touched, *id)
		}
	}
	return to
}

func (s *server) Run(ctx context.Context, r *contract.RunRequest) (*contract.RunResponse, error) {
	do := s.plugin.jobs[r.Kind]
	if do == nil {
		return nil, status.Errorf(codes.Unimplemented, "the job %s is not done here", r.Kind)
	}
	if err := s.run(ctx, r.Call, nil, func(c call) error { return do(c, r.Arguments) }); err != nil {
		return &contract.RunResponse{Error: wire(err, r.Call.GetLanguage())[0]}, nil
	}
	return &contract.RunResponse{}, nil
}

func (s *server) Drain(context.Context, *contract.DrainRequest) (*contract.DrainResponse, error) {
	s.plugin.drained.Do(func() { close(s.plugin.drain) })
	return &contract.DrainResponse{}, nil
}

// run runs an author's function; a panic in it is its error, and stays within it.
func (s *server) run(ctx context.Context, c *contract.Call, selects []string, do func(c call) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.plugin.Log.Error("panic", "request", c.GetRequestId(), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return do(s.plugin.enter(ctx, s.host, c, selects))
}

// asStatus is a defect as gRPC has it.
func asStatus(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return status.FromContextError(ctx.Err()).Err()
	}
	return status.Error(codes.Internal, err.Error())
}
