package motions

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/mutation"
)

// seenOf is all that a reader of the database can tie to one ballot: its rows, by voter and by order.
type seenOf struct {
	columns []string
	choice  ballot.Choice // what the attacker wants to know
}

// attack guesses choices from whatever varies. It learns from one half of the ballots, for each column's
// length and each bit of it, counted from either end, which choice goes with it, and answers how many
// standard deviations better than chance its best rule guesses the other half.
func attack(all []seenOf) (best float64) {
	half := len(all) / 2
	tested := float64(len(all) - half)
	for column, first := range all[0].columns {
		width := 0
		for _, s := range all {
			width = max(width, len(s.columns[column]))
		}
		for at := -1; at < width*16; at++ {
			score := func(of []seenOf) (n int) {
				for _, s := range of {
					if telltale(s.columns[column], len(first), at) == (s.choice == ballot.For) {
						n++
					}
				}
				return n
			}
			learnt, right := score(all[:half]), score(all[half:])
			if learnt*2 < half {
				right = len(all) - half - right
			}
			best = max(best, (float64(right)-tested/2)/math.Sqrt(tested/4))
		}
	}
	return best
}

// telltale is one bit of a column: whether it is longer than another (-1), or a bit counted from its
// beginning (even) or its end (odd).
func telltale(column string, length, at int) bool {
	if at < 0 {
		return len(column) > length
	}
	place := at / 16
	if place >= len(column) {
		return false
	}
	if at%2 == 1 {
		place = len(column) - 1 - place
	}
	return column[place]>>(at%16/2)&1 == 1
}

// An attacker who reads every table while votes go on and afterwards guesses no better than a coin. The
// same attacker finds a leak of one bit, wherever it is put.
func TestAnAttackerGuessesNoBetterThanACoin(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 8)
	chance := rand.New(rand.NewPCG(5, 8))
	var all []seenOf
	for range 30 {
		vote, keys := h.open(Secret)
		said := map[string]ballot.Choice{}
		for _, n := range chance.Perm(8) {
			choice := []ballot.Choice{ballot.For, ballot.Against}[chance.IntN(2)]
			said[h.persons[n].String()] = choice
			h.step()
			h.done(h.CastBallot(mutation.WithKey(h.member(n), vote.String()), CastBallotInput{VoteID: id("Vote", vote), Choice: BallotChoice(choice)}))
		}
		during := h.ties(vote.String(), said)
		want(t, "closed", h.close(vote, keys), "")
		for i, s := range h.ties(vote.String(), said) {
			s.columns = append(during[i].columns, s.columns...)
			all = append(all, s)
		}
	}
	// About 10^5 rules are tried; one passes 6.5 deviations by chance once in 10^5 runs.
	const luck = 6.5
	if got := attack(all); got > luck {
		t.Errorf("guesses %.1f deviations better than chance", got)
	}
	for column := range all[0].columns {
		leaking := make([]seenOf, len(all))
		for i, s := range all {
			leaking[i] = seenOf{choice: s.choice, columns: append([]string{}, s.columns...)}
			if s.choice == ballot.For {
				leaking[i].columns[column] += "!"
			}
		}
		if got := attack(leaking); got <= luck {
			t.Errorf("a leak in column %d goes unseen: %.1f", column, got)
		}
	}
}

// ties are the rows that belong to each ballot of a vote, in the order of casting: of the ballot, of the
// sealed one, of the audit and the outbox, and of the Idempotency-Key.
func (h *house) ties(vote string, said map[string]ballot.Choice) (all []seenOf) {
	h.t.Helper()
	rows, err := h.db.QueryContext(h.t.Context(), `SELECT b.voter_id::text, coalesce(s.content, ''), b::text,
			concat_ws(' ', b.ctid, b.xmin, b.xmax, s.ctid, s.xmin, s.xmax), coalesce(a::text, ''), coalesce(o::text, ''), k::text, concat_ws(' ', a.ctid, o.ctid, k.ctid, k.xmin, k.xmax)
		FROM ballots AS b LEFT JOIN sealed_ballots AS s ON s.ballot_id = b.id LEFT JOIN audit AS a ON a.object_id = b.id LEFT JOIN outbox AS o ON o.object_id = b.id
		LEFT JOIN idempotency_keys AS k ON k.answer::text LIKE '%' || b.id || '%' WHERE b.vote_id = ? ORDER BY b.id`, vote)
	must(h.t, err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var voter string
		s := seenOf{columns: make([]string, 7)}
		must(h.t, rows.Scan(&voter, &s.columns[0], &s.columns[1], &s.columns[2], &s.columns[3], &s.columns[4], &s.columns[5], &s.columns[6]))
		s.choice = said[voter]
		all = append(all, s)
	}
	must(h.t, rows.Err())
	if len(all) != len(said) {
		h.t.Fatalf("%d of %d ballots are seen", len(all), len(said))
	}
	return all
}

// describe is a value as JSON shows it.
func describe(v any) string {
	var out strings.Builder
	_ = json.NewEncoder(&out).Encode(v)
	return out.String()
}
