package house_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/veche-city/veche/cmd/veche/house"
)

// Ten thousand rows through nested lists are refused before anything is read.
func TestTenThousandRowsAreRefused(t *testing.T) {
	w := newWorld(t)
	for name, query := range map[string]string{
		"written out":  `{ councils(first: 100) { nodes { members(first: 100) { nodes { id } } } } }`,
		"by aliases":   `{ a: councils(first: 50) { nodes { members(first: 100) { nodes { id } } } } b: councils(first: 50) { nodes { members(first: 100) { nodes { id } } } } }`,
		"by variables": `query($n: Int = 100) { councils(first: $n) { nodes { members(first: $n) { nodes { id } } } } }`,
		"by edges":     `{ councils(first: 100) { edges { node { members(first: 100) { edges { cursor } } } } } }`,
		"by types":     `{ councils(first: 100) { nodes { members(first: 100) { nodes { __typename } } } } }`,
		"three levels": `{ councils(first: 25) { nodes { members { nodes { person { memberships { nodes { id } } } } } } } }`,
	} {
		var a *answer
		statements := w.statements.during(func() { a = w.send(request{Query: query}) })
		if !slices.Equal(a.codes(), []string{"COMPLEXITY_LIMIT_EXCEEDED"}) || a.Data != nil || len(statements) > 0 {
			t.Errorf("%s: %d %.300s\n%s", name, a.Status, a.text, strings.Join(statements, "\n"))
			continue
		}
		t.Logf("%s: %s", name, a.Errors[0].Message)
	}
	if a := w.send(request{Query: `{ councils(first: 20) { nodes { members(first: 20) { nodes { id } } } } }`}); len(a.Errors) > 0 {
		t.Errorf("four hundred: %s", a.text)
	}
}

// Who goes away takes the statement along: it does not wait in Postgres for what nobody reads.
func TestACancelledRequestEndsItsStatement(t *testing.T) {
	w := newWorld(t)
	lock, err := w.DB.Pool.Begin(t.Context())
	must(t, err)
	defer func() { _ = lock.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = lock.Exec(t.Context(), "LOCK TABLE councils IN ACCESS EXCLUSIVE MODE")
	must(t, err)
	waiting := func(want int) {
		for got := -1; got != want; {
			must(t, w.DB.Pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&got))
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL+house.Endpoint, strings.NewReader(`{"query":"{ councils { totalCount } }"}`))
	must(t, err)
	req.Header.Set("Content-Type", "application/json")
	ended := make(chan error)
	go func() {
		res, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = res.Body.Close()
		}
		ended <- err
	}()
	waiting(1)
	cancel()
	if err := <-ended; err == nil {
		t.Error("the request was answered")
	}
	waiting(0)
	must(t, lock.Rollback(t.Context()))
	if a := w.send(request{Query: `{ councils { totalCount } }`}); len(a.Errors) > 0 {
		t.Errorf("afterwards: %s", a.text)
	}
}
