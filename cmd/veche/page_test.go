package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/veche-city/veche/core/coretest/pgtest"
)

// page is the documentation's page of plugins; these tests follow its steps from the page alone.
const page = "../../docs/plugins.md"

// blocks are the pieces of the page between fences with the language and the mark behind it.
func blocks(t *testing.T, language, mark string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, found := range regexp.MustCompile("(?ms)^```"+language+"( [a-z]+)?\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		if strings.TrimSpace(found[1]) == mark {
			all = append(all, found[2])
		}
	}
	if len(all) == 0 {
		t.Fatalf("the page has no piece of %s %s", language, mark)
	}
	return all
}

// author is somebody with the page, an empty folder, Veche's repository in it, and a database.
type author struct {
	t    *testing.T
	home string
	env  []string
}

func newAuthor(t *testing.T) *author {
	t.Helper()
	a := &author{t: t, home: t.TempDir()}
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(repository, filepath.Join(a.home, "veche")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(a.home, "path")
	if err := os.Mkdir(path, 0o750); err != nil {
		t.Fatal(err)
	}
	if built := os.Getenv("VECHE_BIN"); built != "" { // what make builds is quicker than a test's own binary
		self = built
	}
	a.write("path/veche", "#!/bin/sh\n"+asVeche+"=1 exec "+self+" \"$@\"\n")
	if err := os.Chmod(filepath.Join(path, "veche"), 0o700); err != nil {
		t.Fatal(err)
	}
	a.env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"), "GOWORK=off", "GOFLAGS=", "npm_config_audit=false", "npm_config_fund=false", "npm_config_prefer_offline=true", "VECHE_LOG_LEVEL=warn", "VECHE_LISTEN=127.0.0.1:0", "VECHE_ADMIN_LISTEN=127.0.0.1:0")
	return a
}

// town gives the author's next commands a database and a data folder.
func (a *author) town() {
	a.t.Helper()
	a.env = append(a.env, "VECHE_DATABASE_URL="+pgtest.New(a.t, pgtest.Template{}), "VECHE_DATA_DIR="+dataFolder(a.t))
}

func (a *author) read(name string) string {
	a.t.Helper()
	text, err := os.ReadFile(filepath.Join(a.home, name))
	if err != nil {
		a.t.Fatal(err)
	}
	return string(text)
}

func (a *author) write(name, text string) {
	a.t.Helper()
	if err := os.WriteFile(filepath.Join(a.home, name), []byte(text), 0o600); err != nil {
		a.t.Fatal(err)
	}
}

func (a *author) command(dir, lines string) *exec.Cmd {
	run := exec.Command("sh", "-euc", lines)
	run.Dir, run.Env = filepath.Join(a.home, dir), a.env
	return run
}

func (a *author) shell(dir, lines string) {
	a.t.Helper()
	began := time.Now()
	if out, err := a.command(dir, lines).CombinedOutput(); err != nil {
		a.t.Fatalf("%s: %v\n%s", lines, err, out)
	}
	a.t.Logf("%s: %s", time.Since(began).Round(time.Millisecond), strings.ReplaceAll(strings.TrimSpace(lines), "\n", "; "))
}

// serve runs a line that serves, until it has said that it does.
func (a *author) serve(dir, line string) *process {
	a.t.Helper()
	p := &process{t: a.t, cmd: a.command(dir, "exec "+line), log: &bytes.Buffer{}, read: make(chan struct{}), said: make(chan string, 1000)}
	p.begin(line)
	return p
}

// hears waits for a line that holds the text, and gives it.
func (p *process) hears(text string) string {
	p.t.Helper()
	for {
		select {
		case line := <-p.said:
			if strings.Contains(line, text) {
				return line
			}
			if strings.Contains(line, "goes on as it was") {
				p.t.Fatalf("%q is not said: %s", text, p.log)
			}
		case <-p.read:
			p.t.Fatalf("it ended before it said %q: %s", text, p.log)
		}
	}
}

// The ten minutes in Go, and what comes after them: begun, tried while it is changed, verified, packed, signed,
// and run where an operator trusts it.
func TestThePageOfPlugins(t *testing.T) {
	t.Parallel()
	a := newAuthor(t)
	a.shell("", blocks(t, "sh", "go")[0])
	a.isThePages("go", "main.go")
	house := blocks(t, "sh", "house")
	a.town()
	p := a.serve("benches", house[0])
	p.hears("built and swapped")
	a.develops(p, "main.go")
	a.shell("benches", house[1])
	a.town()
	a.shell("", "veche municipality add kansk --name-ru 'город Канск' --name-en 'City of Kansk' --time-zone Asia/Krasnoyarsk")
	operator := a.serve("", "veche serve")
	steps := strings.Split(strings.TrimSpace(house[2]), "\n")
	a.shell("benches", strings.Join(steps[:2], "\n"))
	out, err := a.command("benches", steps[2]).CombinedOutput()
	key := regexp.MustCompile(`--approve (\S+)`).FindSubmatch(out)
	if err == nil || key == nil {
		t.Fatalf("enabled without an approval: %v\n%s", err, out)
	}
	a.shell("benches", strings.ReplaceAll(steps[3], "KEY", string(key[1])))
	for operator.greeting() != "Good day, Kansk!" { // the server hears of it
		time.Sleep(50 * time.Millisecond)
	}
	a.shell("", "veche plugin restart benches")
	if out, err := a.command("", "veche plugin restart trams").CombinedOutput(); err == nil || !strings.Contains(string(out), `no plugin "trams"`) {
		t.Errorf("a plugin that is not there: %v %s", err, out)
	}
	if code := operator.end(syscall.SIGTERM); code != 0 {
		t.Errorf("stopped with %d: %s", code, operator.log)
	}
}

// The ten minutes in TypeScript.
func TestThePageOfPluginsInTypeScript(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed: scripts/install-node.sh does it")
	}
	if _, err := os.Stat("../../plugins/sdk-node/dist/src/index.js"); err != nil {
		t.Skip("the SDK for Node is not built: make plugins-node does it")
	}
	a := newAuthor(t)
	a.shell("", blocks(t, "sh", "ts")[0])
	a.isThePages("ts", "src/plugin.ts")
	a.town()
	p := a.serve("benches", blocks(t, "sh", "house")[0])
	p.hears("built and swapped")
	a.develops(p, "src/plugin.ts")
}

