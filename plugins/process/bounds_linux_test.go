package process_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/internal/testplugin"
	"github.com/veche-city/veche/plugins/manifest"
	"github.com/veche-city/veche/plugins/process"
)

// beHost runs a plugin that does not heed its lifeline, tells its number, and waits to be killed.
func beHost() {
	var p process.Program
	_ = json.Unmarshal([]byte(os.Getenv("VECHE_TEST_HOST")), &p)
	s := process.Start(p, process.Options{})
	if err := s.Ready(context.Background()); err != nil {
		panic(err)
	}
	fmt.Println("pid", s.State().PID)
	select {}
}

// TestHostKilled: a host that is killed leaves no plugin behind, whether by its lifeline or by the
// signal at the host's death.
func TestHostKilled(t *testing.T) {
	for _, faults := range [][]string{nil, {"deaf"}} {
		p := program(t, testplugin.Behaviour{Faults: faults})
		if os.Geteuid() == 0 { // also as a user of its own
			p.Path = openCopy(t, p.Path)
			openUp(t, p.Dir)
		}
		text, _ := json.Marshal(process.Program{Manifest: &manifest.Manifest{Name: p.Manifest.Name, Version: p.Manifest.Version}, Path: p.Path, Sum: p.Sum, Dir: p.Dir})
		host := exec.Command("/proc/self/exe")
		left := t.TempDir() // nobody removes the plugin's folder
		openUp(t, left)
		host.Env = append(os.Environ(), "VECHE_TEST_HOST="+string(text), "TMPDIR="+left)
		out, err := host.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := host.Start(); err != nil {
			t.Fatal(err)
		}
		line, _ := bufio.NewReader(out).ReadString('\n')
		pid, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "pid ")))
		if err != nil {
			t.Fatalf("the host says %q", line)
		}
		_ = host.Process.Kill()
		_ = host.Wait()
		for !ended(pid) {
			if t.Context().Err() != nil {
				t.Fatal("it outlives its host")
			}
		}
	}
}

// ended says whether a process is gone, or a zombie that nobody waits for.
func ended(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(text), ") Z ")
}

func TestMemory(t *testing.T) {
	p := program(t, bad("memory"))
	m := *p.Manifest
	m.Limits.Memory = 250
	p.Manifest = &m
	s := ready(t, start(t, p, func(o *process.Options) { o.MemoryEvery, o.CallTimeout = 5*time.Millisecond, 30*time.Second }))
	_, err := s.ask(t.Context(), "memory", false)
	if err == nil {
		t.Error("it ate all that it wanted")
	}
	if state := s.until(t, process.Backoff); !strings.Contains(state.Reason, "may hold 250 (limits.memory)") {
		t.Errorf("got %+v", state)
	}
}

