package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/veche-city/veche/cmd/bench/floor"
	"github.com/veche-city/veche/cmd/bench/usage"
	"github.com/veche-city/veche/cmd/veche/demo"
	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
)

// servers are both, over one database filled as the benchmark fills its own, only smaller.
func servers(t *testing.T) (veche, hand http.Handler, db *pgx.Conn) {
	shared := coretest.Database(t)
	h, err := house.Open(t.Context(), shared, house.Settings{MaxPage: 1000}, time.Now, coretest.Quiet(), func(string) {})
	must(t, err)
	t.Cleanup(func() { must(t, h.Close()) })
	must(t, demo.Load(t.Context(), h, func(string) {}))
	must(t, h.Towns.Add(t.Context(), &core.Municipality{Key: secondTown, Name: core.T("Neighbour", "Соседний город"), TimeZone: "Asia/Krasnoyarsk"}))
	must(t, h.Settle(t.Context()))
	url := shared.Pool.Config().ConnString()
	db, err = pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { must(t, db.Close(context.Background())) })
	must(t, fill(t.Context(), db, amount{2400, 12, leastRows}))
	veche, err = h.Handler()
	must(t, err)
	pool, err := openPool(t.Context(), url, 4)
	must(t, err)
	t.Cleanup(pool.Close)
	hand, err = floor.Handler(t.Context(), pool)
	must(t, err)
	return veche, hand, db
}

func listen(t *testing.T, handler http.Handler) *client {
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &client{address: strings.TrimPrefix(server.URL, "http://")}
}

// One database serves all: first that a floor which says anything else is found out, for each
// operation and in either municipality, then that the real one says the same, and does the same.
func TestAnswers(t *testing.T) {
	vecheHandler, floorHandler, db := servers(t)
	veche, hand := listen(t, vecheHandler), listen(t, floorHandler)
	for _, o := range operations() {
		if o.seats != nil {
			continue
		}
		for _, town := range []string{firstTown, secondTown} {
			other := listen(t, spoilt(floorHandler, town))
			if _, err := compare(t.Context(), veche, other, o); err == nil || !strings.Contains(err.Error(), "differ") {
				t.Errorf("%s: a floor that answers otherwise in %s was not found out: %v", o.Key, town, err)
			}
		}
		size, err := compare(t.Context(), veche, hand, o)
		if err != nil {
			t.Error(err)
		}
		if size < 2000 {
			t.Errorf("%s: %d bytes on average are not what is to be measured", o.Key, size)
		}
	}
	farPageIsReached(t, veche, db)
	floorRefuses(t, veche, hand, db)
	floorChanges(t, veche, hand, db)
}

// spoilt changes one letter in what the handler answers in one municipality.
func spoilt(handler http.Handler, town string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen := httptest.NewRecorder()
		handler.ServeHTTP(seen, r)
		body := seen.Body.Bytes()
		if r.Header.Get("X-Municipality") == town {
			body = bytes.Replace(body, []byte("о"), []byte("o"), 1)
		}
		_, _ = w.Write(body)
	})
}

