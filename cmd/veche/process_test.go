package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/veche-city/veche/core/coretest/pgtest"
)

// The binary as it is run: started, killed, started again, stopped.

// asVeche makes this program veche itself: so it need not be built again.
const asVeche = "VECHE_TEST_AS_VECHE"

func TestMain(m *testing.M) {
	if os.Getenv(asVeche) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// veche is the command, to be given its folder and started.
func veche(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(self, args...)
	command.Env = append(os.Environ(), asVeche+"=1")
	return command
}

// process is one running veche.
type process struct {
	t    *testing.T
	cmd  *exec.Cmd
	url  string
	code string // the set-up code, when it printed one
	log  *bytes.Buffer
	read chan struct{}
	said chan string // lines for people, where somebody reads them
}

var (
	servingLine = regexp.MustCompile(`serving on (http://\S+)`)
	codeLine    = regexp.MustCompile(`with this code: (\S+)`)
)

// start runs veche until it serves.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	args = append(args, "--listen", "127.0.0.1:0", "--admin-listen", "", "--log-level", "warn")
	p := &process{t: t, cmd: veche(t, args...), log: &bytes.Buffer{}, read: make(chan struct{})}
	p.begin(strings.Join(args, " "))
	return p
}

// begin starts the process, and waits until it has said all that it says at the start.
func (p *process) begin(what string) {
	p.t.Helper()
	stderr, err := p.cmd.StderrPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	serving := make(chan struct{})
	go p.follow(stderr, serving)
	select {
	case <-serving:
	case <-p.read:
		p.t.Fatalf("veche %s ended: %s", what, p.log)
	}
}

// follow reads what the process says; serving is closed at the line after which it has said all
// that it says at the start.
func (p *process) follow(from io.Reader, serving chan<- struct{}) {
	defer close(p.read)
	lines := bufio.NewScanner(from)
	for lines.Scan() {
		line := lines.Text()
		p.log.WriteString(line + "\n")
		if p.said != nil && !strings.HasPrefix(line, "{") {
			p.said <- line
		}
		if m := servingLine.FindStringSubmatch(line); m != nil {
			p.url = m[1] + "/graphql"
		}
		if m := codeLine.FindStringSubmatch(line); m != nil {
			p.code = m[1]
		}
		if p.url != "" && serving != nil && strings.Contains(line, "ready") {
			close(serving)
			serving = nil
		}
	}
}

// end sends the signal and waits; it gives the exit code.
func (p *process) end(signal syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	<-p.read
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// ask sends a question; err is the connection's.
func (p *process) ask(token, key, query string, variables map[string]any) (map[string]any, error) {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	var answer struct {
		Data   map[string]any   `json:"data"`
		Errors []map[string]any `json:"errors"`
	}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		return nil, err
	}
	if len(answer.Errors) > 0 {
		return nil, fmt.Errorf("%v", answer.Errors)
	}
	return answer.Data, nil
}

func (p *process) setUp() (token string) {
	p.t.Helper()
	data, err := p.ask("", "", `mutation($code: String!) { setUp(input: {code: $code, login: "admin", password: "четыре слова подряд 42", displayName: "A", kind: BEARER}) { token userErrors { message } } }`,
		map[string]any{"code": p.code})
	if err != nil {
		p.t.Fatal(err)
	}
	return data["setUp"].(map[string]any)["token"].(string)
}

const createCouncil = `mutation($name: String!) { createCouncil(input: {kind: COORDINATION_COUNCIL, name: $name, foundingAct: "Постановление", foundedOn: "2013-01-01"}) { council { id } userErrors { message } } }`

