package house_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/postgres"
)

const councilChanged = `subscription($id: ID) { councilChanged(id: $id) { eventId kind at council { id name } membership { id post } } }`

// patience is how long a test waits for what must come before it fails instead of hanging.
const patience = 30 * time.Second

// frame is one message of a stream: next with an answer, error with a list of errors, or complete.
type frame struct {
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload"`
}

// stream is a subscription that has begun.
type stream struct {
	t      testing.TB
	frames chan frame
}

// next is the answer of the next message, which must be one.
func (s *stream) next() *answer {
	s.t.Helper()
	f := s.frame()
	a := &answer{text: string(f.Payload)}
	if f.Type != "next" || json.Unmarshal(f.Payload, a) != nil {
		s.t.Fatalf("not an event: %s %s", f.Type, f.Payload)
	}
	return a
}

func (s *stream) frame() frame {
	s.t.Helper()
	select {
	case f, more := <-s.frames:
		if !more {
			s.t.Fatal("the stream broke off")
		}
		return f
	case <-time.After(patience):
		s.t.Fatal("no message came")
	}
	return frame{}
}

// told is what the next event tells: its kind, and names instead of ids.
func (s *stream) told(names map[string]string) string {
	s.t.Helper()
	change := at(s.next().Data, "councilChanged")
	text := fmt.Sprint(at(change, "kind"), " ", names[fmt.Sprint(at(change, "council", "id"))])
	if post := at(change, "membership", "post"); post != nil {
		text += " " + post.(string)
	}
	return text
}

// subscribers is how many subscriptions the house serves.
func (w *world) subscribers() float64 {
	registry := prometheus.NewRegistry()
	registry.MustRegister(w.Events.Collectors()...)
	families, err := registry.Gather()
	must(w.t, err)
	for _, f := range families {
		if f.GetName() == "veche_events_subscribers" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	w.t.Fatal("subscribers are not counted")
	return 0
}

// delivered waits until every event committed so far has been handed out. A subscription may hear
// what was committed just before it began (events come at least once, and late rather than never),
// so a test that counts lets those pass first.
func (w *world) delivered() {
	w.t.Helper()
	ctx, marker := core.WithMunicipality(w.t.Context(), w.Towns.ByKey("kansk")), core.NewID()
	passing := w.Events.Subscribe(ctx, events.Filter{Type: "Marker", Object: marker})
	must(w.t, postgres.InTx(ctx, w.DB, func(ctx context.Context, tx postgres.Tx) error {
		return events.Append(ctx, tx, core.Change{Kind: core.Updated, Type: "Marker", ID: marker}, w.Clock())
	}))
	select {
	case <-passing.Events():
	case <-time.After(patience):
		w.t.Fatal("events are not delivered")
	}
}

// listen opens a subscription and waits until the house serves it.
func (w *world) listen(by func(request) *stream, r request) *stream {
	w.t.Helper()
	w.delivered()
	before := w.subscribers()
	s := by(r)
	for end := time.Now().Add(patience); w.subscribers() <= before; {
		if time.Now().After(end) {
			w.t.Fatal("the subscription does not begin")
		}
		time.Sleep(time.Millisecond)
	}
	return s
}

// socket subscribes over a WebSocket; who asks is told in connection_init.
func (w *world) socket(r request) *stream {
	w.t.Helper()
	conn, response, err := websocket.Dial(w.t.Context(), w.server.URL+house.Endpoint, &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"},
		HTTPHeader: http.Header{"X-Municipality": {r.town}}})
	must(w.t, err)
	if response.Body != nil {
		_ = response.Body.Close()
	}
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	payload := map[string]any{}
	if r.as != "" {
		payload["Authorization"] = "Bearer " + w.tokens[r.as]
	}
	for _, message := range []any{map[string]any{"type": "connection_init", "payload": payload}, map[string]any{"type": "subscribe", "id": "1", "payload": r}} {
		data, err := json.Marshal(message)
		must(w.t, err)
		must(w.t, conn.Write(w.t.Context(), websocket.MessageText, data))
	}
	s := &stream{t: w.t, frames: make(chan frame, 100)}
	go func() {
		defer close(s.frames)
		for {
			_, data, err := conn.Read(context.Background()) // ended by closing
			if err != nil {
				return
			}
			var f frame
			if json.Unmarshal(data, &f) == nil && f.Type != "connection_ack" && f.Type != "ping" {
				s.frames <- f
			}
		}
	}()
	return s
}