func TestAskRefusesErrors(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"errors":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"errors":[{}],"data":{}}`) },
		"status":  func(w http.ResponseWriter, _ *http.Request) { http.Error(w, `{"data":{}}`, http.StatusBadGateway) },
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `<html>`) },
	} {
		if _, err := listen(t, answer).ask(t.Context(), firstTown, []byte("{}")); err == nil {
			t.Errorf("%s was taken for an answer", name)
		}
	}
}

func TestSettingsRefused(t *testing.T) {
	if _, err := choose([]string{"B1", "B77"}); err == nil || !strings.Contains(err.Error(), "B2") {
		t.Errorf("an unknown operation must be refused with those that there are: %v", err)
	}
	good := benchCommand{Duration: time.Second, Rounds: 1, Connections: []int{1}, Rows: leastRows, setting: setting{Persons: 280, Councils: 10, Pool: 1}}
	must(t, good.Validate())
	for name, spoil := range map[string]func(*benchCommand){
		"duration": func(c *benchCommand) { c.Duration = time.Millisecond }, "rounds": func(c *benchCommand) { c.Rounds = 0 },
		"connections": func(c *benchCommand) { c.Connections = []int{1, 0} }, "persons": func(c *benchCommand) { c.Persons = 279 },
		"rows": func(c *benchCommand) { c.Rows = 0 }, "open": func(c *benchCommand) { c.Open = -1 }, "pool": func(c *benchCommand) { c.Pool = 0 },
	} {
		c := good
		if spoil(&c); c.Validate() == nil {
			t.Errorf("a wrong --%s was let through", name)
		}
	}
}

// What was set is taken down: the server of our own with its folder, and on a server that was named
// the database that was made there. The one that was named is never used itself.
func TestStageIsStruck(t *testing.T) {
	own, c := &stage{}, &setting{}
	t.Cleanup(func() { must(t, own.strike()) })
	must(t, own.makeFolder(t.Context(), c))
	must(t, own.startPostgres(t.Context(), c))
	named := &stage{}
	must(t, named.startPostgres(t.Context(), &setting{DatabaseURL: own.server.SuperuserURL("postgres")}))
	made := named.db.Config().Database
	if made == "postgres" {
		t.Error("the named database itself is used")
	}
	must(t, named.seePostmaster(t.Context(), c))
	if usage.Measured() && named.postmaster == 0 {
		t.Error("Postgres runs here, and its processes were not found")
	}
	must(t, named.strike())
	var left bool
	must(t, own.db.QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", made).Scan(&left))
	if left {
		t.Errorf("%s was left behind", made)
	}
	must(t, own.strike())
	if _, err := os.Stat(own.folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
	select {
	case <-own.server.Done():
	default:
		t.Error("Postgres still runs")
	}
	if err := (&stage{}).makeDatabase(t.Context(), "somewhere"); err == nil {
		t.Error("what is no address was taken for one")
	}
}

func TestMedians(t *testing.T) {
	f := func(rate, server float64) figures { return figures{Rate: rate, Server: server, Postgres: 1} }
	all := []figures{f(30, 5), f(10, 1), f(20, 3)}
	if m := medians(all); m.Rate != 20 || m.cpu() != 4 {
		t.Errorf("the middle of three: %+v", m)
	}
	if m := medians(all[:2]); m.Rate != 20 || m.cpu() != 4 {
		t.Errorf("between two: %+v", m)
	}
	if got := apart(all); got != 1 {
		t.Errorf("2 to 6 by 4 is 1, not %v", got)
	}
}

// An open loop goes by Veche's rate at 16 connections, or what is nearest to it.
func TestRateOfTheOpenLoop(t *testing.T) {
	at := func(connections int, rate float64) result {
		return result{Operation: "B1", Connections: connections, Veche: figures{Rate: rate}}
	}
	other := result{Operation: "B2", Connections: 16, Veche: figures{Rate: 9}}
	for want, closed := range map[float64][]result{
		200: {other, at(1, 100), at(16, 200), at(64, 300)}, 300: {at(64, 300), other}, 100: {at(1, 100), at(64, 300)},
	} {
		if got := rateOf(closed, "B1"); got != want {
			t.Errorf("%v, not %v", got, want)
		}
	}
}

func TestReportSaysWhatIsNotMeasured(t *testing.T) {
	r := report{settings: &benchCommand{Rounds: 1}, machine: "a machine", results: []result{{Operation: "B1", Connections: 1, Veche: figures{Rate: 10}, Floor: figures{Rate: 20}}},
		open: []openResult{{Operation: "B1", Rate: 3, Veche: latencies{P50: 1.25}}}}
	for _, markdown := range []bool{true, false} {
		var out bytes.Buffer
		must(t, r.print(&out, markdown))
		if text := out.String(); !strings.Contains(text, "CPU is not measured") || !strings.Contains(text, "0.50") || !strings.Contains(text, "1.25") {
			t.Errorf("markdown %v:\n%s", markdown, text)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
