package sdktest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
)

// host is Veche as the plugin sees it.
type host struct {
	contract.UnimplementedHostServer
	town *Town
}

func (h *host) caller(ctx context.Context) (*Caller, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	for _, token := range md.Get(contract.TokenHeader) {
		if c := h.town.calls[token]; c != nil {
			return c, nil
		}
	}
	return nil, status.Error(codes.Unauthenticated, "there is no such call, or it is over")
}

func (h *host) Query(ctx context.Context, r *contract.QueryRequest) (*contract.QueryResponse, error) {
	c, err := h.caller(ctx)
	if err != nil {
		return nil, err
	}
	if h.town.Query == nil {
		return nil, status.Errorf(codes.Unimplemented, "the test has no Query to answer %s", r.Query)
	}
	data, err := h.town.Query(Asked{Query: r.Query, Variables: r.Variables, Caller: c})
	response := map[string]any{"data": data}
	if e, ok := err.(*sdk.Error); ok { //nolint:errorlint // the test's own
		response["errors"] = []any{map[string]any{"message": e.Text.In(c.Language), "path": e.Path, "extensions": map[string]any{"code": e.Code}}}
	} else if err != nil {
		return nil, err
	}
	text, err := json.Marshal(response)
	return &contract.QueryResponse{Response: text}, err
}

func (h *host) Can(ctx context.Context, r *contract.CanRequest) (*contract.CanResponse, error) {
	c, err := h.caller(ctx)
	if err != nil {
		return nil, err
	}
	return &contract.CanResponse{Allowed: c.can(r.Permission, r.Object)}, nil
}

func (h *host) Read(ctx context.Context, r *contract.ReadRequest) (*contract.ReadResponse, error) {
	if _, err := h.caller(ctx); err != nil {
		return nil, err
	}
	results, failed, _, err := h.town.statements(ctx, r.Statements, true)
	return &contract.ReadResponse{Results: results, Error: failed}, err
}

func (h *host) Write(ctx context.Context, r *contract.WriteRequest) (*contract.WriteResponse, error) {
	if _, err := h.caller(ctx); err != nil {
		return nil, err
	}
	for _, e := range r.Events {
		if !h.town.sends(e.Name) {
			return nil, status.Errorf(codes.PermissionDenied, "the manifest does not send %s", e.Name)
		}
	}
	results, failed, constraint, err := h.town.statements(ctx, r.Statements, false)
	if err != nil || failed != nil {
		return &contract.WriteResponse{Error: failed, Constraint: constraint}, err
	}
	h.town.commit(r)
	return &contract.WriteResponse{Results: results}, nil
}

func (town *Town) commit(r *contract.WriteRequest) {
	town.mu.Lock()
	defer town.mu.Unlock()
	town.audits = append(town.audits, r.Audits...)
	for _, job := range r.Jobs {
		if job.Id == "" || !slices.ContainsFunc(town.jobs, func(j *contract.Schedule) bool { return j.Id == job.Id }) {
			town.jobs = append(town.jobs, job)
		}
	}
	for _, put := range r.Puts {
		town.put(put)
	}
	for _, e := range r.Events {
		event := &contract.Event{Id: uuid.NewString(), Name: e.Name, Object: e.Object, Touched: e.Touched, Payload: e.Payload, At: timestamppb.New(town.now)}
		town.events = append(town.events, event)
		for to, names := range town.watchers {
			if len(names) == 0 || slices.Contains(names, e.Name) {
				to <- event
			}
		}
	}
}

func (town *Town) put(r *contract.PutRequest) *contract.PutResponse {
	had := town.values[r.Key]
	if r.Version >= 0 && r.Version != had.version {
		return &contract.PutResponse{Error: &contract.Error{Code: sdk.CodeConflict, Message: "another version is there"}}
	}
	if len(r.Value) == 0 {
		delete(town.values, r.Key)
		return &contract.PutResponse{}
	}
	town.values[r.Key] = value{r.Value, had.version + 1}
	return &contract.PutResponse{Version: had.version + 1}
}

func (h *host) Put(ctx context.Context, r *contract.PutRequest) (*contract.PutResponse, error) {
	if _, err := h.caller(ctx); err != nil {
		return nil, err
	}
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	return h.town.put(r), nil
}

func (h *host) Get(ctx context.Context, r *contract.GetRequest) (*contract.GetResponse, error) {
	if _, err := h.caller(ctx); err != nil {
		return nil, err
	}
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	had := h.town.values[r.Key]
	return &contract.GetResponse{Value: had.text, Version: had.version}, nil
}

func (h *host) List(ctx context.Context, r *contract.ListRequest) (*contract.ListResponse, error) {
	if _, err := h.caller(ctx); err != nil {
		return nil, err
	}
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	var keys []string
	for key := range h.town.values {
		if strings.HasPrefix(key, r.Prefix) && key > r.After {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return &contract.ListResponse{Keys: keys[:min(len(keys), int(r.Limit))]}, nil
}

func (h *host) OpenCase(ctx context.Context, r *contract.OpenCaseRequest) (*contract.OpenCaseResponse, error) {
	if _, err := h.caller(ctx); err != nil {
		return nil, err
	}
	if r.Title == "" || r.Key == "" {
		return nil, fmt.Errorf("a case has a title and a key")
	}
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	h.town.cases[r.Key] = r
	id := sdk.IDOf("Case", uuid.NewSHA1(uuid.Nil, []byte(r.Key)))
	return &contract.OpenCaseResponse{Case: id.String()}, nil
}

func (h *host) Watch(r *contract.WatchRequest, out grpc.ServerStreamingServer[contract.Event]) error {
	if _, err := h.caller(out.Context()); err != nil {
		return err
	}
	events := make(chan *contract.Event, 100)
	h.town.mu.Lock()
	h.town.watchers[events] = r.Names
	h.town.watched.Broadcast()
	h.town.mu.Unlock()
	defer func() {
		h.town.mu.Lock()
		defer h.town.mu.Unlock()
		delete(h.town.watchers, events)
	}()
	for {
		select {
		case <-out.Context().Done():
			return out.Context().Err()
		case e := <-events:
			if err := out.Send(e); err != nil {
				return err
			}
		}
	}
}

// AwaitWatch waits until the plugin watches events in so many streams: what happens from then on they
// see.
func (town *Town) AwaitWatch(streams int) {
	town.mu.Lock()
	defer town.mu.Unlock()
	for len(town.watchers) < streams {
		town.watched.Wait()
	}
}