// events subscribes by server-sent events.
func (w *world) events(r request) *stream {
	w.t.Helper()
	body, err := json.Marshal(r)
	must(w.t, err)
	ctx, cancel := context.WithCancel(w.t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.server.URL+house.Endpoint, bytes.NewReader(body))
	must(w.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream")
	if r.as != "" {
		req.Header.Set("Authorization", "Bearer "+w.tokens[r.as])
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	w.t.Cleanup(func() { cancel(); _ = res.Body.Close() })
	s := &stream{t: w.t, frames: make(chan frame, 100)}
	go func() {
		defer close(s.frames)
		f := frame{}
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if event, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				f.Type = event
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
				f.Payload = json.RawMessage(data)
				s.frames <- f
			}
		}
	}()
	return s
}

// rename changes a body's name, so that there is something to hear.
func (w *town) rename(council string) {
	w.t.Helper()
	v := at(w.ask(request{as: w.admin, Query: `query($id: ID!) { council(id: $id) { version } }`, Variables: map[string]any{"id": council}}), "council", "version")
	w.done(w.admin, "updateCouncil", "council { id }", map[string]any{"id": council, "expectedVersion": v, "name": fmt.Sprintf("Совет, редакция %v", v)})
}

// Whoever watches all, or one, hears exactly that, in order, by either transport; and nothing of
// another municipality.
func TestCouncilChanged(t *testing.T) {
	w := newTown(t)
	second := w.administrator("achinsk")
	one, other := w.council(), w.council()
	names := map[string]string{one: "one", other: "other"}
	ofOne := request{Query: councilChanged, Variables: map[string]any{"id": one}}
	all := w.listen(w.socket, request{Query: councilChanged})
	socket, events := w.listen(w.socket, ofOne), w.listen(w.events, ofOne)

	w.rename(one)
	seat := w.seat(one, 0, "post", "CHAIR")
	w.done(w.admin, "startTerm", "term { id }", map[string]any{"councilId": one, "startsOn": "2013-01-20"})
	w.rename(other)
	w.do(request{as: second, town: "achinsk", Query: `mutation($in: CreateCouncilInput!) { createCouncil(input: $in) { userErrors { message } } }`,
		Variables: map[string]any{"in": map[string]any{"kind": "PUBLIC_COUNCIL", "name": "Ачинский", "foundingAct": "Акт", "foundedOn": "2013-01-01"}}})
	w.done(w.admin, "endMembership", "membership { id }", map[string]any{"id": seat, "expectedVersion": 1, "endsOn": "2013-01-31", "reason": "RESIGNED"})
	w.done(w.admin, "dissolveCouncil", "council { id }", map[string]any{"id": one, "expectedVersion": 2, "dissolvedOn": "2013-02-01", "reason": "Проба"})

	mine := []string{"UPDATED one", "CREATED one CHAIR", "CREATED one", "ENDED one CHAIR", "ENDED one", "ENDED one"} // the last: the term
	everything := []string{mine[0], mine[1], mine[2], "UPDATED other", mine[3], mine[4], mine[5]}
	for name, c := range map[string]struct {
		heard *stream
		want  []string
	}{"all": {all, everything}, "by socket": {socket, mine}, "by events": {events, mine}} {
		for n, want := range c.want {
			if got := c.heard.told(names); got != want {
				t.Errorf("%s, event %d: %q, want %q", name, n, got, want)
			}
		}
	}
	// One event has one id, whoever hears it.
	w.rename(one)
	ids := map[any]bool{}
	for _, s := range []*stream{all, socket, events} {
		id := at(s.next().Data, "councilChanged", "eventId")
		if id == nil {
			t.Error("an event without an id")
		}
		ids[id] = true
	}
	w.rename(one)
	ids[at(all.next().Data, "councilChanged", "eventId")] = true
	if len(ids) != 2 {
		t.Errorf("two events have the ids %v", ids)
	}
	for name, id := range map[string]string{"another type's": w.persons[0], "not an id": "42"} {
		// A stream that cannot begin has one answer, which says why.
		a := w.events(request{Query: councilChanged, Variables: map[string]any{"id": id}}).next()
		if !slices.Equal(a.codes(), []string{"BAD_USER_INPUT"}) {
			t.Errorf("%s: %s", name, a.text)
		}
	}
}

