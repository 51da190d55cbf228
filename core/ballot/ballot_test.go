package ballot

import (
	"bytes"
	"errors"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The least number that is the share, against exact fractions.
func TestNeededIsExact(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Share{Denominator: rapid.IntRange(1, 1000).Draw(t, "denominator"), Strict: rapid.Bool().Draw(t, "strict")}
		s.Numerator = rapid.IntRange(0, s.Denominator).Draw(t, "numerator")
		base := rapid.IntRange(0, 5000).Draw(t, "base")
		mark := new(big.Rat).Mul(big.NewRat(int64(s.Numerator), int64(s.Denominator)), big.NewRat(int64(base), 1))
		enough := func(n int) bool {
			cmp := big.NewRat(int64(n), 1).Cmp(mark)
			return n >= 1 && (cmp > 0 || cmp == 0 && !s.Strict)
		}
		if got := s.Needed(base); !enough(got) || enough(got-1) {
			t.Fatalf("%+v of %d: %d", s, base, got)
		}
	})
}

func TestSharesThatAreNone(t *testing.T) {
	t.Parallel()
	for _, s := range []Share{{}, {Numerator: 3, Denominator: 2}, {Numerator: -1, Denominator: 2}, {Numerator: 1, Denominator: 1001}, {Numerator: 1, Denominator: -2}} {
		if s.Validate() == nil {
			t.Errorf("%+v passes for a share", s)
		}
	}
	if err := MoreThanHalf.Validate(); err != nil {
		t.Error(err)
	}
}

// What is sealed is counted, whoever of the tellers come, and only when enough of them come.
func TestBoxes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tellers := rapid.IntRange(1, 5).Draw(t, "tellers")
		needed := rapid.IntRange(1, tellers).Draw(t, "needed")
		public, keys, err := NewBox(needed, tellers)
		if err != nil {
			t.Fatal(err)
		}
		var want Tally
		var box []Sealed
		for i, c := range rapid.SliceOfN(rapid.SampledFrom([]Choice{For, Against, Abstained}), 0, 9).Draw(t, "choices") {
			content, err := Seal(public, []byte{byte(i)}, c)
			if err != nil {
				t.Fatal(err)
			}
			box = append(box, Sealed{[]byte{byte(i)}, content})
			want.Add(c)
		}
		come := rapid.Permutation(keys).Draw(t, "come")
		if got, err := Count(public, come[:needed], box); err != nil || got != want {
			t.Fatalf("counted %+v, %v; want %+v", got, err, want)
		}
		if got, err := Count(public, come, box); err != nil || got != want {
			t.Fatalf("all tellers: %+v, %v", got, err)
		}
		few := append(append([]string{}, come[:needed-1]...), come[:needed-1]...)
		if _, err := Count(public, few, box); !errors.Is(err, ErrFewKeys) {
			t.Fatalf("too few: %v", err)
		}
	})
}

func TestBoxesRefuse(t *testing.T) {
	t.Parallel()
	public, keys, err := NewBox(1, 2)
	if err != nil {
		t.Fatal(err)
	}
	_, others, err := NewBox(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	content, err := Seal(public, []byte("a"), Against)
	if err != nil {
		t.Fatal(err)
	}
	box := []Sealed{{[]byte("a"), content}}
	slip := []byte(keys[0])
	slip[7] = map[bool]byte{true: 'B', false: 'A'}[slip[7] == 'A']
	for name, key := range map[string]string{"another vote's": others[0], "a slip": string(slip), "empty": "", "short": keys[0][:20], "no letters": "!" + keys[0][1:]} {
		if _, err := Count(public, []string{key}, box); !errors.Is(err, ErrKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := Count(public, []string{strings.ToLower(strings.ReplaceAll(keys[1], "-", " "))}, box); err != nil || got != (Tally{Against: 1}) {
		t.Errorf("as noted down: %+v, %v", got, err)
	}
	changed := bytes.Clone(content)
	changed[len(changed)-1] ^= 1
	for name, b := range map[string]Sealed{"moved": {[]byte("b"), content}, "changed": {[]byte("a"), changed}, "empty": {[]byte("a"), nil}} {
		if _, err := Count(public, keys[:1], []Sealed{b}); !errors.Is(err, ErrSeal) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Seal(public, nil, "MAYBE"); err == nil {
		t.Error("a fourth choice is sealed")
	}
	if _, err := Seal(public[1:], nil, For); err == nil {
		t.Error("sealed for half a key")
	}
	for _, of := range [][2]int{{0, 1}, {2, 1}, {1, MaxTellers + 1}} {
		if _, _, err := NewBox(of[0], of[1]); err == nil {
			t.Errorf("%d of %d", of[0], of[1])
		}
	}
}

// Two ballots of one choice are as different as two of different ones, and all are of one length.
func TestSealsSayNothing(t *testing.T) {
	t.Parallel()
	public, keys, err := NewBox(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, c := range []Choice{For, For, Against, Abstained} {
		content, err := Seal(public, []byte("place"), c)
		if err != nil {
			t.Fatal(err)
		}
		seen[string(content)] = true
		if want := 1120 + 1 + 16; len(content) != want {
			t.Errorf("%s: %d bytes, want %d", c, len(content), want)
		}
	}
	if len(seen) != 4 {
		t.Error("two ballots are the same")
	}
	if bytes.Contains(public, []byte(keys[0])) {
		t.Error("the key lies in the box")
	}
}
