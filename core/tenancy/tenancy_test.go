package tenancy_test

import (
	"errors"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/tenancy"
)

func town(key string, hosts ...string) *core.Municipality {
	return &core.Municipality{Key: key, Name: core.T("Town", "Город"), Region: core.T("Region", "Край"), TimeZone: "Asia/Krasnoyarsk", Hosts: hosts}
}

func registry(t *testing.T, db *postgres.DB, defaultKey string, towns ...*core.Municipality) *tenancy.Registry {
	t.Helper()
	r, err := tenancy.New(t.Context(), db, defaultKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range towns {
		if err := r.Add(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestBadMunicipalitiesAreRefused(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	r := registry(t, db, "", town("kansk", "Kansk.example"))
	zone := func(name string) *core.Municipality { m := town("achinsk"); m.TimeZone = name; return m }
	for name, c := range map[string]struct {
		m    *core.Municipality
		code core.Code
		path string
	}{
		"no zone": {zone(""), core.CodeBadUserInput, "timeZone"}, "unknown zone": {zone("Mars/Base"), core.CodeBadUserInput, "timeZone"}, "the machine's zone": {zone("Local"), core.CodeBadUserInput, "timeZone"},
		"no key": {town(""), core.CodeBadUserInput, "key"}, "short key": {town("a"), core.CodeBadUserInput, "key"}, "big letters": {town("Kansk"), core.CodeBadUserInput, "key"},
		"digit first": {town("1kansk"), core.CodeBadUserInput, "key"}, "line end": {town("kansk\n"), core.CodeBadUserInput, "key"},
		"key taken": {town("kansk"), core.CodeConflict, "key"}, "host taken": {town("achinsk", "a.example", "KANSK.example"), core.CodeConflict, "hosts"},
	} {
		err := r.Add(t.Context(), c.m)
		var e *core.Error
		if core.CodeOf(err) != c.code {
			t.Errorf("%s: got %v", name, err)
		} else if !errors.As(err, &e) || !slices.Equal(e.Path, []string{c.path}) {
			t.Errorf("%s: got path %v", name, err)
		}
	}
	if all := r.All(); len(all) != 1 || all[0].Key != "kansk" {
		t.Errorf("got %v", all)
	}
}

func TestOf(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	r := registry(t, db, "kansk", town("kansk", "Kansk.example", "veche.kansk.example"), town("achinsk", "achinsk.example", "::1"))
	for _, c := range []struct{ host, header, want string }{
		{"kansk.example", "", "kansk"}, {"KANSK.Example:8080", "", "kansk"}, {"veche.kansk.example.", "", "kansk"}, {"achinsk.example:443", "", "achinsk"}, {"achinsk.example.:443", "", "achinsk"},
		{"[::1]:8080", "", "achinsk"}, {"elsewhere.example", "", "kansk"}, {"", "", "kansk"}, {":8080", "", "kansk"}, {"a:b:c", "", "kansk"},
		{"kansk.example", "achinsk", "achinsk"}, {"achinsk.example", "nowhere", ""}, {"achinsk.example", "ACHINSK", ""}, {"achinsk.example", "*", ""},
	} {
		req := httptest.NewRequest("POST", "/graphql", nil)
		if req.Host = c.host; c.header != "" {
			req.Header.Set(tenancy.Header, c.header)
		}
		got := ""
		if m := r.Of(req); m != nil {
			got = m.Key
		}
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	r := registry(t, db, "")
	if m := r.Default(); m != nil {
		t.Errorf("got %v", m)
	}
	kansk := town("kansk")
	if err := r.Add(t.Context(), kansk); err != nil || r.Default() == nil || r.Default().ID != kansk.ID {
		t.Errorf("the only one: got %v, %v", r.Default(), err)
	}
	if err := r.Add(t.Context(), town("achinsk")); err != nil || r.Default() != nil {
		t.Errorf("of two: got %v, %v", r.Default(), err)
	}
	if m := registry(t, db, "achinsk").Default(); m == nil || m.Key != "achinsk" {
		t.Errorf("named: got %v", m)
	}
	if m := registry(t, db, "gone").Default(); m != nil {
		t.Errorf("named, not there: got %v", m)
	}
}

func TestWhatWasAddedIsFound(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	here, there := registry(t, db, ""), registry(t, db, "")
	m := town("kansk", "kansk.example")
	m.DisabledModules = []string{"grants"}
	if err := here.Add(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if _, err := there.ByID(t.Context(), m.ID); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("before the wake: got %v", err)
	}
	for _, channel := range []string{"another", tenancy.Channel} {
		if err := there.Wake(t.Context(), channel); err != nil {
			t.Fatal(err)
		}
		if got := there.ByKey("kansk"); (got != nil) != (channel == tenancy.Channel) {
			t.Errorf("after %s: got %v", channel, got)
		}
	}
	got, err := there.ByID(t.Context(), m.ID)
	if err != nil || got.Name != m.Name || got.Region != m.Region || got.TimeZone != m.TimeZone || !slices.Equal(got.Hosts, m.Hosts) || got.Has("grants") || !got.Has("councils") || got.Location().String() != "Asia/Krasnoyarsk" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := db.Exec(`UPDATE municipalities SET hosts = '{new.example}', time_zone = 'Nowhere/At_all'`); err != nil {
		t.Fatal(err)
	}
	if err := there.Wake(t.Context(), ""); err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequest("GET", "http://new.example/graphql", nil)
	if got := there.Of(req); got == nil || got.Location().String() != "UTC" {
		t.Errorf("after a poll: got %v", got)
	}
	if _, err := there.ByID(t.Context(), uuid.Nil); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("got %v", err)
	}
}

// A name that two rows hold in spite of all stays with the elder.
func TestAHostStaysWithTheElder(t *testing.T) {
	t.Parallel()
	db := coretest.Database(t)
	r := registry(t, db, "", town("kansk", "a.example"), town("achinsk"))
	if _, err := db.Exec(`UPDATE municipalities SET hosts = '{A.example}' WHERE key = 'achinsk'`); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := r.Of(httptest.NewRequest("GET", "http://a.example/", nil)); got == nil || got.Key != "kansk" {
		t.Errorf("got %v", got)
	}
}

func TestManyAddAtOnce(t *testing.T) {
	t.Parallel()
	r := registry(t, coretest.Database(t), "")
	codes := make([]core.Code, 30)
	var wait sync.WaitGroup
	for i := range codes {
		m := town("town-"+string(rune('a'+i%2)), "same.example")
		wait.Go(func() {
			if err := r.Add(t.Context(), m); err != nil {
				codes[i] = core.CodeOf(err)
			}
		})
	}
	wait.Wait()
	slices.Sort(codes)
	if codes[0] != "" || codes[1] != core.CodeConflict || codes[29] != core.CodeConflict || len(r.All()) != 1 {
		t.Errorf("got %v, %d towns", codes, len(r.All()))
	}
}
