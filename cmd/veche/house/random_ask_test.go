package house_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core/coretest/randomop"
)

// The two ways of reading, as the header X-Veche-Reads names them.
const (
	compiledReads  = "compiled"
	resolversReads = "resolvers"
)

// question is an operation with whoever asks it.
type question struct {
	op       *randomop.Operation
	by       caller
	language string
	key      string // Idempotency-Key
}

func (q question) String() string {
	variables, _ := json.Marshal(q.op.Variables) // they went over the wire as JSON
	return fmt.Sprintf("as %s, %s:\n%svariables: %s", q.by, q.language, q.op.Text(), variables)
}

// reply is what came back, and what is on record since.
type reply struct {
	status int
	body   string
	log    string // whose personal data was noted as seen
}

// put asks a question in one of the two ways. The request's own id is masked. What the reading of
// personal data left in the log is taken out again, so that the next way finds the same log; it
// must be the same both ways, too.
func (s *stillWorld) put(q question, way string) (reply, error) {
	return s.putText(q, q.op.Text(), q.op.Variables, way)
}

func (s *stillWorld) putText(q question, text string, variables map[string]any, way string) (reply, error) {
	body, err := json.Marshal(map[string]any{"query": text, "variables": variables})
	if err != nil {
		return reply{}, err
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.server.URL+house.Endpoint, bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "Accept-Language": q.language, "X-Municipality": q.by.town,
		"X-Acting-For": q.by.actingFor, "Idempotency-Key": q.key, "X-Veche-Reads": way, "Authorization": s.tokens[q.by.login]} {
		if name == "Authorization" && value != "" {
			value = "Bearer " + value
		}
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}, err
	}
	r, id := reply{status: res.StatusCode, body: string(answer)}, res.Header.Get("X-Request-Id")
	if seesPersonal(q.op) {
		r.log, err = s.takeLog(id)
	}
	r.body = strings.ReplaceAll(r.body, id, "…")
	return r, err
}

// takeLog removes what a request left in the log of who saw whose personal data, and tells it: each
// person with each column, once.
func (s *stillWorld) takeLog(request string) (string, error) {
	var rows []struct {
		PersonID uuid.UUID  `bun:"person_id"`
		Reader   *uuid.UUID `bun:"reader_id"`
		Kind     string     `bun:"reader_kind"`
		Action   string     `bun:"action"`
		Columns  []string   `bun:"columns,array"`
	}
	err := s.DB.NewRaw(`DELETE FROM personal_data_accesses WHERE request_id = ? RETURNING person_id, reader_id, reader_kind, action, columns`, request).
		Scan(s.t.Context(), &rows)
	var seen []string
	for _, row := range rows {
		for _, column := range row.Columns {
			seen = append(seen, fmt.Sprint(row.PersonID, " ", column, " ", row.Action, " ", row.Kind, " ", row.Reader != nil))
		}
	}
	slices.Sort(seen)
	return strings.Join(slices.Compact(seen), "\n"), err
}

// seesPersonal says whether the operation may leave rows in that log.
func seesPersonal(op *randomop.Operation) bool {
	for c := range op.Uses {
		if c == "Person.personal" || c == "Query.personalDataExport" || strings.HasPrefix(c, "PersonalData.") {
			return true
		}
	}
	return false
}

// difference tells the first place where two replies differ; "" when they do not.
func difference(a, b reply) string {
	switch {
	case a.status != b.status:
		return fmt.Sprintf("status %d and %d\n%.600s\n%.600s", a.status, b.status, a.body, b.body)
	case a.body != b.body:
		n := 0
		for n < min(len(a.body), len(b.body)) && a.body[n] == b.body[n] {
			n++
		}
		from := max(0, n-200)
		return fmt.Sprintf("from byte %d\n…%.600s\n…%.600s", n, a.body[from:], b.body[from:])
	case a.log != b.log:
		return "in the log of who saw personal data:\n" + a.log + "\nand\n" + b.log
	}
	return ""
}
