package kit

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/veche-city/veche/plugins/contract"
)

// raw is the plugin's process without a supervisor and without go-plugin: as the contract describes it.
type raw struct {
	cmd      *exec.Cmd
	lifeline io.Closer
	conn     *grpc.ClientConn
	plugin   contract.PluginClient
	key      string
	folder   string
	more     atomic.Int64 // bytes on standard output after the first line
	exited   chan struct{}
}

func (t *trial) startRaw() (*raw, error) {
	folder, err := os.MkdirTemp("", "veche-raw-")
	if err != nil {
		return nil, err
	}
	r := &raw{key: "the-key-of-the-kit", folder: folder, exited: make(chan struct{})}
	t.host.setKey(r.key)
	r.cmd = exec.Command(t.program.Path) //nolint:gosec // the plugin under trial
	r.cmd.Dir = t.program.Dir
	r.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + folder, "TZ=UTC", contract.Cookie + "=" + contract.CookieValue,
		contract.Key + "=" + r.key, contract.HostAddress + "=" + t.host.address, contract.SocketDir + "=" + folder, "PLUGIN_PROTOCOL_VERSIONS=1"}
	if r.lifeline, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	r.cmd.Stdout = write
	err = r.cmd.Start()
	_ = write.Close()
	if err != nil {
		return nil, err
	}
	go func() { _ = r.cmd.Wait(); close(r.exited) }()
	_ = out.SetReadDeadline(time.Now().Add(t.patience))
	reader := bufio.NewReader(out)
	line, err := reader.ReadString('\n')
	parts := strings.Split(strings.TrimSpace(line), "|")
	if err != nil || len(parts) < 5 || parts[0] != "1" || parts[1] != "1" || parts[2] != "unix" || parts[4] != "grpc" {
		r.close()
		return nil, fmt.Errorf("its first line is %q, and not 1|1|unix|<path>|grpc", strings.TrimSpace(line))
	}
	_ = out.SetReadDeadline(time.Time{})
	go func() {
		n, _ := io.Copy(io.Discard, reader)
		r.more.Add(n)
		_ = out.Close()
	}()
	r.conn, err = grpc.NewClient("unix:"+parts[3], grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(64<<20), grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		r.close()
		return nil, err
	}
	r.plugin = contract.NewPluginClient(r.conn)
	return r, nil
}

func (r *raw) close() {
	_ = r.cmd.Process.Kill()
	<-r.exited
	if r.conn != nil {
		_ = r.conn.Close()
	}
	_ = os.RemoveAll(r.folder)
}

func (r *raw) keyed(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, r.key)
}

// ends says whether the process ends in time.
func (r *raw) ends(within time.Duration) error {
	select {
	case <-r.exited:
		return nil
	case <-time.After(within):
		return fmt.Errorf("it is still there after %s", within)
	}
}

// rawChecks asks what Veche never would, and ends the process by each of the two ways.
func (t *trial) rawChecks() {
	r, err := t.startRaw()
	if err != nil {
		t.results = append(t.results, Result{Check: "it starts by the contract alone", Why: err.Error()})
		return
	}
	defer r.close()
	ctx, cancel := context.WithTimeout(t.ctx, 2*t.patience)
	defer cancel()
	t.check("its health service says that it serves", func() (string, error) {
		answer, err := grpc_health_v1.NewHealthClient(r.conn).Check(r.keyed(ctx), &grpc_health_v1.HealthCheckRequest{})
		if err == nil && answer.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
			err = fmt.Errorf("it says %s", answer.GetStatus())
		}
		return "", err
	})
	t.check("it refuses calls without its key", func() (string, error) { return "", r.refusesKeys(ctx) })
	t.check("an unknown method is UNIMPLEMENTED", func() (string, error) {
		err := r.conn.Invoke(r.keyed(ctx), "/veche.plugin.v1.Plugin/NobodyHasThisMethod", &emptypb.Empty{}, &emptypb.Empty{})
		if status.Code(err) != codes.Unimplemented {
			return "", fmt.Errorf("it answers %w", err)
		}
		return "", nil
	})
	t.check("it takes messages up to 16 MiB, and survives larger ones", func() (string, error) { return "", r.sizes(ctx, t) })
	t.check("it ends when it is told to (plugin.GRPCController.Shutdown)", func() (string, error) {
		_ = r.conn.Invoke(r.keyed(ctx), "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{})
		return "", r.ends(t.leave)
	})
	t.check("it writes nothing to standard output after the first line", func() (string, error) {
		if n := r.more.Load(); n > 0 {
			return "", fmt.Errorf("it wrote %d bytes: the log is standard error", n)
		}
		return "", nil
	})
	t.check("it ends when its standard input does", func() (string, error) {
		again, err := t.startRaw()
		if err != nil {
			return "", err
		}
		defer again.close()
		if _, err := again.plugin.Describe(again.keyed(ctx), &contract.DescribeRequest{}); err != nil {
			return "", err
		}
		_ = again.lifeline.Close()
		return "", again.ends(t.leave)
	})
}

func (r *raw) refusesKeys(ctx context.Context) error {
	for name, ctx := range map[string]context.Context{"no key": ctx, "another key": metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, "forged"),
		"two keys": metadata.AppendToOutgoingContext(ctx, contract.KeyHeader, "forged", contract.KeyHeader, "forged")} {
		_, describe := r.plugin.Describe(ctx, &contract.DescribeRequest{})
		_, resolve := r.plugin.Resolve(ctx, &contract.ResolveRequest{})
		items, listen := r.plugin.Listen(ctx, &contract.ListenRequest{})
		if listen == nil {
			_, listen = items.Recv()
		}
		for method, err := range map[string]error{"Describe": describe, "Resolve": resolve, "Listen": listen} {
			if code := status.Code(err); code != codes.Unauthenticated && code != codes.PermissionDenied {
				return fmt.Errorf("%s with %s is answered %s, and not UNAUTHENTICATED", method, name, code)
			}
		}
	}
	return nil
}

func (r *raw) sizes(ctx context.Context, t *trial) error {
	for _, size := range []int{15 << 20, 20 << 20} {
		call := t.host.call(alpha)
		_, err := r.plugin.Resolve(r.keyed(ctx), &contract.ResolveRequest{Call: call, Calls: []*contract.FieldCall{
			{Type: "Query", Field: "nobodyHasThisField", Arguments: []byte(`{"text":"` + strings.Repeat("x", size) + `"}`)}}})
		t.host.forget(call.GetToken())
		if size < contract.MaxMessage && status.Code(err) == codes.ResourceExhausted {
			return fmt.Errorf("a request of %d MiB: %w", size>>20, err)
		}
		if _, err := r.plugin.Describe(r.keyed(ctx), &contract.DescribeRequest{}); err != nil {
			return fmt.Errorf("after a request of %d MiB it does not answer: %w", size>>20, err)
		}
	}
	return nil
}