// TestBounds reads what the kernel says of the process.
func TestBounds(t *testing.T) {
	t.Setenv("VECHE_DATABASE_URL", "postgres://secret")
	p := program(t, testplugin.Behaviour{})
	open := os.Geteuid() == 0
	if open { // so that another user can reach it
		p.Path = openCopy(t, p.Path)
		openUp(t, p.Dir)
		listener, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		p.HostAddress = "unix:" + listener.Addr().String()
	}
	s := ready(t, start(t, p, nil))
	state := s.State()
	read := func(name string) string {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", state.PID, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := func(text string, all ...string) {
		t.Helper()
		for _, one := range all {
			if !strings.Contains(strings.Join(strings.Fields(text), " "), one) {
				t.Errorf("no %q in\n%s", one, text)
			}
		}
	}
	want(read("status"), "NoNewPrivs: 1")
	want(read("limits"), "Max open files 1024 1024", "Max core file size 0 0")
	if strings.Contains(read("environ"), "secret") {
		t.Error("the plugin is told the host's secrets")
	}
	if fields := strings.Fields(read("stat")); fields[4] != strconv.Itoa(state.PID) {
		t.Errorf("its group is %s", fields[4])
	}
	if open {
		uid := strings.Fields(strings.SplitAfter(read("status"), "Uid:")[1])[0]
		if n, _ := strconv.Atoi(uid); n < 61184 || slices.ContainsFunc(state.Unbounded, func(s string) bool {
			return strings.HasPrefix(s, "user") || strings.HasPrefix(s, "privileges")
		}) {
			t.Errorf("it runs as %s; unbounded: %v", uid, state.Unbounded)
		}
		want(read("limits"), "Max processes 512 512")
		_, address, _ := strings.Cut(read("environ"), contract.HostAddress+"=unix:")
		address, _, _ = strings.Cut(address, "\x00")
		dial := exec.Command("setpriv", "--reuid", uid, "--clear-groups", "test", "-w", address)
		if said, err := dial.CombinedOutput(); err != nil {
			t.Errorf("it cannot reach the host at %s: %v %s", address, err, bytes.TrimSpace(said))
		}
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
}

func openCopy(t *testing.T, path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	openUp(t, folder)
	if err := os.WriteFile(folder+"/plugin", text, 0o755); err != nil {
		t.Fatal(err)
	}
	return folder + "/plugin"
}

func openUp(t *testing.T, folder string) {
	for _, one := range []string{folder, filepath.Dir(folder)} {
		if err := os.Chmod(one, 0o755); err != nil { // so that another user can reach it
			t.Fatal(err)
		}
	}
}

// TestEscape: what leaves the plugin's group ends with it all the same, where the plugin has a user of its own.
func TestEscape(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the host is not root, so its plugins have no users of their own")
	}
	p := program(t, bad("escape"))
	p.Path = openCopy(t, p.Path)
	openUp(t, p.Dir)
	s := ready(t, start(t, p, nil))
	value, err := s.ask(t.Context(), "escape", false)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(value)
	if err != nil || ended(pid) {
		t.Fatalf("got %s", value)
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	if !ended(pid) {
		t.Error("what left its group outlives it")
	}
}

// TestGroup: a process begins in a cgroup of its own; what left its process group ends with it, although it
// runs as the host's user, and the cgroup is gone in the end.
func TestGroup(t *testing.T) {
	s := ready(t, start(t, program(t, bad("escape")), func(o *process.Options) { o.HostUser = true }))
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", s.State().PID))
	if err != nil {
		t.Fatal(err)
	}
	_, group, _ := strings.Cut("\n"+string(text), "\n0::")
	group, _, _ = strings.Cut(group, "\n")
	if !strings.Contains(group, "/veche-plugin-weather-") {
		t.Skipf("there are no cgroups for plugins here: %v", s.State().Unbounded)
	}
	value, err := s.ask(t.Context(), "escape", false)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(value)
	if err != nil || ended(pid) {
		t.Fatalf("got %s", value)
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	for !ended(pid) { // killed, and on its way
		if t.Context().Err() != nil {
			t.Fatal("what left its process group outlives it")
		}
	}
	for _, root := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
		if _, err := os.Stat(root + group); err == nil {
			t.Errorf("%s is left", root+group)
		}
	}
}

// TestNoGroup: where nothing can begin in a cgroup, it runs all the same, and the state says what does not hold.
func TestNoGroup(t *testing.T) {
	for name, folder := range map[string]string{"no cgroup": t.TempDir(), "no folder": filepath.Join(t.TempDir(), "gone")} {
		s := ready(t, start(t, program(t, testplugin.Behaviour{}), func(o *process.Options) { o.Cgroup = folder }))
		if _, err := s.ask(t.Context(), "echo", false); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if all := strings.Join(s.State().Unbounded, "; "); !strings.Contains(all, "cpu.max: ") && !strings.Contains(all, "processor time: ") {
			t.Errorf("%s: %s", name, all)
		}
		if err := s.Drain(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForgedKey: who finds the socket is refused without the process's secret.
func TestForgedKey(t *testing.T) {
	s := ready(t, start(t, program(t, testplugin.Behaviour{}), nil))
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/environ", s.State().PID))
	_, dir, _ := strings.Cut(string(text), contract.SocketDir+"=")
	dir, _, _ = strings.Cut(dir, "\x00")
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's folder: %v, %v", info, err)
	}
	conn, err := grpc.NewClient("unix:"+dir+"/s", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	for _, ctx := range []context.Context{t.Context(), metadata.AppendToOutgoingContext(t.Context(), contract.KeyHeader, "forged")} {
		if _, err := contract.NewPluginClient(conn).Describe(ctx, &contract.DescribeRequest{}); status.Code(err) != codes.Unauthenticated {
			t.Errorf("got %v", err)
		}
	}
}
