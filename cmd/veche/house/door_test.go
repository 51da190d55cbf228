package house_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/cmd/veche/house"
)

// raw sends a request as it stands, and gives the response with its whole body.
func (w *world) raw(method, path, body string, header http.Header) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), method, w.server.URL+path, strings.NewReader(body))
	must(w.t, err)
	req.Header = header
	if host := header.Get("Host"); host != "" {
		req.Host = host
	}
	res, err := http.DefaultClient.Do(req)
	must(w.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	must(w.t, err)
	return res, string(text)
}

func TestTheDoor(t *testing.T) {
	w := newTown(t)
	w.run(t, "examples", examplesAreAnswered)
	w.run(t, "municipality", whichMunicipality)
	w.run(t, "idempotency", keysOfRefusals)
	w.run(t, "service token", aServiceToken)
	w.run(t, "cookie", aBrowser)
	w.run(t, "GET", byGet)
	w.run(t, "persisted", persistedQueries)
	w.run(t, "selections", selections)
	w.run(t, "admin", adminAddress)
}

// What GraphiQL opens with is answered, and not by nothing.
func examplesAreAnswered(t *testing.T, w *town) {
	for _, example := range house.Examples {
		var variables map[string]any
		must(t, json.Unmarshal([]byte(example.Variables), &variables))
		a := w.send(request{Query: example.Query, Variables: variables})
		if len(a.Errors) > 0 || strings.Contains(a.text, `"nodes":[]`) || strings.Contains(a.text, "null") && !strings.Contains(a.text, `"organisation":null`) {
			t.Errorf("%s: %.400s", example.Title, a.text)
		}
	}
	if len(house.Examples) < 3 {
		t.Errorf("only %d examples", len(house.Examples))
	}
	if res, page := w.raw(http.MethodGet, "/", "", http.Header{}); res.StatusCode != 200 || !strings.Contains(page, "councilCoverage") {
		t.Errorf("GraphiQL: %d %.200s", res.StatusCode, page)
	}
}

// The header names the municipality, else the host does, else it is the default; a name that
// nobody bears is told, and never taken for the default.
func whichMunicipality(t *testing.T, w *town) {
	_, err := w.DB.Exec(`UPDATE municipalities SET hosts = '{achinsk.example}' WHERE key = 'achinsk'`)
	must(t, err)
	must(t, w.Towns.Reload(t.Context()))
	for _, c := range []struct{ header, host, want string }{
		{"", "", "kansk"}, {"achinsk", "", "achinsk"}, {"", "achinsk.example", "achinsk"}, {"", "ACHINSK.example.:8080", "achinsk"},
		{"kansk", "achinsk.example", "kansk"}, {"", "other.example", "kansk"}, {"atlantis", "achinsk.example", ""},
	} {
		header := http.Header{"Content-Type": {"application/json"}, "Host": {c.host}}
		if c.header != "" {
			header.Set("X-Municipality", c.header)
		}
		res, text := w.raw(http.MethodPost, house.Endpoint, `{"query":"{ municipality { key } }"}`, header)
		if c.want == "" {
			if res.StatusCode != 404 || !strings.Contains(text, "NOT_FOUND") {
				t.Errorf("%+v: %d %s", c, res.StatusCode, text)
			}
		} else if !strings.Contains(text, `"key":"`+c.want+`"`) {
			t.Errorf("%+v: %s", c, text)
		}
	}
}

