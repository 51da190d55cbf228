package identity

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

func TestLoginRefused(t *testing.T) {
	for _, login := range []string{"", "  ", "ab", "a b c", "a\x00bc", "\xff\xfe\xfd", "name@", "@town.example", "a@b@c", "Ann <ann@town.example>",
		"-ann", "ann.", strings.Repeat("a", 65), strings.Repeat("a", 250) + "@town.example", strings.Repeat("a", 1<<20), "ann\u202egro"} {
		_, err := foldLogin(login)
		wantCode(t, err, core.CodeBadUserInput)
	}
}

func TestLoginFolds(t *testing.T) {
	for given, want := range map[string]string{
		" Ann.Smith ": "ann.smith", "ANN@Town.Example": "ann@town.example", "Иванова": "иванова", "ＡＮＮ": "ann", "Straße": "strasse", "А\u0308нна": "\u04d3нна",
	} {
		if got, err := foldLogin(given); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", given, got, err, want)
		}
	}
}

func TestLoginFoldIsStable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		login := rapid.StringMatching(`[a-zA-Zа-яА-ЯёЁß0-9][a-zA-Zа-яА-ЯёЁ0-9._-]{1,20}[a-zA-Zа-яё0-9]`).Draw(t, "login")
		once, err := foldLogin(login)
		if err != nil {
			t.Fatal(err)
		}
		for _, same := range []string{once, strings.ToUpper(login), strings.ToLower(login)} {
			if again, err := foldLogin(same); err != nil || again != once {
				t.Fatalf("%q folds to %q, %v; want %q", same, again, err, once)
			}
		}
	})
}

func TestPasswordRefused(t *testing.T) {
	for _, password := range []string{"", "nine char", strings.Repeat("ы", 9), strings.Repeat("long ", 52), strings.Repeat("x", 1<<20),
		"ann@town.example", "ANN@TOWN.EXAMPLE", "ann.smithson", "Qwerty12345", "ЙЦУКЕНГШЩЗ", "пароль12345", "aaaaaaaaaaaa", "broken \xff text"} {
		for _, login := range []string{"ann@town.example", "ann.smithson@town.example"} {
			if _, err := checkPassword(login, password, "password"); err == nil && !(password == "ann.smithson" && login == "ann@town.example") &&
				!(strings.EqualFold(password, "ann@town.example") && login != "ann@town.example") {
				t.Errorf("%.20q was accepted for %s", password, login)
			}
		}
	}
}

func TestPasswordNormalizes(t *testing.T) {
	for given, want := range map[string]string{
		"й в начале слова": "й в начале слова", "ﬁne ligature here": "fine ligature here", strings.Repeat("ж2", 5): strings.Repeat("ж2", 5), strings.Repeat("яю", 128): strings.Repeat("яю", 128),
	} {
		got, err := checkPassword("ann", given, "password")
		if err != nil || got != want || normalizePassword(given) != want {
			t.Errorf("%q: %q, %v", given, got, err)
		}
	}
}

func TestCommonPasswordsAreWrittenAsCompared(t *testing.T) {
	for _, p := range strings.Fields(commonPasswords) {
		if utf8.RuneCountInString(p) < minPassword {
			t.Errorf("%q is refused for its length and need not stand in the list", p)
		}
		if _, err := checkPassword("ann", strings.ToUpper(p), "password"); err == nil {
			t.Errorf("%q is not refused", p)
		}
	}
}

func TestBrokenHashesAreErrors(t *testing.T) {
	h, err := newHasher(Argon{8, 1, 1}, 1)
	must(t, err)
	good, err := h.hash(t.Context(), goodPassword)
	must(t, err)
	for _, phc := range []string{"x", good[1:], strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-4], good + "$"} {
		if _, _, err := h.verify(t.Context(), goodPassword, phc); err == nil {
			t.Errorf("%q is taken for a hash", phc)
		}
	}
	for password, want := range map[string]bool{goodPassword: true, goodPassword + " ": false} {
		if ok, stale, err := h.verify(t.Context(), password, good); err != nil || ok != want || stale {
			t.Errorf("%q: %v %v %v", password, ok, stale, err)
		}
	}
	if ok, _, err := h.verify(t.Context(), "", ""); ok || err != nil {
		t.Errorf("no hash matches: %v, %v", ok, err)
	}
}

func TestHashingWaitsOnlyAsLongAsItsContext(t *testing.T) {
	h, err := newHasher(Argon{8, 1, 1}, 2)
	must(t, err)
	must(t, h.slots.Acquire(t.Context(), 2))
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := h.hash(ctx, goodPassword)
		failed <- err
	}()
	cancel()
	err = <-failed
	wantCode(t, err, core.CodeUnavailable)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	h.slots.Release(2)
	_, err = h.hash(t.Context(), goodPassword)
	must(t, err)
}

func TestRuleNeverGoesBackOrBeyond(t *testing.T) {
	start := time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []counter{byLoginHere("ann", netip.Addr{}), byLogin("ann"), byAddress(netip.Addr{}), byCode(netip.Addr{}), bySignUp(netip.Addr{})} {
		if c.rule.most >= c.rule.window || c.rule.window > forgetAfter {
			t.Errorf("%s: a delay outlives its window, or the window its row", c.kind)
		}
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(0, 1<<30).Draw(t, "failures")
			later := time.Duration(rapid.Int64Range(0, int64(2*c.rule.window)).Draw(t, "later"))
			w := c.rule.wait(n, start, start.Add(later))
			switch {
			case n < c.rule.limit && w > 0:
				t.Fatalf("%s: must wait %s after %d", c.kind, w, n)
			case w > 0 && w > c.rule.most-later:
				t.Fatalf("%s: waits %s after %s, the most is %s", c.kind, w, later, c.rule.most)
			case later >= c.rule.most && w > 0:
				t.Fatalf("%s: waits %s after %s", c.kind, w, later)
			case later < c.rule.window && c.rule.wait(n+1, start, start.Add(later)) < w:
				t.Fatalf("%s: one more failure shortens the wait", c.kind)
			case n >= c.rule.limit && later == 0 && w < c.rule.base:
				t.Fatalf("%s: waits only %s after %d", c.kind, w, n)
			}
		})
	}
}

func TestCodesForgiveCopying(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := newCode()
		typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
		typed = strings.NewReplacer("0", "o", "1", rapid.SampledFrom([]string{"i", "L"}).Draw(t, "one")).Replace(typed)
		if string(hashOfCode(typed)) != string(hashOfCode(code)) {
			t.Fatalf("%q is not %q", typed, code)
		}
		if string(hashOfCode(code+"0")) == string(hashOfCode(code)) {
			t.Fatal("a longer code is the same")
		}
	})
}
