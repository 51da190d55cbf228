package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
)

// process is the built program as Veche starts it.
type process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	conn  *grpc.ClientConn
	line  string
}

func build(t *testing.T) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "plugin")
	if text, err := exec.Command("go", "build", "-o", out, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return out
}

func start(t *testing.T, program string) *process {
	t.Helper()
	dir, err := os.MkdirTemp("", "plugin") // short: a socket's path has at most 107 signs
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(program)}
	p.cmd.Env = []string{
		contract.Cookie + "=" + contract.CookieValue, contract.Key + "=secret", contract.SocketDir + "=" + dir, contract.HostAddress + "=unix:" + filepath.Join(dir, "host"),
	}
	p.cmd.Stderr = os.Stderr
	p.stdin, _ = p.cmd.StdinPipe()
	out, _ := p.cmd.StdoutPipe()
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = os.RemoveAll(dir)
	})
	p.line, err = bufio.NewReader(out).ReadString('\n')
	parts := strings.Split(strings.TrimSpace(p.line), "|")
	if err != nil || len(parts) != 5 || parts[0] != "1" || parts[1] != "1" || parts[2] != "unix" || parts[4] != "grpc" {
		t.Fatalf("the first line is %q, %v", p.line, err)
	}
	p.conn, err = grpc.NewClient("unix:"+parts[3], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.conn.Close() })
	return p
}

func TestTheProgramSpeaksTheContract(t *testing.T) {
	program := build(t)
	p := start(t, program)
	plugin := contract.NewPluginClient(p.conn)
	if _, err := plugin.Describe(t.Context(), &contract.DescribeRequest{}); status.Code(err) != codes.Unauthenticated {
		t.Errorf("without the key: %v", err)
	}
	wrong := metadata.AppendToOutgoingContext(t.Context(), contract.KeyHeader, "guess")
	if stream, err := plugin.Listen(wrong, &contract.ListenRequest{}); err != nil {
		t.Error(err)
	} else if _, err := stream.Recv(); status.Code(err) != codes.Unauthenticated {
		t.Errorf("with another key: %v", err)
	}
	ctx := metadata.AppendToOutgoingContext(t.Context(), contract.KeyHeader, "secret")
	if h, err := grpc_health_v1.NewHealthClient(p.conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}); err != nil || h.Status != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("health: %v, %v", h, err)
	}
	described, err := plugin.Describe(ctx, &contract.DescribeRequest{})
	if err != nil || described.Name != "territorialorder" || !slices.Contains(described.Functions, "District.territorialOrderProjects") || len(described.Manifest) != 64 {
		t.Errorf("%v, %v", described, err)
	}
	checkResolve(ctx, t, plugin)
	if err := p.conn.Invoke(ctx, "/plugin.GRPCController/Shutdown", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the process ended with %v", err)
	}

	orphan := start(t, program)
	_ = orphan.stdin.Close() // Veche is gone
	if err := orphan.cmd.Wait(); err != nil {
		t.Errorf("without Veche: %v", err)
	}
	if text, err := exec.Command(program).Output(); err != nil || !strings.Contains(string(text), "This is a plugin of Veche") {
		t.Errorf("by hand: %s, %v", text, err)
	}
}

// checkResolve asks fields that need no host, and one that does and finds none.
func checkResolve(ctx context.Context, t *testing.T, plugin contract.PluginClient) {
	t.Helper()
	ask := func(field string, args map[string]any) *contract.Item {
		text, _ := json.Marshal(args)
		answer, err := plugin.Resolve(ctx, &contract.ResolveRequest{
			Call: &contract.Call{Municipality: "kansk", Language: "ru"}, Calls: []*contract.FieldCall{{Type: "Query", Field: field, Arguments: text}},
		})
		if err != nil || len(answer.Results) != 1 || len(answer.Results[0].Items) != 1 {
			t.Fatalf("%s: %v, %v", field, answer, err)
		}
		return answer.Results[0].Items[0]
	}
	item := ask("territorialOrderProjects", map[string]any{"first": 1000})
	if item.Error.GetCode() != sdk.CodeInvalid || item.Error.GetMessage() != "Укажите от 1 до 100." {
		t.Errorf("%v", item)
	}
	if item := ask("territorialOrderProjects", map[string]any{"first": 1}); item.Error.GetCode() != "INTERNAL" {
		t.Errorf("without a host: %v", item)
	}
}
