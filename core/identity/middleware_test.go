package identity

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// ask sends one request through the middleware and answers who acted, if anybody was let through.
func (h *house) ask(change func(*http.Request), serve func(w http.ResponseWriter, r *http.Request)) (*core.Actor, *http.Response) {
	var actor *core.Actor
	door := h.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := core.ActorOf(r.Context())
		actor = &a
		if serve != nil {
			serve(w, r)
		}
	}))
	r := httptest.NewRequestWithContext(h.ctx, http.MethodPost, "https://kansk.example/graphql", nil)
	change(r)
	w := httptest.NewRecorder()
	door.ServeHTTP(w, r)
	return actor, w.Result()
}

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Add(name, value) }
}

func TestInvalidBearerTokenIsRefused(t *testing.T) {
	h := newHouse(t)
	for _, value := range []string{"", "Bearer", "Bearer ", "Bearer nonsense", "Bearer " + newToken(""), "bearer " + newToken(servicePrefix), "Basic YTpi"} {
		actor, res := h.ask(header("Authorization", value), nil)
		var body struct {
			Errors []struct {
				Message    string
				Extensions struct{ Code core.Code }
			}
		}
		must(t, json.NewDecoder(res.Body).Decode(&body))
		if actor != nil || res.StatusCode != 401 || len(body.Errors) != 1 || body.Errors[0].Extensions.Code != core.CodeUnauthenticated ||
			body.Errors[0].Message == "" || res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%q: %v %d %+v", value, actor, res.StatusCode, body)
		}
	}
}

func TestInvalidCookieMeansNobody(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	bearer, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	for _, value := range []string{"nonsense", newToken(""), bearer.Token} {
		actor, res := h.ask(header("Cookie", secureCookie+"="+value), nil)
		if actor == nil || actor.Kind != core.Anonymous {
			t.Fatalf("%q: %+v", value, actor)
		}
		if c := res.Cookies(); len(c) != 1 || c[0].Name != secureCookie || c[0].MaxAge >= 0 || !c[0].Secure {
			t.Fatalf("%q is not taken back: %v", value, c)
		}
	}
	actor, res := h.ask(header("Cookie", plainCookie+"="+newToken("")), nil) // not this door's cookie
	if actor == nil || actor.Kind != core.Anonymous || len(res.Cookies()) != 0 {
		t.Fatalf("%+v %v", actor, res.Cookies())
	}
}

func TestNobodyIsAnonymousWhenTheDatabaseFails(t *testing.T) {
	h := newHouse(t)
	must(t, h.db.Close())
	for _, change := range []func(*http.Request){header("Cookie", secureCookie+"="+newToken("")), header("Authorization", "Bearer "+newToken(""))} {
		actor, res := h.ask(change, nil)
		if actor != nil || res.StatusCode != 503 || len(res.Cookies()) != 0 {
			t.Fatalf("%+v %d %v", actor, res.StatusCode, res.Cookies())
		}
	}
}

func (h *house) cookieSignIn(change func(*http.Request)) *http.Cookie {
	h.t.Helper()
	_, res := h.ask(change, func(_ http.ResponseWriter, r *http.Request) {
		in, err := h.SignIn(r.Context(), h.Passwords(), Credentials{"ann", goodPassword}, Cookie)
		must(h.t, err)
		if in.Token != "" {
			h.t.Error("a browser's token is shown to scripts")
		}
	})
	if len(res.Cookies()) != 1 {
		h.t.Fatalf("%v", res.Header)
	}
	return res.Cookies()[0]
}

func TestCookieSession(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	// A cookie that has run out comes along: the new one replaces its clearing.
	c := h.cookieSignIn(header("Cookie", secureCookie+"="+newToken("")))
	if c.Name != "__Host-veche" || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
		t.Fatalf("%v", c)
	}
	with := func(r *http.Request) { r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) }
	actor, res := h.ask(with, nil)
	if actor == nil || actor.Account != ann.ID || len(res.Cookies()) != 0 {
		t.Fatalf("%+v", actor)
	}
	if actor, res = h.ask(header("Authorization", "Bearer "+c.Value), nil); actor != nil || res.StatusCode != 401 {
		t.Fatal("a browser's token is taken as a bearer token")
	}
	_, res = h.ask(with, func(_ http.ResponseWriter, r *http.Request) { must(t, h.SignOut(r.Context())) })
	if got := res.Cookies(); len(got) != 1 || got[0].MaxAge >= 0 {
		t.Fatalf("%v", got)
	}
	if actor, _ = h.ask(with, nil); actor.Kind != core.Anonymous {
		t.Fatal("signed out, and still somebody")
	}
}

