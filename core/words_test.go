package core_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

func TestNotIDs(t *testing.T) {
	key := strings.Repeat("k", 16)
	raw := base64.RawURLEncoding.EncodeToString
	good := core.ID{Type: "Person", Key: uuid.MustParse("01a20963-95a6-7425-a2f0-cf69f5a17f33")}.String()
	for _, s := range []string{"", "nonsense", "!", "a b", raw([]byte("Person")), raw([]byte(":" + key)), raw([]byte("Person:")), raw([]byte("Person:" + key[1:])), raw([]byte("Person:k" + key)),
		raw([]byte("Per\x00son:" + key)), raw([]byte("Пёрсон:" + key)), raw([]byte("7Person:" + key)), raw([]byte("Per?son:" + key)), good + "=", good + "\n", good[:10] + "\r\n" + good[10:], good + "A",
		base64.StdEncoding.EncodeToString([]byte("Per:" + strings.Repeat("\xff", 16)))} {
		if id, err := core.ParseID(s); core.CodeOf(err) != core.CodeBadUserInput || err == nil {
			t.Errorf("%q: got %v, %v", s, id, err)
		}
	}
	for _, v := range []any{nil, 7, int64(7), true, []byte(good), map[string]any{}} {
		if err := new(core.ID).UnmarshalGQL(v); err == nil {
			t.Errorf("%T is taken for an id", v)
		}
	}
}

