package councils

import (
	"slices"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// The limit of seats against a plain count, day by day: a seat is given when on each of its days
// there are fewer than the limit, and refused otherwise.
func TestSeatLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	const days = 12
	first := day(2012, time.February, 1)
	rapid.Check(t, func(r *rapid.T) {
		limit := rapid.IntRange(1, 3).Draw(r, "limit")
		council := h.council(func(in *CreateCouncilInput) { in.SeatLimit = &limit })
		var taken [days + 1]int // the last stands for all later days
		for n := range rapid.IntRange(1, 8).Draw(r, "seats") {
			from := rapid.IntRange(0, days-1).Draw(r, "from")
			to, end := days, (*core.Date)(nil)
			if rapid.Bool().Draw(r, "ends") {
				to = rapid.IntRange(from, days-1).Draw(r, "to")
				end = ptr(first.AddDays(to))
			}
			want := ""
			if slices.Max(taken[from:to+1]) >= limit {
				want = "CONFLICT startsOn"
			}
			if got := h.code(h.AddMember(h.ctx(), h.seatOf(council, n, first.AddDays(from), end))); got != want {
				r.Fatalf("seat %d from %d to %d with %v taken: got %q, want %q", n, from, to, taken, got, want)
			}
			if want == "" {
				for d := from; d <= to; d++ {
					taken[d]++
				}
			}
		}
	})
}

// A limit may be lowered to what is taken from today on, and no further; what was counts no more.
func TestLoweringTheLimit(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council(func(in *CreateCouncilInput) { in.SeatLimit = ptr(5) })
	yesterday := ptr(day(2012, 9, 27))
	for n := range 3 {
		h.done(h.AddMember(h.ctx(), h.seatOf(council, n, day(2012, 2, 1), yesterday)))
	}
	h.done(h.AddMember(h.ctx(), h.seatOf(council, 3, day(2012, 2, 1), nil)))
	h.done(h.AddMember(h.ctx(), h.seatOf(council, 4, day(2013, 2, 1), nil)))
	to := func(limit *int) string {
		return h.code(h.UpdateCouncil(h.ctx(), UpdateCouncilInput{ID: council, ExpectedVersion: h.reread(council).Version, SeatLimit: graphql.OmittableOf(limit)}))
	}
	for _, c := range []struct {
		limit *int
		want  string
	}{{ptr(1), "CONFLICT seatLimit"}, {ptr(0), "BAD_USER_INPUT seatLimit"}, {ptr(2), ""}, {nil, ""}} {
		if got := to(c.limit); got != c.want {
			t.Errorf("to %v: %q, want %q", c.limit, got, c.want)
		}
	}
}

// A parent may not lie below, over however many steps; two at once cannot close a circle either.
func TestNoBodyBelongsToItself(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a := h.council(nil)
	b := h.council(func(in *CreateCouncilInput) { in.ParentID = &a })
	c := h.council(func(in *CreateCouncilInput) { in.ParentID = &b })
	put := func(below, above core.ID) string {
		return h.code(h.UpdateCouncil(h.ctx(), UpdateCouncilInput{ID: below, ExpectedVersion: h.reread(below).Version, ParentID: graphql.OmittableOf(&above)}))
	}
	for name, got := range map[string]string{"itself": put(a, a), "its child": put(a, b), "its grandchild": put(a, c)} {
		if got != "BAD_USER_INPUT parentId" {
			t.Errorf("below %s: %q", name, got)
		}
	}
	if got := put(c, a); got != "" {
		t.Errorf("the grandparent as the parent: %q", got)
	}
	for range 10 {
		x, y := h.council(nil), h.council(nil)
		got := make(chan string)
		go func() { got <- put(x, y) }()
		go func() { got <- put(y, x) }()
		if one, two := <-got, <-got; (one == "") == (two == "") {
			t.Fatalf("each below the other: %q and %q", one, two)
		}
	}
}

// LastDay against the calendar: the term's last day is the eve of the day with the same number,
// and where the month has none, its last.
func TestLastDayOfATerm(t *testing.T) {
	for _, c := range []struct {
		first  core.Date
		months int
		want   string
	}{
		{day(2012, 5, 10), 36, "2015-05-09"},
		{day(2012, 9, 1), 12, "2013-08-31"},
		{day(2012, 1, 1), 1, "2012-01-31"},
		{day(2012, 8, 31), 6, "2013-02-28"},
		{day(2012, 1, 30), 1, "2012-02-29"},
		{day(2011, 1, 29), 1, "2011-02-28"},
		{day(2012, 3, 1), 12, "2013-02-28"},
	} {
		if got := LastDay(c.first, c.months).String(); got != c.want {
			t.Errorf("%s, %d months: %s, want %s", c.first, c.months, got, c.want)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		first := day(2000, 1, 1).AddDays(rapid.IntRange(0, 20_000).Draw(r, "first"))
		months := rapid.IntRange(1, 120).Draw(r, "months")
		next := LastDay(first, months).AddDays(1) // the first day of the term after it
		y, m, d := first.Time().Date()
		target := core.NewDate(y, m+time.Month(months), 1)
		if same := core.NewDate(y, m+time.Month(months), d); same.Time().Month() == target.Time().Month() {
			if next != same {
				r.Fatalf("%s, %d months: the next begins on %s", first, months, next)
			}
		} else if next != core.NewDate(y, m+time.Month(months)+1, 1) {
			r.Fatalf("%s, %d months: the next begins on %s", first, months, next)
		}
	})
}