// A refusal keeps no key: the form is mended and sent again under the same one.
func keysOfRefusals(t *testing.T, w *town) {
	send := func(name, key string) *answer {
		return w.send(request{as: w.admin, with: map[string]string{"Idempotency-Key": key}, Query: `mutation($in: CreateCouncilInput!) { createCouncil(input: $in) { council { id } userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"kind": "PUBLIC_COUNCIL", "name": name, "foundingAct": "Акт", "foundedOn": "2013-01-01"}}})
	}
	for _, key := range []string{"mend-me", `"quoted"`} {
		if got := outcome(send(" ", key), "createCouncil"); got != "BAD_USER_INPUT" {
			t.Errorf("%s: a name of nothing: %s", key, got)
		}
		first := send("Исправленный", key)
		if got := outcome(first, "createCouncil"); got != "done" {
			t.Errorf("%s: mended: %s", key, got)
		}
		if again := send("Исправленный", key); !cmp.Equal(again.Data, first.Data) {
			t.Errorf("%s: again: %s, first %s", key, again.text, first.text)
		}
	}
	if got := outcome(send("Длинный", strings.Repeat("k", 201)), "createCouncil"); got != "BAD_USER_INPUT" {
		t.Errorf("a key too long: %s", got)
	}
}

// A program's token does what was chosen for it and nothing else, until it is revoked.
func aServiceToken(t *testing.T, w *town) {
	w.account(w.admin, "teller", "", "clerk", "")
	in := map[string]any{"name": "Импорт", "permissions": []string{"people:read", "councils:read", "councils:seat"}, "expiresAt": "2013-03-01T00:00:00Z"}
	if got := w.came("teller", "createServiceToken", in); got != "FORBIDDEN" {
		t.Errorf("a clerk issues one: %q", got)
	}
	issued := w.done(w.admin, "createServiceToken", "token serviceToken { id usedAt }", in)
	w.tokens["program"] = issued["token"].(string)
	council := w.council()
	if got := at(w.ask(request{as: "program", Query: `{ viewer { kind permissions } }`}), "viewer"); at(got, "kind") != "SERVICE" || !slices.Contains(at(got, "permissions").([]any), any("councils:seat")) {
		t.Errorf("viewer: %v", got)
	}
	add := map[string]any{"councilId": council, "personId": w.persons[0], "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"}
	if got := w.came("program", "dissolveCouncil", map[string]any{"id": council, "expectedVersion": 1, "dissolvedOn": "2013-02-01", "reason": "Проба"}); got != "FORBIDDEN" {
		t.Errorf("beyond its rights: %q", got)
	}
	if got := w.came("program", "addMember", add); got != "" {
		t.Errorf("within its rights: %q", got)
	}
	entry := at(w.ask(request{as: w.admin, Query: `{ auditEntries(first: 1) { nodes { actorKind action } } }`}), "auditEntries", "nodes", 0)
	if diff := cmp.Diff(map[string]any{"actorKind": "SERVICE", "action": "addMember"}, entry); diff != "" {
		t.Error(diff)
	}
	w.done(w.admin, "revokeServiceToken", "serviceToken { revokedAt }", map[string]any{"id": at(issued, "serviceToken", "id")})
	if a := w.send(request{as: "program", Query: `{ viewer { kind } }`}); a.Status != 401 || !slices.Equal(a.codes(), []string{"UNAUTHENTICATED"}) {
		t.Errorf("revoked: %d %s", a.Status, a.text)
	}
}

// A browser signs in by a cookie that no script reads and no foreign page uses.
func aBrowser(t *testing.T, w *town) {
	w.account(w.admin, "browser", "", "", "")
	header := http.Header{"Content-Type": {"application/json"}, "Origin": {w.server.URL}, "Sec-Fetch-Site": {"same-origin"}}
	body, err := json.Marshal(request{Query: `mutation($in: SignInInput!) { signIn(input: $in) { token viewer { kind } userErrors { code } } }`,
		Variables: map[string]any{"in": map[string]any{"login": "browser", "password": password}}})
	must(t, err)
	res, text := w.raw(http.MethodPost, house.Endpoint, string(body), header)
	cookies := res.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteLaxMode || !strings.Contains(text, `"token":null`) {
		t.Fatalf("signed in with %v: %s", cookies, text)
	}
	header.Set("Cookie", cookies[0].Name+"="+cookies[0].Value)
	const who = `{"query":"{ viewer { kind } }"}`
	if _, text := w.raw(http.MethodPost, house.Endpoint, who, header); !strings.Contains(text, "ACCOUNT") {
		t.Errorf("with the cookie: %s", text)
	}
	for name, change := range map[string][2]string{"of a foreign origin": {"Origin", "https://evil.example"}, "as a form": {"Content-Type", "text/plain"}} {
		foreign := header.Clone()
		foreign.Set(change[0], change[1])
		if change[0] == "Origin" {
			foreign.Set("Sec-Fetch-Site", "cross-site")
		}
		if res, text := w.raw(http.MethodPost, house.Endpoint, who, foreign); res.StatusCode != 403 || strings.Contains(text, "ACCOUNT") {
			t.Errorf("%s: %d %s", name, res.StatusCode, text)
		}
	}
	res, _ = w.raw(http.MethodPost, house.Endpoint, `{"query":"mutation { signOut(input: {}) { viewer { kind } } }"}`, header)
	if gone := res.Cookies(); len(gone) != 1 || gone[0].MaxAge >= 0 {
		t.Errorf("signed out with %v", gone)
	}
	if _, text := w.raw(http.MethodPost, house.Endpoint, who, header); !strings.Contains(text, "ANONYMOUS") {
		t.Errorf("with the cookie of an ended session: %s", text)
	}
}

func byGet(t *testing.T, w *town) {
	get := func(query string) (*http.Response, string) {
		return w.raw(http.MethodGet, house.Endpoint+"?query="+url.QueryEscape(query)+"&variables="+url.QueryEscape(`{"day":"2012-12-31"}`), "", http.Header{"Accept": {"application/json"}})
	}
	if res, text := get(`query($day: Date!) { councilCoverage(asOf: $day) { covered } }`); res.StatusCode != 200 || text != `{"data":{"councilCoverage":{"covered":13}}}` {
		t.Errorf("%d %s", res.StatusCode, text)
	}
	if res, text := get(`mutation { signOut(input: {}) { viewer { kind } } }`); res.StatusCode != 405 {
		t.Errorf("a mutation: %d %s", res.StatusCode, text)
	}
}

func persistedQueries(t *testing.T, w *town) {
	const query = `{ municipality { key } }`
	sum := sha256.Sum256([]byte(query))
	ask := func(hash, query string) *answer {
		body, err := json.Marshal(map[string]any{"query": query, "extensions": map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}})
		must(t, err)
		return w.sendBytes(request{}, body)
	}
	hash := hex.EncodeToString(sum[:])
	if a := ask(hash, ""); !slices.Equal(a.codes(), []string{"PERSISTED_QUERY_NOT_FOUND"}) {
		t.Errorf("not known yet: %s", a.text)
	}
	if a := ask(strings.Repeat("0", 64), query); len(a.codes()) != 1 {
		t.Errorf("a wrong hash: %s", a.text)
	}
	for _, text := range []string{query, ""} {
		if a := ask(hash, text); at(a.Data, "municipality", "key") != "kansk" {
			t.Errorf("%q: %s", text, a.text)
		}
	}
}

// Aliases, fragments and directives shape an answer, and one field may be asked twice with
// different arguments at every depth.
func selections(t *testing.T, w *town) {
	council := w.council("districtId", w.district(5))
	w.seat(council, 0, "post", "CHAIR")
	w.seat(council, 1)
	data := w.ask(request{Variables: map[string]any{"ids": []string{council, w.persons[0], w.district(5), council}, "council": council, "yes": true, "no": false},
		Query: `query($ids: [ID!]!, $council: ID!, $yes: Boolean!, $no: Boolean!) {
			nodes(ids: $ids) { __typename id ...named ... on District { number } }
			council(id: $council) {
				a: members(first: 1) { nodes { ...seat } } b: members(first: 2) { nodes { ...seat } }
				on: memberCount(asOf: "2013-01-15") before: memberCount(asOf: "2013-01-14")
				name @skip(if: $yes) purpose @include(if: $no) kind @include(if: $yes)
				district { councils(first: 1) { totalCount } ... on Node { id } district: name @skip(if: $no) }
				district { other: councils(first: 1, orderBy: {field: NAME, direction: DESC}) { totalCount } }
			}
			node(id: $council) { ... on Person { id } ... on Council { __typename } ...none @include(if: $no) }
		}
		fragment named on Node { ... on Council { name } ... on Person { full: name } }
		fragment seat on Membership { post ... on Node { __typename } }
		fragment none on Council { name }`})
	var types []string
	for _, n := range at(data, "nodes").([]any) {
		types = append(types, fmt.Sprint(at(n, "__typename"), " ", at(n, "name") != nil, at(n, "full") != nil, at(n, "number") != nil))
	}
	if diff := cmp.Diff([]string{"Council true false false", "Person false true false", "District false false true", "Council true false false"}, types); diff != "" {
		t.Error(diff)
	}
	chair, member := map[string]any{"post": "CHAIR", "__typename": "Membership"}, map[string]any{"post": "MEMBER", "__typename": "Membership"}
	total := map[string]any{"totalCount": at(data, "council", "district", "councils", "totalCount")}
	want := map[string]any{"a": map[string]any{"nodes": []any{chair}}, "b": map[string]any{"nodes": []any{chair, member}}, "on": 2.0, "before": 0.0, "kind": "COORDINATION_COUNCIL",
		"district": map[string]any{"councils": total, "id": w.district(5), "district": "Микрорайон № 5", "other": total}}
	if diff := cmp.Diff(want, at(data, "council")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]any{"__typename": "Council"}, at(data, "node")); diff != "" {
		t.Error(diff)
	}
}

func adminAddress(t *testing.T, w *town) {
	var ready atomic.Bool
	admin := httptest.NewServer(w.Admin(&ready))
	defer admin.Close()
	public := w.server
	w.server = admin
	for _, c := range []struct {
		ready  bool
		path   string
		status int
		saying string
	}{
		{false, "/livez", 200, "ok"}, {false, "/readyz", 503, "starting or stopping"}, {true, "/readyz", 200, "ok"},
		{true, "/metrics", 200, "veche_http_request_seconds_count"}, {true, "/metrics", 200, "veche_database_connections_open"},
		{true, "/metrics", 200, "veche_events_subscribers"}, {true, "/debug/pprof/cmdline", 200, ""}, {true, house.Endpoint, 404, ""},
	} {
		ready.Store(c.ready)
		if res, text := w.raw(http.MethodGet, c.path, "", http.Header{}); res.StatusCode != c.status || !strings.Contains(text, c.saying) {
			t.Errorf("%s: %d %.200s", c.path, res.StatusCode, text)
		}
	}
	w.server = public
	for _, path := range []string{"/metrics", "/readyz", "/debug/pprof/cmdline"} {
		if res, text := w.raw(http.MethodGet, path, "", http.Header{}); res.StatusCode == 200 && !strings.Contains(text, "<html") {
			t.Errorf("%s is served to the public: %.200s", path, text)
		}
	}
}