// There is one text for an id and one id for a text.
func TestIDsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := core.ID{Type: rapid.StringMatching(`[_A-Za-z][_0-9A-Za-z]{0,40}`).Draw(t, "type"), Key: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))}
		got, err := core.ParseID(id.String())
		if err != nil || got != id {
			t.Fatalf("got %v, %v", got, err)
		}
		var out bytes.Buffer
		id.MarshalGQL(&out)
		var text string
		if err := json.Unmarshal(out.Bytes(), &text); err != nil || text != id.String() {
			t.Fatalf("got %s, %v", out.Bytes(), err)
		}
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[A-Za-z0-9_-]{20,40}`)).Draw(t, "text")
		if id, err := core.ParseID(s); err == nil && id.String() != s {
			t.Fatalf("%q is another text for %s", s, id)
		}
	})
}

func TestOf(t *testing.T) {
	id := core.ID{Type: "Person", Key: core.NewID()}
	var e *core.Error
	if _, err := id.Of("District", "input", "districtId"); !errors.As(err, &e) || e.Code != core.CodeBadUserInput || !slices.Equal(e.Path, []string{"input", "districtId"}) {
		t.Errorf("got %v", err)
	}
	if key, err := id.Of("Person"); err != nil || key != id.Key {
		t.Errorf("got %v, %v", key, err)
	}
	if key, err := core.KeyOf(nil, "Person"); key != nil || err != nil {
		t.Errorf("got %v, %v", key, err)
	}
	if _, err := core.KeyOf(&id, "District"); err == nil {
		t.Error("a person's id was taken for a district's")
	}
}

func TestAKeyIsWrittenOnlyAsAnObjectsField(t *testing.T) {
	key := core.NewID()
	var out bytes.Buffer
	if err := core.MarshalUUID(key).MarshalGQLContext(t.Context(), &out); err == nil {
		t.Errorf("got %s", out.Bytes())
	}
	ctx := graphql.WithFieldContext(t.Context(), &graphql.FieldContext{Object: "Person"})
	if err := core.MarshalUUID(key).MarshalGQLContext(ctx, &out); err != nil || out.String() != `"`+(core.ID{Type: "Person", Key: key}).String()+`"` {
		t.Errorf("got %s, %v", out.Bytes(), err)
	}
	if _, err := core.UnmarshalUUID(ctx, key.String()); err == nil {
		t.Error("a bare key was taken from outside")
	}
}

func TestParseDate(t *testing.T) {
	for _, s := range []string{"", " ", "2012", "2012-1-1", "2012-01-1", "12-01-01", "2012-13-01", "2012-00-01", "2012-01-00", "2012-02-30", "2011-02-29", "1900-02-29", "0000-01-01", "-001-01-01",
		"10000-01-01", " 2012-01-01", "2012-01-01 ", "2012-01-01T00:00:00Z", "2012/01/01", "20120101", "01.01.2012", "today", "infinity", "٢٠١٢-٠١-٠١", "2012-01-01\x00", strings.Repeat("9", 10000)} {
		d, err := core.ParseDate(s)
		if core.CodeOf(err) != core.CodeBadUserInput || err == nil || !d.IsZero() || len(err.Error()) > 300 {
			t.Errorf("%.40q: got %v, %v", s, d, err)
		}
	}
	for s, want := range map[string]core.Date{"2012-12-31": core.NewDate(2012, 12, 31), "2012-02-29": core.NewDate(2012, 2, 29), "2000-02-29": core.NewDate(2000, 2, 29),
		"0001-01-01": core.NewDate(1, 1, 1), "9999-12-31": core.NewDate(9999, 12, 31)} {
		if got, err := core.ParseDate(s); err != nil || got != want || got.String() != s {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
	for _, v := range []any{nil, 7, int64(20121231), time.Now()} {
		if err := new(core.Date).UnmarshalGQL(v); core.CodeOf(err) != core.CodeBadUserInput {
			t.Errorf("%T: got %v", v, err)
		}
	}
}

func TestDatesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := core.NewDate(1, 1, 1).AddDays(rapid.IntRange(0, 3652058).Draw(t, "days"))
		text, err := d.MarshalText()
		var got, scanned core.Date
		if err != nil || got.UnmarshalText(text) != nil || got != d {
			t.Fatalf("%s: got %v", text, got)
		}
		value, _ := d.Value()
		for _, src := range []any{value, d.Time(), d.Time().Add(23 * time.Hour)} {
			if err := scanned.Scan(src); err != nil || scanned != d {
				t.Fatalf("%v: got %v, %v", src, scanned, err)
			}
		}
		n := rapid.IntRange(0, 1000).Draw(t, "n")
		if later := d.AddDays(n); later.AddDays(-n) != d || d.Before(later) != (n > 0) {
			t.Fatalf("%s and %d days: %s", d, n, later)
		}
	})
	if err := new(core.Date).Scan(7); err == nil {
		t.Error("a number is read as a date")
	}
}

func TestToday(t *testing.T) {
	kansk := &core.Municipality{TimeZone: "Asia/Krasnoyarsk"}
	clock := func() time.Time { return time.Date(2012, 12, 31, 16, 0, 0, 0, time.UTC) }
	lost := &core.Municipality{TimeZone: "Nowhere/At_all"}
	for range 2 {
		if kansk.Today(clock) != core.NewDate(2013, 1, 1) || lost.Today(clock) != core.NewDate(2012, 12, 31) || core.MunicipalityOf(t.Context()).Today(clock) != core.NewDate(2012, 12, 31) {
			t.Errorf("got %s, %s", kansk.Today(clock), lost.Today(clock))
		}
		if err := kansk.SetTimeZone("Asia/Krasnoyarsk"); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"", "Local", "Nowhere/At_all", "../etc/passwd", "a\x00b"} {
		if err := kansk.SetTimeZone(name); core.CodeOf(err) != core.CodeBadUserInput || kansk.TimeZone != "Asia/Krasnoyarsk" {
			t.Errorf("%q: got %v", name, err)
		}
	}
	if kansk.TimeZone = "UTC"; kansk.Today(clock) != core.NewDate(2012, 12, 31) {
		t.Error("a zone that was changed by hand is the old one still")
	}
}

func TestAcceptLanguage(t *testing.T) {
	for header, want := range map[string]core.Language{
		"": core.English, "*": core.English, "de": core.English, "en-GB,en;q=0.9": core.English, "nonsense;;;": core.English, "en;q=0.9,ru;q=0.5": core.English, "ru;q=0, en": core.English,
		"en, ru": core.English, strings.Repeat("x-", 5000): core.English, "\x00": core.English, "fr;q=1.0, en;q=0.1": core.English,
		"ru": core.Russian, "RU": core.Russian, "ru-RU": core.Russian, "ru-RU,ru;q=0.9,en-US;q=0.8,en;q=0.7": core.Russian, "ru;q=0.9,en;q=0.5": core.Russian, "de, ru;q=0.5": core.Russian,
		"en;q=0.1, ru;q=0.2": core.Russian, "de;q=0.9, ru;q=0.2, en;q=0.1": core.Russian,
	} {
		if got := core.ParseAcceptLanguage(header); got != want {
			t.Errorf("%.40q: got %s", header, got)
		}
	}
	for _, c := range []struct {
		text   core.Text
		en, ru string
	}{{core.T("a", "б"), "a", "б"}, {core.T("a", ""), "a", "a"}, {core.T("", "б"), "б", "б"}} {
		if c.text.In(core.English) != c.en || c.text.In(core.Russian) != c.ru || c.text.In("") != c.en {
			t.Errorf("got %+v", c)
		}
	}
}

func TestErrors(t *testing.T) {
	cause := errors.New("cause")
	one := &core.Error{Code: core.CodeConflict, Text: core.T("taken", "занято"), Err: cause}
	wrapped := fmt.Errorf("around: %w", one)
	if !errors.Is(wrapped, core.ErrConflict) || !errors.Is(wrapped, cause) || errors.Is(wrapped, core.ErrNotFound) || !strings.Contains(wrapped.Error(), "CONFLICT: taken: cause") {
		t.Errorf("got %v", wrapped)
	}
	if !errors.Is(core.Forbidden(t.Context()), core.ErrUnauthenticated) || !errors.Is(core.Forbidden(core.WithActor(t.Context(), core.Actor{Kind: core.Account})), core.ErrForbidden) {
		t.Error("the refusals are mixed up")
	}
	for err, want := range map[error]core.Code{cause: core.CodeInternal, context.Canceled: core.CodeInternal, wrapped: core.CodeConflict, errors.Join(cause, core.ErrNotFound): core.CodeNotFound} {
		if got := core.CodeOf(err); got != want {
			t.Errorf("%v: got %s", err, got)
		}
	}
}

func TestProblems(t *testing.T) {
	var p, q core.Problems
	if p.Err() != nil || p.Error() == "" {
		t.Errorf("got %v", p.Err())
	}
	p.Check(true, core.T("fine", "хорошо"))
	p.Check(false, core.T("wrong", "плохо"), "input", "a")
	_, invalid := core.ParseDate("never")
	if err := p.Add(fmt.Errorf("around: %w", invalid)); err != nil {
		t.Errorf("got %v", err)
	}
	q.Check(false, core.T("also", "тоже"))
	if err := p.Add(fmt.Errorf("around: %w", q.Err())); err != nil {
		t.Errorf("several at once came back: %v", err)
	}
	if err := p.Add(nil); err != nil {
		t.Errorf("got %v", err)
	}
	for _, other := range []error{errors.New("ours"), core.ErrConflict} {
		if err := p.Add(other); !errors.Is(err, other) {
			t.Errorf("%v was swallowed", other)
		}
	}
	if err := p.Err(); len(p) != 3 || core.CodeOf(err) != core.CodeBadUserInput || !strings.Contains(err.Error(), "3 problems") {
		t.Errorf("got %v", p)
	}
}

func TestWhatATextMayHold(t *testing.T) {
	long, nul, empty := "слово слово", "а\x00", ""
	for _, c := range []struct {
		note func(*core.Problems)
		want int
	}{
		{func(p *core.Problems) { p.Words(" ", 5, "a") }, 1}, {func(p *core.Problems) { p.Words(nul, 5, "a") }, 1}, {func(p *core.Problems) { p.Words(long, 5, "a") }, 1},
		{func(p *core.Problems) { p.Words(" слово ", 5, "a") }, 0}, {func(p *core.Problems) { p.Short(nil, 5, "a") }, 0}, {func(p *core.Problems) { p.Short(&empty, 5, "a") }, 0},
		{func(p *core.Problems) { p.Short(&nul, 5, "a") }, 1}, {func(p *core.Problems) { p.Short(&long, 5, "a") }, 1},
	} {
		var p core.Problems
		if c.note(&p); len(p) != c.want {
			t.Errorf("got %v, want %d problems", p, c.want)
		}
	}
}
