package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/plugins/contract"
)

// toHost is the call's context for calls to the host on its behalf.
func toHost(ctx context.Context) (context.Context, *state) {
	s := stateOf(ctx)
	return metadata.AppendToOutgoingContext(ctx, contract.TokenHeader, s.token), s
}

// Query runs a GraphQL operation against the municipality's schema under the caller's rights and the
// plugin's grants, and decodes its data. Where the answer has errors they are a *QueryError, beside
// what data there is. vars is a struct or map, or nil.
func Query[D any](ctx context.Context, query string, vars any) (D, error) {
	var data D
	ctx, s := toHost(ctx)
	request := &contract.QueryRequest{Query: query}
	if vars != nil {
		text, err := json.Marshal(vars)
		if err != nil {
			return data, err
		}
		request.Variables = text
	}
	answer, err := s.host.Query(ctx, request)
	if err != nil {
		return data, fmt.Errorf("a query to Veche: %w", err)
	}
	var response struct {
		Data   *json.RawMessage
		Errors []QueryProblem
	}
	if err := json.Unmarshal(answer.Response, &response); err != nil {
		return data, err
	}
	if response.Data != nil {
		if err := json.Unmarshal(*response.Data, &data); err != nil && len(response.Errors) == 0 {
			return data, fmt.Errorf("the answer does not fit %T: %w", data, err)
		}
	}
	if len(response.Errors) > 0 {
		return data, &QueryError{Problems: response.Errors}
	}
	return data, nil
}

// QueryError is what GraphQL answered beside data, or instead of it.
type QueryError struct{ Problems []QueryProblem }

// QueryProblem is one error of a GraphQL answer.
type QueryProblem struct {
	Message    string `json:"message"`
	Path       []any  `json:"path"`
	Extensions struct {
		Code string `json:"code"`
	} `json:"extensions"`
}

func (e *QueryError) Error() string {
	var all []string
	for _, one := range e.Problems {
		all = append(all, fmt.Sprintf("%s: %s", one.Extensions.Code, one.Message))
	}
	return "veche: " + strings.Join(all, "; ")
}

// As makes it an *Error where it is one that a person can act on, so that it is shown when returned.
func (e *QueryError) As(target any) bool {
	to, ok := target.(**Error)
	if !ok || len(e.Problems) == 0 {
		return false
	}
	first := e.Problems[0]
	return errors.As(read(&contract.Error{Code: first.Extensions.Code, Message: first.Message}), to)
}

// Can says whether the caller holds a permission in the scope that a core object is or stands in, or
// anywhere when none is given.
func Can(ctx context.Context, permission string, object ...ID) (bool, error) {
	ctx, s := toHost(ctx)
	request := &contract.CanRequest{Permission: permission}
	if len(object) > 0 {
		request.Object = object[0].String()
	}
	answer, err := s.host.Can(ctx, request)
	if err != nil {
		return false, err
	}
	return answer.Allowed, nil
}

// Require is Forbidden unless Can.
func Require(ctx context.Context, permission string, object ...ID) error {
	ok, err := Can(ctx, permission, object...)
	if err == nil && !ok {
		return Forbidden(ctx)
	}
	return err
}

// Get is the value of one of the plugin's own keys in the municipality, and its version; nil and 0
// where there is none.
func Get[V any](ctx context.Context, key string) (*V, int64, error) {
	ctx, s := toHost(ctx)
	answer, err := s.host.Get(ctx, &contract.GetRequest{Key: key})
	if err != nil || len(answer.Value) == 0 {
		return nil, 0, err
	}
	value := new(V)
	return value, answer.Version, json.Unmarshal(answer.Value, value)
}

// Whatever is the version for Put that asks for none.
const Whatever int64 = -1

// Put writes a key's value over the version that Get gave (0: there was none), or is a CONFLICT. A nil
// value deletes the key.
func Put(ctx context.Context, key string, value any, version int64) (int64, error) {
	request, err := putRequest(key, value, version)
	if err != nil {
		return 0, err
	}
	ctx, s := toHost(ctx)
	answer, err := s.host.Put(ctx, request)
	if err != nil {
		return 0, err
	}
	return answer.Version, read(answer.Error)
}

func putRequest(key string, value any, version int64) (*contract.PutRequest, error) {
	request := &contract.PutRequest{Key: key, Version: version}
	if value == nil {
		return request, nil
	}
	var err error
	request.Value, err = json.Marshal(value)
	return request, err
}

// Keys are the keys that begin so, in order, after that one; at most limit, which is at most 1000.
func Keys(ctx context.Context, prefix, after string, limit int32) ([]string, error) {
	ctx, s := toHost(ctx)
	answer, err := s.host.List(ctx, &contract.ListRequest{Prefix: prefix, After: after, Limit: limit})
	return answer.GetKeys(), err
}

// Case is one to be opened: what was promised to somebody, and is followed until it is done.
type Case struct {
	Title, Text string
	About       ID     // what it follows from
	Person      *ID    // the applicant
	Kind        string // a kind of case of the municipality; empty: its default
	Key         string // the same key is the same case, once
}

// OpenCase opens a case as the caller, and answers its id.
func OpenCase(ctx context.Context, c Case) (ID, error) {
	request := &contract.OpenCaseRequest{Title: c.Title, Text: c.Text, About: c.About.String(), Kind: c.Kind, Key: c.Key}
	if c.Person != nil {
		request.Person = c.Person.String()
	}
	ctx, s := toHost(ctx)
	answer, err := s.host.OpenCase(ctx, request)
	if err != nil {
		return ID{}, err
	}
	if answer.Error != nil {
		return ID{}, read(answer.Error)
	}
	return ParseID(answer.Case)
}

// Watch hears events as they are committed, on whatever replica, until the context ends or hear fails.
// Without names: all that the manifest hears and sends.
func Watch(ctx context.Context, hear func(e Event) error, names ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	to, s := toHost(ctx)
	stream, err := s.host.Watch(to, &contract.WatchRequest{Names: slices.Clone(names)})
	if err != nil {
		return err
	}
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := hear(eventOf(e)); err != nil {
			return err
		}
	}
}

// Notice is an event to be published.
type Notice struct {
	Name    string // that the manifest sends
	Object  ID
	Touched []ID
	Payload any
}

func (n Notice) wire() (*contract.Publish, error) {
	to := &contract.Publish{Name: n.Name, Object: n.Object.String()}
	for _, id := range n.Touched {
		to.Touched = append(to.Touched, id.String())
	}
	if n.Payload == nil {
		return to, nil
	}
	var err error
	to.Payload, err = json.Marshal(n.Payload)
	return to, err
}

// Task is a job to be done.
type Task struct {
	ID   string // the same is scheduled once; empty: a new one
	Kind string
	Args any
	At   *timestamppb.Timestamp // nil: now; see At
}

// Publish sends an event by itself; with a change, use Batch.Publish.
func Publish(ctx context.Context, n Notice) error { return Statements(ctx).Publish(n).Write() }

// Schedule schedules a job by itself; with a change, use Batch.Schedule.
func Schedule(ctx context.Context, t Task) error { return Statements(ctx).Schedule(t).Write() }

// Audit notes by itself what the caller did to an object; with a change, use Batch.Audit.
func Audit(ctx context.Context, action string, object ID, details any) error {
	return Statements(ctx).Audit(action, object, details).Write()
}
