package house_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veche-city/veche/cmd/veche/house"
)

// load is an open loop: a request begins when its moment comes, whatever has become of those before, and
// is measured from that moment on.
type load struct {
	t        testing.TB
	url      string
	client   *http.Client
	rate     int
	core     string // the answer to coreAlone before anything was done
	names    map[string]string
	gone     atomic.Bool // the plugin is not in the schema, or may not be
	stop     chan struct{}
	sending  sync.WaitGroup
	mu       sync.Mutex
	took     []time.Duration // by questions of the core alone
	codes    map[string]int
	releases map[string]int
	sent     int
	right    int // values of the plugin
	wrong    []string
}

const (
	coreAlone  = `{ districts(first: 5) { nodes { id name } } }`
	coreMixed  = `{ districts(first: 5) { nodes { id name unruly } } }`
	pluginOnly = `{ unruly(text: "эхо") unrulyRelease }`
)

// rate is how many requests a second there are; VECHE_CHAOS_RATE says otherwise.
func rate(t testing.TB) int {
	text := os.Getenv("VECHE_CHAOS_RATE")
	if text == "" {
		return 60
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

func newLoad(w *world) *load {
	l := &load{t: w.t, url: w.server.URL + house.Endpoint, rate: rate(w.t), names: map[string]string{}, stop: make(chan struct{}),
		codes: map[string]int{}, releases: map[string]int{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 512}}}
	a := w.send(request{Query: coreAlone})
	l.core = a.text
	for _, one := range at(a.Data, "districts", "nodes").([]any) {
		l.names[at(one, "id").(string)] = at(one, "name").(string)
	}
	return l
}

// begin sends until end is called.
func (l *load) begin() {
	l.sending.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(l.rate))
		defer tick.Stop()
		for n := 0; ; n++ {
			select {
			case <-l.stop:
				return
			case <-tick.C:
				due := time.Now()
				l.sending.Go(func() { l.send(n, due) })
			}
		}
	})
}

func (l *load) end() {
	close(l.stop)
	l.sending.Wait()
	l.client.CloseIdleConnections()
}

// phase gives the times of the core's answers since the last phase.
func (l *load) phase() []time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	took := l.took
	l.took = nil
	return took
}

func p99(took []time.Duration) time.Duration {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}

func (l *load) send(n int, due time.Time) {
	query := []string{coreAlone, coreMixed, coreAlone, pluginOnly}[n%4]
	gone := l.gone.Load()
	body, _ := json.Marshal(request{Query: query})
	res, err := l.client.Post(l.url, "application/json", bytes.NewReader(body))
	if err != nil {
		l.note(err.Error())
		return
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	took := time.Since(due)
	a := &answer{text: string(text)}
	if err != nil || json.Unmarshal(text, a) != nil {
		l.note(fmt.Sprintf("%v: %.300s", err, text))
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if query == coreAlone {
		l.took = append(l.took, took)
		if a.text != l.core {
			l.wrong = append(l.wrong, "the core's answer: "+a.text)
		}
		return
	}
	if (gone || l.gone.Load()) && a.Data == nil && strings.Join(a.codes(), "") == "GRAPHQL_VALIDATION_FAILED" {
		return
	}
	if problem := l.judge(a, query == coreMixed); problem != "" {
		l.wrong = append(l.wrong, problem+": "+a.text)
	}
}

func (l *load) note(problem string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, problem)
}

// judge holds an answer against what is true: a value of the plugin is right, or null with an error at its
// place and a code of plugins; what is the core's is there.
func (l *load) judge(a *answer, mixed bool) string {
	failed := map[string]string{}
	for _, e := range a.Errors {
		code, _ := e.Extensions["code"].(string)
		l.codes[code]++
		if !strings.HasPrefix(code, "PLUGIN_") || code == "PLUGIN_OUTCOME_UNKNOWN" {
			return "an error of another code"
		}
		failed[fmt.Sprint(e.Path)] = code
	}
	value := func(got, want any, path ...any) string {
		_, errored := failed[fmt.Sprintf("%v", path)]
		delete(failed, fmt.Sprintf("%v", path))
		switch {
		case got == nil && !errored:
			return fmt.Sprintf("null without an error at %v", path)
		case got != nil && errored || got != nil && got != want:
			return fmt.Sprintf("a wrong value at %v", path)
		case got != nil:
			l.right++
		}
		return ""
	}
	var problems []string
	if mixed {
		nodes, _ := at(a.Data, "districts", "nodes").([]any)
		if len(nodes) != len(l.names) {
			problems = append(problems, "the core's part is not whole")
		}
		for i, one := range nodes {
			id, _ := at(one, "id").(string)
			if at(one, "name") != l.names[id] {
				problems = append(problems, "the core's part is another")
			}
			problems = append(problems, value(at(one, "unruly"), id, "districts", "nodes", float64(i), "unruly"))
		}
	} else {
		problems = append(problems, value(at(a.Data, "unruly"), "эхо", "unruly"))
		release := at(a.Data, "unrulyRelease")
		if release == "1.0.0" || release == "2.0.0" {
			l.releases[release.(string)]++
		}
		problems = append(problems, value(release, cmpOr(release, "1.0.0", "2.0.0"), "unrulyRelease"))
	}
	for path := range maps.Keys(failed) {
		problems = append(problems, "an error at "+path+", which is nowhere")
	}
	return strings.Join(slices.DeleteFunc(problems, func(p string) bool { return p == "" }), "; ")
}

// cmpOr is got where it is one of those, and the first of them otherwise.
func cmpOr(got any, all ...any) any {
	if slices.Contains(all, got) {
		return got
	}
	return all[0]
}
