package kit

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// host stands in for Veche: it knows whose call a token is, keeps keys and values, finds nothing
// else, and counts what is to be changed.
type host struct {
	contract.UnimplementedHostServer
	server  *grpc.Server
	folder  string
	address string

	mu      sync.Mutex
	key     string
	tokens  map[string]string // of calls under way, to their municipality
	values  map[string][]byte
	wrongs  []string // what the plugin did wrong
	changes []string // events, audits, jobs, values and cases, in their order
	slow    bool     // callbacks wait for their end
	waiting int      // of those
	ended   int
}

func newHost() (*host, error) {
	folder, err := os.MkdirTemp("", "veche-host-")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("unix", filepath.Join(folder, "s"))
	if err != nil {
		return nil, err
	}
	h := &host{folder: folder, address: "unix:" + listener.Addr().String(), tokens: map[string]string{}, values: map[string][]byte{}}
	h.server = grpc.NewServer(grpc.MaxRecvMsgSize(contract.MaxMessage), grpc.UnaryInterceptor(h.admit))
	contract.RegisterHostServer(h.server, h)
	go func() { _ = h.server.Serve(listener) }()
	return h, nil
}

func (h *host) close() {
	h.server.Stop()
	_ = os.RemoveAll(h.folder)
}

func (h *host) setKey(key string) {
	h.mu.Lock()
	h.key = key
	h.mu.Unlock()
}

// call is a call's head, with a token that lives until forget.
func (h *host) call(municipality string) *contract.Call {
	h.mu.Lock()
	defer h.mu.Unlock()
	token := core.NewID().String()
	h.tokens[token] = municipality
	return &contract.Call{
		Municipality: municipality, Language: "en", Token: token, RequestId: core.NewID().String(), At: timestamppb.Now(), TimeZone: "Asia/Krasnoyarsk",
		Actor: &contract.Actor{Kind: contract.Actor_KIND_ACCOUNT, Account: id("Account", municipality), Person: id("Person", municipality)},
	}
}

func (h *host) forget(token string) {
	h.mu.Lock()
	delete(h.tokens, token)
	h.mu.Unlock()
}

type municipalityKey struct{}

// admit lets in who bears the key and the token of a call under way.
func (h *host) admit(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	m, _ := metadata.FromIncomingContext(ctx)
	h.mu.Lock()
	keyed := strings.Join(m.Get(contract.KeyHeader), "") == h.key
	municipality, known := h.tokens[strings.Join(m.Get(contract.TokenHeader), "")]
	if !keyed {
		h.wrongs = append(h.wrongs, fmt.Sprintf("it calls %s without its key in the metadata %s", info.FullMethod, contract.KeyHeader))
	}
	slow := h.slow && keyed && known
	if slow {
		h.waiting++
	}
	h.mu.Unlock()
	if !keyed || !known {
		return nil, status.Error(codes.Unauthenticated, "no such call under way")
	}
	if slow {
		<-ctx.Done()
		h.mu.Lock()
		h.ended++
		h.mu.Unlock()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return next(context.WithValue(ctx, municipalityKey{}, municipality), in)
}

func (h *host) change(format string, args ...any) {
	h.changes = append(h.changes, fmt.Sprintf(format, args...))
}

// taken gives what was changed since it was asked last.
func (h *host) taken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := h.changes
	h.changes = nil
	return all
}

func (h *host) Query(context.Context, *contract.QueryRequest) (*contract.QueryResponse, error) {
	return &contract.QueryResponse{Response: []byte(`{"data":null}`)}, nil
}

func (h *host) Can(context.Context, *contract.CanRequest) (*contract.CanResponse, error) {
	return &contract.CanResponse{Allowed: true}, nil
}

func (h *host) Read(_ context.Context, r *contract.ReadRequest) (*contract.ReadResponse, error) {
	return &contract.ReadResponse{Results: rows(len(r.GetStatements()))}, nil
}

func rows(n int) []*contract.Rows {
	all := make([]*contract.Rows, n)
	for i := range all {
		all[i] = &contract.Rows{}
	}
	return all
}

func (h *host) Write(ctx context.Context, r *contract.WriteRequest) (*contract.WriteResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(r.GetStatements()) == 0 { // a statement may see for itself that it comes twice: the kit has no database to tell
		for _, one := range r.GetEvents() {
			h.change("event %s of %s", one.GetName(), one.GetObject())
		}
		for _, one := range r.GetJobs() {
			if one.GetId() == "" {
				h.change("job %s", one.GetKind())
			}
		}
	}
	for _, one := range r.GetPuts() {
		h.put(ctx, one)
	}
	return &contract.WriteResponse{Results: rows(len(r.GetStatements()))}, nil
}

func (h *host) place(ctx context.Context, key string) string {
	municipality, _ := ctx.Value(municipalityKey{}).(string)
	return municipality + "/" + key
}

func (h *host) put(ctx context.Context, r *contract.PutRequest) {
	h.change("value of %s", r.GetKey())
	h.values[h.place(ctx, r.GetKey())] = r.GetValue()
}

func (h *host) Put(ctx context.Context, r *contract.PutRequest) (*contract.PutResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.put(ctx, r)
	return &contract.PutResponse{Version: 1}, nil
}

func (h *host) Get(ctx context.Context, r *contract.GetRequest) (*contract.GetResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	value, ok := h.values[h.place(ctx, r.GetKey())]
	if !ok {
		return &contract.GetResponse{}, nil
	}
	return &contract.GetResponse{Value: value, Version: 1}, nil
}

func (h *host) List(ctx context.Context, r *contract.ListRequest) (*contract.ListResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	answer := &contract.ListResponse{}
	for key := range h.values {
		if name, ok := strings.CutPrefix(key, h.place(ctx, "")); ok && strings.HasPrefix(name, r.GetPrefix()) && name > r.GetAfter() {
			answer.Keys = append(answer.Keys, name)
		}
	}
	return answer, nil
}

func (h *host) OpenCase(_ context.Context, r *contract.OpenCaseRequest) (*contract.OpenCaseResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.GetKey() == "" {
		h.change("case %q, without a key by which it is opened once", r.GetTitle())
	}
	return &contract.OpenCaseResponse{Case: id("Case", r.GetKey())}, nil
}

func (h *host) Watch(_ *contract.WatchRequest, stream grpc.ServerStreamingServer[contract.Event]) error {
	<-stream.Context().Done()
	return nil
}