// isThePages holds what the steps made against the page, and counts what an author would write by hand.
func (a *author) isThePages(lang, file string) {
	a.t.Helper()
	lines := 0
	for name, want := range map[string]string{file: blocks(a.t, lang, "")[0], "benches.graphqls": blocks(a.t, "graphql", "")[0], "plugin.yaml": ""} {
		got := a.read("benches/" + name)
		if want != "" && got != want {
			a.t.Errorf("%s of the page is not what the steps make:\n%s", name, got)
		}
		for line := range strings.Lines(got) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "#") {
				lines++
			}
		}
	}
	if a.t.Logf("%s: %d lines of code, schema and manifest", lang, lines); lines >= 60 {
		a.t.Errorf("the plugin has %d lines, and the page promises fewer than 60", lines)
	}
}

// develops asks what the page asks, then saves another greeting, and a schema that is wrong: all
// the while every request is answered.
func (a *author) develops(p *process, file string) {
	a.t.Helper()
	data, err := p.ask("", "", blocks(a.t, "graphql", "house")[0], nil)
	if err != nil || !strings.Contains(fmt.Sprint(data), "Hello, Микрорайон № 1!") {
		a.t.Fatalf("%v %v", data, err)
	}
	stop, asked := make(chan struct{}), make(chan []string)
	go func() {
		var greetings []string
		for {
			select {
			case <-stop:
				asked <- greetings
				return
			default:
				greetings = append(greetings, p.greeting())
				time.Sleep(50 * time.Millisecond) // it leaves the processor to the build
			}
		}
	}()
	a.write("benches/"+file, strings.ReplaceAll(a.read("benches/"+file), "Hello, ", "Good day, "))
	p.hears("built and swapped")
	if got := p.greeting(); got != "Good day, Kansk!" {
		a.t.Errorf("after the change it greets by %q", got)
	}
	schema := a.read("benches/benches.graphqls")
	a.write("benches/benches.graphqls", schema+"type BenchesWrong { a: Nowhere }\n")
	wrong := strings.Count(schema, "\n") + 1
	if line := p.hears("benches.graphqls:"); !strings.Contains(line, fmt.Sprintf("benches.graphqls:%d: ", wrong)) {
		a.t.Errorf("it says %q, and the mistake is in line %d", line, wrong)
	}
	p.hears("goes on as it was")
	if got := p.greeting(); got != "Good day, Kansk!" {
		a.t.Errorf("after the mistake it greets by %q", got)
	}
	a.write("benches/benches.graphqls", schema) // what is packed later
	close(stop)
	greetings := slices.Compact(<-asked)
	if got := strings.Join(greetings, " "); got != "Hello, Kansk! Good day, Kansk!" {
		a.t.Errorf("while it was changed it greeted by %s", got)
	}
	if code := p.end(syscall.SIGTERM); code != 0 {
		a.t.Errorf("stopped with %d: %s", code, p.log)
	}
}

// greeting is what the plugin answers, or why it does not.
func (p *process) greeting() string {
	data, err := p.ask("", "", `{ benches(name: "Kansk") { text } }`, nil)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(data["benches"].(map[string]any)["text"])
}