// Rights are asked at every event: a session that ended ends the stream, and a body that may no
// longer be seen is silent.
func TestRightsOfAStream(t *testing.T) {
	w := newTown(t)
	one, other := w.council(), w.council()
	names := map[string]string{one: "one", other: "other"}
	w.done(w.admin, "createRole", "role { id }", map[string]any{"key": "shut_out", "name": map[string]any{"en": "Shut out", "ru": "Не допущен"}, "description": map[string]any{"en": "—", "ru": "—"}})
	account := w.account(w.admin, "watcher", "", "shut_out", "")
	watching := request{as: "watcher", Query: councilChanged}
	socket, events := w.listen(w.socket, watching), w.listen(w.events, watching)
	heard := func(want string) {
		t.Helper()
		for _, s := range []*stream{socket, events} {
			if got := s.told(names); got != want {
				t.Errorf("heard %q, want %q", got, want)
			}
		}
	}
	w.rename(other)
	heard("UPDATED other")
	w.done(w.admin, "addRoleRule", "role { id }", map[string]any{"role": "shut_out", "scopeId": other, "permission": "councils:read", "effect": "DENY"})
	w.rename(other)
	w.seat(other, 0)
	w.rename(one)
	heard("UPDATED one")

	version := at(w.ask(request{as: w.admin, Query: `query($id: ID!) { account(id: $id) { version } }`, Variables: map[string]any{"id": account}}), "account", "version")
	w.done(w.admin, "disableAccount", "account { id }", map[string]any{"id": account, "expectedVersion": version})
	w.rename(one)
	for name, s := range map[string]*stream{"socket": socket, "events": events} {
		var ends []string
		for last := ""; last != "complete" && last != "error"; {
			f := s.frame()
			last = f.Type
			a := &answer{}
			_ = json.Unmarshal(f.Payload, a) // complete has none
			ends = append(ends, fmt.Sprint(f.Type, a.codes()))
			if at(a.Data, "councilChanged", "council") != nil {
				t.Errorf("%s shows the council after the session ended: %s", name, f.Payload)
			}
		}
		if diff := cmp.Diff([]string{"next[UNAUTHENTICATED]", "complete[]"}, ends); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What an event shows goes by the rights at that moment, not by those at the event before.
func TestAnEventShowsWhatMayBeSeenNow(t *testing.T) {
	w := newTown(t)
	council, born := w.council(), w.person(w.admin, "Рождённая")
	account := w.account(w.admin, "watcher", "", "clerk", "")
	question := request{as: "watcher", Query: `subscription { councilChanged { membership { person { name personal { birthDate } } } } }`}
	heard := []*stream{w.listen(w.socket, question), w.listen(w.events, question)}
	w.seat(council, 0, "personId", born)
	for _, s := range heard {
		if got := s.next(); at(got.Data, "councilChanged", "membership", "person", "personal", "birthDate") != "1970-05-01" {
			t.Errorf("a clerk is shown %s", got.text)
		}
	}
	held := at(w.ask(request{as: w.admin, Query: `query($id: ID!) { roleAssignments(filter: {account: {eq: $id}}) { nodes { id version } } }`, Variables: map[string]any{"id": account}}), "roleAssignments", "nodes", 0)
	w.done(w.admin, "endRoleAssignment", "roleAssignment { id }", map[string]any{"id": at(held, "id"), "expectedVersion": at(held, "version"), "endsOn": "2013-01-31"})
	w.seat(w.council(), 0, "personId", born)
	for _, s := range heard {
		s.next() // the council is founded
		got := s.next()
		person := at(got.Data, "councilChanged", "membership", "person")
		if at(person, "name") == nil || at(person, "personal") != nil || !slices.Equal(got.codes(), []string{"FORBIDDEN"}) {
			t.Fatalf("a clerk no longer is shown %s", got.text)
		}
		if diff := cmp.Diff([]any{"councilChanged", "membership", "person", "personal"}, got.Errors[0].Path); diff != "" {
			t.Errorf("the error's path: %s", diff)
		}
	}
}