// A mutation sent again with its key, before and after the server was killed, happens once.
func TestAMutationHappensOnceOverAKill(t *testing.T) {
	url := pgtest.New(t, pgtest.Template{})
	first := start(t, "demo", "--database-url", url)
	token := first.setUp()
	const many = 40
	before := make([]any, many) // the answers that came before the kill
	var answered sync.WaitGroup
	reached := make(chan struct{}, many)
	for i := range many {
		answered.Go(func() {
			data, err := first.ask(token, fmt.Sprintf("key-%d", i), createCouncil, map[string]any{"name": fmt.Sprintf("Однажды %d", i)})
			if err == nil {
				before[i] = data["createCouncil"].(map[string]any)["council"].(map[string]any)["id"]
			}
			reached <- struct{}{}
		})
	}
	for range many / 4 { // killed in the middle
		<-reached
	}
	first.end(syscall.SIGKILL)
	answered.Wait()

	second := start(t, "serve", "--database-url", url)
	ids := map[any]bool{}
	for i := range many {
		data, err := second.ask(token, fmt.Sprintf("key-%d", i), createCouncil, map[string]any{"name": fmt.Sprintf("Однажды %d", i)})
		if err != nil {
			t.Fatal(err)
		}
		id := data["createCouncil"].(map[string]any)["council"].(map[string]any)["id"]
		if before[i] != nil && before[i] != id {
			t.Errorf("key %d: %v before the kill, %v after", i, before[i], id)
		}
		ids[id] = true
	}
	data, err := second.ask(token, "", `{ councils(filter: {search: "Однажды"}) { totalCount } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if total := data["councils"].(map[string]any)["totalCount"]; total != float64(many) || len(ids) != many {
		t.Errorf("%d keys made %v councils and %d ids", many, total, len(ids))
	}
	if code := second.end(syscall.SIGTERM); code != 0 {
		t.Errorf("stopped with %d: %s", code, second.log)
	}
}

// Veche's own Postgres outlives a kill of its parent, is found again, and stops with a clean stop.
func TestTheManagedPostgresIsFoundAgain(t *testing.T) {
	dir := dataFolder(t)
	first := start(t, "demo", "--data-dir", dir)
	token := first.setUp()
	first.end(syscall.SIGKILL)
	postmaster := filepath.Join(dir, "postgres", "postmaster.pid")
	if _, err := os.Stat(postmaster); err != nil {
		t.Errorf("Postgres is gone with its parent: %v", err)
	}
	second := start(t, "demo", "--data-dir", dir)
	if _, err := second.ask(token, "", `{ viewer { kind account { login } } }`, nil); err != nil {
		t.Errorf("the session from before: %v", err)
	}
	if second.code != "" {
		t.Error("there is an administrator, and a set-up code was printed")
	}
	if out, err := veche(t, "municipality", "list", "--data-dir", dir).CombinedOutput(); err != nil || !strings.Contains(string(out), "kansk") {
		t.Errorf("a command beside the server: %v %s", err, out)
	}
	if out, err := veche(t, "serve", "--data-dir", dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "another --data-dir") {
		t.Errorf("a second server: %v %s", err, out)
	}
	if code := second.end(syscall.SIGTERM); code != 0 {
		t.Errorf("stopped with %d: %s", code, second.log)
	}
	if _, err := os.Stat(postmaster); !os.IsNotExist(err) {
		t.Errorf("Postgres goes on after a clean stop: %v", err)
	}
}

// dataFolder is one that Postgres' own user can reach, which t.TempDir need not be.
func dataFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "veche-data")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// Two processes share one database: what one commits, the other's subscribers hear.
func TestTwoProcessesShareOneDatabase(t *testing.T) {
	url := pgtest.New(t, pgtest.Template{})
	first := start(t, "demo", "--database-url", url)
	second := start(t, "serve", "--database-url", url)
	token := first.setUp()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // only so that a failure ends
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, second.url, strings.NewReader(`{"query": "subscription { councilChanged { kind council { name } } }"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	events := make(chan string, 16)
	go func() {
		defer close(events)
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- data
			}
		}
	}()
	// The stream begins when its headers come; the subscription may stand a moment later, so the
	// change is made until it is heard.
	for i := 0; ; i++ {
		if _, err := first.ask(token, "", createCouncil, map[string]any{"name": fmt.Sprintf("Новый %d", i)}); err != nil {
			t.Fatal(err)
		}
		select {
		case event := <-events:
			if !strings.Contains(event, `"CREATED"`) || !strings.Contains(event, "Новый") {
				t.Errorf("heard %s", event)
			}
			return
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("nothing was heard")
		}
	}
}
