//go:build unix

package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/core/coretest/pgtest"
	"github.com/veche-city/veche/plugins/bundle"
)

const listeningCard = `name: unruly
version: 1.0.0
contract: 1
title: {ru: Проба, en: Trial}
prefix: Unruly
schema: unruly.graphqls
hears: [Council.CREATED]
values: true
build: {run: "cd %s && CGO_ENABLED=0 go build -o $VECHE_OUT .", platforms: [%s-%s]}
`

// listening packs and signs the plugin of house/testdata/unruly, and gives the bundle and the trusted key.
func listening(t *testing.T) (path, key string) {
	t.Helper()
	program, err := filepath.Abs("house/testdata/unruly")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	key, path = filepath.Join(folder, "author.pub"), filepath.Join(folder, "unruly.veche")
	for name, text := range map[string]string{
		"plugin.yaml":     fmt.Sprintf(listeningCard, program, runtime.GOOS, runtime.GOARCH),
		"unruly.graphqls": "# functions: Query.unruly Mutation.unrulyBecome\nextend type Query {\n  unruly(text: String!): String @public\n}\n\nextend type Mutation {\n  unrulyBecome(how: String!, for: Int!): Int @public\n}\n",
		"author.pub":      string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = bundle.Pack(folder, out)
	if err := errors.Join(err, out.Close(), bundle.Sign(path, private)); err != nil {
		t.Fatal(err)
	}
	return path, key
}

// A host that is killed leaves no process of a plugin behind, and what was committed before is brought to
// the plugin after the restart: each event, once.
func TestEventsOutliveAKilledHost(t *testing.T) {
	url, dir, keys := pgtest.New(t, pgtest.Template{}), t.TempDir(), t.TempDir()
	path, key := listening(t)
	args := []string{"--database-url", url, "--data-dir", dir, "--plugin-keys", keys}
	first := start(t, append([]string{"demo"}, args...)...)
	token := first.setUp()
	for _, command := range [][]string{{"plugin", "trust", key}, {"plugin", "install", path}} {
		if out, err := veche(t, append(command, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", command, err, out)
		}
	}
	data, err := first.ask(token, "", `{ pluginBundles { digest asksKey } }`, nil)
	if err != nil {
		t.Fatal(err)
	}
	one := data["pluginBundles"].([]any)[0].(map[string]any)
	if _, err := first.ask(token, "", `mutation($d: String!, $a: String!) { enablePlugin(input: {name: "unruly", digest: $d, asks: $a}) { userErrors { message } } }`,
		map[string]any{"d": one["digest"], "a": one["asksKey"]}); err != nil {
		t.Fatal(err)
	}
	pid := servingPlugin(first)

	const many = 40
	found := func(p *process, i int) error {
		_, err := p.ask(token, fmt.Sprintf("key-%d", i), createCouncil, map[string]any{"name": fmt.Sprintf("Услышан %d", i)})
		return err
	}
	var answered sync.WaitGroup
	reached := make(chan struct{}, many)
	for i := range many {
		answered.Go(func() {
			_ = found(first, i) // those that are cut off are sent again below
			reached <- struct{}{}
		})
	}
	for range many / 2 {
		<-reached
	}
	first.end(syscall.SIGKILL)
	answered.Wait()
	for began := time.Now(); syscall.Kill(pid, 0) == nil; time.Sleep(10 * time.Millisecond) {
		if time.Since(began) > 5*time.Second {
			t.Fatalf("the plugin's process %d outlives its host", pid)
		}
	}

	second := start(t, append([]string{"serve"}, args...)...)
	for i := range many {
		if err := found(second, i); err != nil {
			t.Fatal(err)
		}
	}
	heardOnce(t, url, many)
	if code := second.end(syscall.SIGTERM); code != 0 {
		t.Errorf("stopped with %d: %s", code, second.log)
	}
}

// servingPlugin waits until the plugin answers, and gives its process.
func servingPlugin(p *process) (pid int) {
	for {
		data, err := p.ask("", "", `mutation { unrulyBecome(how: "", for: 0) }`, nil)
		if err == nil && data["unrulyBecome"] != nil {
			return int(data["unrulyBecome"].(float64))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// heardOnce waits until the plugin has kept an event of each of so many councils, and sees that there are
// no more.
func heardOnce(t *testing.T, url string, many int) {
	t.Helper()
	db, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(t.Context()) }()
	var waiting, events, councils int
	for {
		err := db.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM plugin_deliveries), count(*), count(DISTINCT value) FROM plugin_unruly_kansk.veche_values WHERE key LIKE 'event.%'`).Scan(&waiting, &events, &councils)
		if err != nil {
			t.Fatal(err)
		}
		if waiting == 0 && councils >= many {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if events != many || councils != many {
		t.Errorf("%d events of %d councils were kept; %d councils were made", events, councils, many)
	}
}
