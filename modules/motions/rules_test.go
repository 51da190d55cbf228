package motions

import (
	"math/big"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
)

func anyThreshold(t *rapid.T, name string, of ...MajorityBase) Threshold {
	d := rapid.IntRange(1, 12).Draw(t, name+" denominator")
	return Threshold{Of: rapid.SampledFrom(of).Draw(t, name+" of"),
		Share: ballot.Share{Numerator: rapid.IntRange(0, d).Draw(t, name+" numerator"), Denominator: d, Strict: rapid.Bool().Draw(t, name+" strict")}}
}

// The outcome, against exact fractions.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string, most int) int { return rapid.IntRange(0, most).Draw(t, name) }
		f := found{tally: ballot.Tally{For: n("for", 40), Against: n("against", 40), Abstained: n("abstained", 40)}}
		f.eligible = f.tally.Cast() + n("not voted", 20)
		f.present = n("present", f.eligible)
		f.filled = f.eligible + n("away", 40)
		f.seats = f.filled + n("vacant", 40)
		f.quorum, f.quorumNeeded = n("quorum", 80), n("needed", 80)
		m := anyThreshold(t, "majority", OfPresent, OfVoted, OfFilled, OfAll)
		base := map[MajorityBase]int{OfPresent: f.eligible, OfVoted: f.tally.For + f.tally.Against + f.tally.Abstained, OfFilled: f.filled, OfAll: f.seats}[m.Of]
		mark := new(big.Rat).Mul(big.NewRat(int64(m.Numerator), int64(m.Denominator)), big.NewRat(int64(base), 1))
		cmp := big.NewRat(int64(f.tally.For), 1).Cmp(mark)
		want := NotCarried
		if f.tally.For > 0 && (cmp > 0 || cmp == 0 && !m.Strict) {
			want = Carried
		}
		if f.quorum < f.quorumNeeded {
			want = NoQuorum
		}
		if _, got := f.decide(m); got != want {
			t.Fatalf("%+v by %+v: %s, want %s", f, m, got, want)
		}
	})
}

// Who counts, against a reading of the rules one by one.
func TestRooms(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		persons := make([]uuid.UUID, rapid.IntRange(1, 12).Draw(t, "members"))
		for i := range persons {
			persons[i] = core.NewID()
		}
		r := &room{members: map[uuid.UUID]seat{}, quorum: anyThreshold(t, "quorum", OfFilled, OfAll), seats: len(persons) + rapid.IntRange(0, 9).Draw(t, "vacant")}
		r.rules.ProxyCountsForQuorum = rapid.Bool().Draw(t, "proxies count")
		there, holders, cast := map[uuid.UUID]bool{}, map[uuid.UUID]uuid.UUID{}, map[uuid.UUID]bool{}
		for _, p := range persons {
			at := seat{present: rapid.Bool().Draw(t, "present")}
			if there[p] = at.present; rapid.Bool().Draw(t, "gave") {
				holder := rapid.SampledFrom(persons).Draw(t, "holder")
				at.holder, holders[p] = &holder, holder
			}
			cast[p] = rapid.Bool().Draw(t, "cast")
			r.members[p] = at
		}
		present, represented, eligible := 0, 0, 0
		for _, p := range persons {
			holder, gave := holders[p]
			by := !there[p] && gave && there[holder]
			if there[p] {
				present++
			}
			if by {
				represented++
			}
			if there[p] || by || cast[p] {
				eligible++
			}
		}
		counted := present
		if r.rules.ProxyCountsForQuorum {
			counted += represented
		}
		if r.present() != present || r.counted() != counted || r.eligible(cast) != eligible {
			t.Fatalf("present %d (want %d), counted %d (%d), eligible %d (%d)", r.present(), present, r.counted(), counted, r.eligible(cast), eligible)
		}
		of := len(persons)
		if r.quorum.Of == OfAll {
			of = r.seats
		}
		if got := r.quorumNeeded(); got != r.quorum.Needed(of) {
			t.Fatalf("quorum %d", got)
		}
	})
}

func TestRulesThatCannotBeApplied(t *testing.T) {
	t.Parallel()
	half := ballot.MoreThanHalf
	for name, r := range map[string]Rules{
		"a majority of nothing":     {Majorities: map[string]Threshold{"x": {Share: half}}},
		"a majority that is none":   {Majorities: map[string]Threshold{"": {Of: OfAll}}},
		"amendments of no kind":     {Amendments: "amendment"},
		"a quorum of those present": {Quorum: &Threshold{Share: half, Of: OfPresent}},
	} {
		if r.validate() == nil {
			t.Errorf("%s passes", name)
		}
	}
	r := Rules{Majorities: map[string]Threshold{"charter": {Share: ballot.Share{Numerator: 2, Denominator: 3}, Of: OfAll}}, Amendments: "charter"}
	if err := r.validate(); err != nil {
		t.Error(err)
	}
	if got, ok := r.majority(""); !ok || got != simple {
		t.Errorf("an ordinary question: %+v", got)
	}
	if _, ok := r.majority("budget"); ok {
		t.Error("a kind of question that no charter names")
	}
}
