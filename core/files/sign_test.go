package files

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

var someone = rapid.Custom(func(r *rapid.T) core.Actor {
	kind := rapid.SampledFrom([]core.ActorKind{core.Anonymous, core.Account, core.Service}).Draw(r, "kind")
	if kind == core.Anonymous {
		return core.Actor{Kind: kind}
	}
	id := func() uuid.UUID { return uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "id")) }
	return core.Actor{Kind: kind, Account: id(), Session: id(), ActingFor: id()}
})

// An address is good for what it was made for, and with anything changed for nothing.
func TestAddresses(t *testing.T) {
	s, now := Signer{[]byte("a key of thirty-two bytes or more")}, time.Unix(1_360_000_000, 0)
	rapid.Check(t, func(r *rapid.T) {
		a := Address{Municipality: core.NewID(), File: core.NewID(), Use: rapid.SampledFrom([]Use{Read, ReadMini, Send}).Draw(r, "use"),
			Expires: now.Add(time.Hour), For: someone.Draw(r, "for")}
		query, err := url.ParseQuery(s.Query(a))
		must(t, err)
		got, err := s.Check(a.Municipality, a.File, a.Use, query, now)
		if err != nil || got.For.Kind != a.For.Kind || got.For.Account != a.For.Account || got.For.Session != a.For.Session || got.For.ActingFor != a.For.ActingFor {
			r.Fatalf("%+v, %v", got, err)
		}
		if _, err := s.Check(a.Municipality, a.File, a.Use, query, a.Expires); !errors.Is(err, ErrExpired) {
			r.Fatalf("at its end: %v", err)
		}
		forged := func(why string, err error) {
			if !errors.Is(err, ErrForged) {
				r.Fatalf("%s: %v", why, err)
			}
		}
		_, err = s.Check(core.NewID(), a.File, a.Use, query, now)
		forged("another municipality", err)
		_, err = s.Check(a.Municipality, core.NewID(), a.Use, query, now)
		forged("another file", err)
		for _, other := range []Use{Read, ReadMini, Send} {
			if other != a.Use {
				_, err = s.Check(a.Municipality, a.File, other, query, now)
				forged("another use", err)
			}
		}
		_, err = Signer{[]byte("another key of thirty-two bytes ..")}.Check(a.Municipality, a.File, a.Use, query, now)
		forged("another key", err)
		name := rapid.SampledFrom([]string{"exp", "for", "sig"}).Draw(r, "parameter")
		text := []byte(query.Get(name))
		i := rapid.IntRange(0, len(text)-1).Draw(r, "letter")
		was := text[i]
		if text[i] = rapid.SampledFrom([]byte("0123456789abcXYZ-_")).Draw(r, "instead"); text[i] != was {
			query.Set(name, string(text))
			_, err = s.Check(a.Municipality, a.File, a.Use, query, now)
			forged(name+" changed", err)
		}
		query.Del(name)
		_, err = s.Check(a.Municipality, a.File, a.Use, query, now)
		forged(name+" left out", err)
	})
}

// No address is good for Veche itself, which may everything.
func TestNoAddressIsForTheSystem(t *testing.T) {
	s := Signer{[]byte("a key of thirty-two bytes or more")}
	a := Address{Municipality: core.NewID(), File: core.NewID(), Use: Read, Expires: time.Unix(2_000_000_000, 0), For: core.Actor{Kind: core.System}}
	query, err := url.ParseQuery(s.Query(a))
	must(t, err)
	if _, err := s.Check(a.Municipality, a.File, a.Use, query, time.Unix(0, 0)); !errors.Is(err, ErrForged) {
		t.Errorf("got %v", err)
	}
}

func TestNamesAreClean(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		kind := rapid.SampledFrom(types).Draw(r, "type")
		name := CleanName(rapid.String().Draw(r, "name"), kind)
		ok := name != "" && len([]rune(name)) <= nameLength+10 && name[0] != '.' && !strings.ContainsAny(name, "/\\\"<>|?*:\u202e\u0000") &&
			!strings.ContainsFunc(name, unicode.IsControl) &&
			slices.ContainsFunc(kind.Extensions, func(e string) bool { return strings.HasSuffix(strings.ToLower(name), e) })
		if !ok || CleanName(name, kind) != name {
			r.Fatalf("%q", name)
		}
	})
}
