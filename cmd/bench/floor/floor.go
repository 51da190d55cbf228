// Package floor answers the benchmark's operations as fast as Go, pgx and one Postgres can: one
// hand-written, prepared statement an operation, its binary rows written straight to JSON. It is
// what Veche is measured against, and is not part of the product.
//
// It is kept honest: it reads the same requests, finds the municipality by the header, and filters
// by it and by what the anonymous may see (a person only who holds or held a seat or a post). What it
// changes it changes whole: with the right checked, the audit row and the event. The GraphQL text is
// not looked at: the operation goes by its name. What it answers is the same, byte by byte; the
// benchmark and this folder's tests see to that.
package floor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Path is where it answers.
const Path = "/graphql"

const mostBody = 1 << 20

// server is what all requests share.
type server struct {
	pool    *pgxpool.Pool
	towns   map[string]town
	buffers sync.Pool
}

// town is a municipality as the statements need it.
type town struct {
	id   [16]byte
	zone *time.Location
}

func (t town) today() time.Time { return time.Now().In(t.zone) }

// asked is one request, read.
type asked struct {
	town          town
	token         string // as it was sent; empty: the anonymous
	OperationName string `json:"operationName"`
	Variables     struct {
		ID      string   `json:"id"`
		IDs     []string `json:"ids"`
		On      string   `json:"on"`
		After   string   `json:"after"`
		Basis   string   `json:"basis"`
		Council string   `json:"council"`
		Person  string   `json:"person"`
	} `json:"variables"`
}

// operation appends the data that was asked for.
type operation func(ctx context.Context, s *server, q *asked, out []byte) ([]byte, error)

func find(name string) (operation, error) {
	switch name {
	case "Council":
		return council, nil
	case "CommunityCouncils":
		return communityCouncils, nil
	case "Seats":
		return seats, nil
	case "Persons":
		return persons, nil
	case "Nodes":
		return nodes, nil
	case "AddMember":
		return addMember, nil
	}
	return nil, fmt.Errorf("the floor has no operation %q", name)
}

// Handler reads the municipalities once and answers for them from then on. The pool stays the
// caller's.
func Handler(ctx context.Context, pool *pgxpool.Pool) (http.Handler, error) {
	s := &server{pool: pool, towns: map[string]town{}, buffers: sync.Pool{New: func() any { return new([]byte) }}}
	rows, err := pool.Query(ctx, "SELECT key, id, time_zone FROM municipalities")
	if err != nil {
		return nil, err
	}
	var key, zone string
	var t town
	_, err = pgx.ForEachRow(rows, []any{&key, &t.id, &zone}, func() (err error) {
		t.zone, err = time.LoadLocation(zone)
		s.towns[key] = t
		return err
	})
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+Path, s.answer)
	return mux, err
}

func (s *server) answer(w http.ResponseWriter, r *http.Request) {
	buffer := s.buffers.Get().(*[]byte)
	defer s.buffers.Put(buffer)
	out, err := s.respond(r, (*buffer)[:0])
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	*buffer = out
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	_, _ = w.Write(out) // a client that went away is its own concern
}

func (s *server) respond(r *http.Request, out []byte) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, mostBody))
	if err != nil {
		return nil, err
	}
	var q asked
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, err
	}
	var known bool
	if q.town, known = s.towns[r.Header.Get("X-Municipality")]; !known {
		return nil, errors.New("no such municipality")
	}
	q.token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	operation, err := find(q.OperationName)
	if err != nil {
		return nil, err
	}
	out, err = operation(r.Context(), s, &q, append(out, `{"data":`...))
	return append(out, '}'), err
}

// each runs the statement, prepared and with binary results, and gives each row as it came.
func (s *server) each(ctx context.Context, statement string, arguments []any, row func(values [][]byte)) error {
	rows, err := s.pool.Query(ctx, statement, append([]any{pgx.QueryResultFormats{pgx.BinaryFormatCode}}, arguments...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row(rows.RawValues())
	}
	return rows.Err()
}