func TestPlainCookieOnlyOnThisMachine(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	local := func(host, peer string, more ...string) func(*http.Request) {
		return func(r *http.Request) {
			r.TLS, r.Host, r.RemoteAddr = nil, host, peer
			for _, name := range more {
				r.Header.Set(name, "x")
			}
		}
	}
	for name, c := range map[string]struct {
		change func(*http.Request)
		plain  bool
	}{
		"localhost":  {local("localhost:8080", "127.0.0.1:1"), true},
		"127.0.0.1":  {local("127.0.0.1:8080", "127.0.0.1:1"), true},
		"::1":        {local("[::1]:8080", "[::1]:1"), true},
		"town":       {local("kansk.example", "127.0.0.1:1"), false},
		"stranger":   {local("localhost", "192.0.2.1:1"), false},
		"proxied":    {local("127.0.0.1:8080", "127.0.0.1:1", "X-Forwarded-For"), false},
		"proxied by": {local("127.0.0.1:8080", "127.0.0.1:1", "X-Forwarded-Proto"), false},
		"tls":        {func(*http.Request) {}, false},
	} {
		got := h.cookieSignIn(c.change)
		if got.Secure == c.plain || got.Name != cookieName(c.plain) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestCookieAfterTheHeaderIsRefused(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	for name, send := range map[string]func(w http.ResponseWriter){
		"header": func(w http.ResponseWriter) { w.WriteHeader(200) },
		"write":  func(w http.ResponseWriter) { _, _ = w.Write([]byte("x")) },
		"flush":  func(w http.ResponseWriter) { w.(http.Flusher).Flush() },
	} {
		_, res := h.ask(func(*http.Request) {}, func(w http.ResponseWriter, r *http.Request) {
			send(w)
			_, err := h.SignIn(r.Context(), h.Passwords(), Credentials{"ann", goodPassword}, Cookie)
			wantCode(t, err, core.CodeBadUserInput)
			must(t, ClearCookie(r.Context()))
		})
		if len(res.Cookies()) != 0 {
			t.Errorf("%s: %v", name, res.Cookies())
		}
	}
	if n := h.count("SELECT count(*) FROM sessions"); n != 0 {
		t.Fatal("a session was opened that nobody has")
	}
}

func TestActingFor(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	person, organisation := h.person(h.ctx), core.NewID()
	id := core.ID{Type: "Organisation", Key: organisation}.String()
	in, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	ask := func(token, acting string) (*core.Actor, int) {
		actor, res := h.ask(func(r *http.Request) {
			if token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			r.Header.Set("X-Acting-For", acting)
		}, nil)
		return actor, res.StatusCode
	}
	refused := func(name, token, acting string, want int) {
		t.Helper()
		if actor, status := ask(token, acting); actor != nil || status != want {
			t.Errorf("%s: %+v %d", name, actor, status)
		}
	}
	refused("nobody", "", id, 401)
	refused("no id", in.Token, organisation.String(), 400)
	refused("another type's id", in.Token, core.ID{Type: "Person", Key: organisation}.String(), 400)
	refused("an account without person", in.Token, id, 403)
	h.link(ann.ID, person)
	refused("no mandate", in.Token, id, 403)
	h.mandates[[2]uuid.UUID{person, organisation}] = true
	if actor, status := ask(in.Token, id); status != 200 || actor.ActingFor != organisation || actor.Person != person {
		t.Fatalf("%+v %d", actor, status)
	}
}

func TestAddressBehindProxies(t *testing.T) {
	h := newHouse(t, func(s *Settings) { s.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
	for name, c := range map[string]struct {
		peer, want string
		forwarded  []string
	}{
		"direct":               {"192.0.2.1:5", "192.0.2.1", nil},
		"a stranger's word":    {"192.0.2.1:5", "192.0.2.1", []string{"198.51.100.1"}},
		"one proxy":            {"10.0.0.1:5", "198.51.100.1", []string{"198.51.100.1"}},
		"forged in front":      {"10.0.0.1:5", "198.51.100.1", []string{"203.0.113.1, 198.51.100.1"}},
		"two headers":          {"10.0.0.1:5", "198.51.100.1", []string{"203.0.113.1", "198.51.100.1"}},
		"two proxies":          {"10.0.0.1:5", "198.51.100.1", []string{"203.0.113.1, 198.51.100.1, 10.0.0.2"}},
		"nonsense":             {"10.0.0.1:5", "10.0.0.1", []string{"198.51.100.1, unknown"}},
		"empty":                {"10.0.0.1:5", "10.0.0.1", nil},
		"mapped":               {"[::ffff:10.0.0.1]:5", "198.51.100.1", []string{"::ffff:198.51.100.1"}},
		"a Unix socket's peer": {"@", "invalid IP", nil},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		for _, f := range c.forwarded {
			r.Header.Add("X-Forwarded-For", f)
		}
		if got := h.address(r).String(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestUserAgentIsMadeFitToKeep(t *testing.T) {
	if got := oneLine("a\x00b\nc\xff", 10); got != "a b c�" {
		t.Errorf("%q", got)
	}
	if got := oneLine(strings.Repeat("ы", 300), 256); got != strings.Repeat("ы", 256) {
		t.Errorf("%q", got)
	}
}
