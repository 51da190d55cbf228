package motions

import (
	"context"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/mutation"
)

// votesInSecret is a secret vote of five members and one away, whose proxy the first holds; they choose in that
// order, and each request bears an Idempotency-Key.
func (h *house) votesInSecret(choices [6]ballot.Choice) (vote uuid.UUID, keys []string) {
	h.t.Helper()
	h.rules.ProxiesPerHolder = 1
	away := h.join()
	h.done(h.GiveProxy(h.member(away), GiveProxyInput{MeetingID: id("Meeting", h.meeting), HolderID: *h.personID(0), Document: "№ 1"}))
	motion := id("Motion", h.motion(""))
	p, err := h.OpenVote(mutation.WithKey(h.secretary(), "open"), OpenVoteInput{SubjectID: motion, Manner: Secret, Tellers: 3, TellersNeeded: 2})
	must(h.t, err)
	vote = h.done(&p.Payload, nil)
	for n, choice := range choices {
		in := CastBallotInput{VoteID: id("Vote", vote), Choice: BallotChoice(choice), ClientMutationID: ptr("I say " + string(choice))}
		ctx := mutation.WithKey(h.member(n), fmt.Sprintf("key-%d", n))
		if n == away {
			in.ForID, ctx = h.personID(away), mutation.WithKey(h.member(0), "key-for")
		}
		h.step()
		got, err := h.CastBallot(ctx, in)
		if h.done(got, err); *got.ClientMutationID != *in.ClientMutationID {
			h.t.Error("the client's own word is not handed back")
		}
	}
	return vote, p.TellerKeys
}

var choicesInOrder = [6]ballot.Choice{ballot.For, ballot.Against, ballot.For, ballot.Abstained, ballot.For, ballot.Against}

// Whoever reads the whole database, while the vote goes on and afterwards, finds no choice, no key and,
// once it is closed, no ballot.
func TestASecretVoteLeavesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5)
	vote, keys := h.votesInSecret(choicesInOrder)
	during := h.dump()
	if got := len(in(during, "sealed_ballots")); got != 6 {
		t.Fatalf("%d sealed ballots", got)
	}
	again, err := h.OpenVote(mutation.WithKey(h.secretary(), "open"), OpenVoteInput{SubjectID: id("Motion", row[Vote](h, vote).MotionID), Manner: Secret, Tellers: 3, TellersNeeded: 2})
	must(t, err)
	if again.Key != vote || again.TellerKeys != nil {
		t.Errorf("a retry shows %v", again.TellerKeys)
	}
	want(t, "one teller", h.close(vote, keys[:1]), "BAD_USER_INPUT tellerKeys")
	got, err := h.CloseVote(mutation.WithKey(h.secretary(), "close"), CloseVoteInput{VoteID: id("Vote", vote), TellerKeys: keys[1:]})
	h.done(got, err)
	after := h.dump()
	if v := row[Vote](h, vote); *v.For != 3 || *v.Against != 2 || *v.Abstained != 1 || *v.Outcome != NotCarried {
		t.Errorf("counted %d, %d, %d: %s", *v.For, *v.Against, *v.Abstained, *v.Outcome)
	}
	if left := in(after, "sealed_ballots"); len(left) > 0 {
		t.Errorf("ballots are left: %v", left)
	}
	word := regexp.MustCompile(`\b(FOR|AGAINST|ABSTAINED)\b|I say`)
	for _, d := range append(during, after...) {
		if word.MatchString(d.row) {
			t.Errorf("a choice in the clear: %s", d.text())
		}
		for _, key := range keys {
			h.holdsNoKey(d, key)
		}
	}
	// The hash under the Idempotency-Key is the same whatever one chose.
	var hashes int
	must(t, h.db.NewRaw(`SELECT count(DISTINCT input_hash) FROM idempotency_keys WHERE key LIKE 'key-_ %'`).Scan(t.Context(), &hashes))
	if hashes != 1 {
		t.Errorf("%d hashes of five ballots in one vote", hashes)
	}
}

// holdsNoKey looks for a teller's key in each form in which it might be written.
func (h *house) holdsNoKey(d dumped, key string) {
	h.t.Helper()
	plain := strings.ReplaceAll(key, "-", "")
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(plain)
	must(h.t, err)
	for _, form := range []string{key, plain, strings.ToLower(plain), hex.EncodeToString([]byte(key)), hex.EncodeToString([]byte(plain)), hex.EncodeToString(raw[2:34])} {
		if strings.Contains(d.row, form) {
			h.t.Errorf("a key in %s", d.table)
		}
	}
}

// Two votes that differ in nothing but who chose what leave the same behind: the same rows in the same
// places of the disk, written in the same order by the same transactions, of the same lengths.
func TestWhoChoseWhatChangesNothing(t *testing.T) {
	t.Parallel()
	var shapes [2][2]string
	for i, choices := range [][6]ballot.Choice{choicesInOrder, {ballot.Against, ballot.For, ballot.Abstained, ballot.For, ballot.Against, ballot.For}} {
		h := newHouse(t, 5)
		before := h.dump()
		vote, keys := h.votesInSecret(choices)
		shapes[i][0] = shape(since(before, h.dump()))
		want(t, "closed", h.close(vote, keys[:2]), "")
		shapes[i][1] = shape(since(before, h.dump()))
	}
	for when := range shapes[0] {
		if n := strings.Count(shapes[0][when], "public.ballots"); n != 6 {
			t.Errorf("%d ballots are compared", n)
		}
		if diff := cmp.Diff(strings.Split(shapes[0][when], "\n"), strings.Split(shapes[1][when], "\n")); diff != "" {
			t.Errorf("%d: %s", when, diff)
		}
	}
}

// The database itself refuses a secret ballot in the clear, and one that is sealed for a vote that is
// over.
func TestTheDatabaseHoldsTheSecret(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3)
	vote, keys := h.open(Secret)
	want(t, "cast", h.cast(1, vote, ballot.For), "")
	if h.exec(`UPDATE ballots SET choice = 'FOR'`) == nil {
		t.Error("a choice in the clear")
	}
	if h.exec(`UPDATE ballots SET manner = 'OPEN', choice = 'FOR'`) == nil {
		t.Error("a ballot of another manner than its vote")
	}
	if h.exec(`UPDATE votes SET state = 'ANNULLED', closed_at = now(), annulment_reason = 'a'`) == nil {
		t.Error("a vote that is over with sealed ballots")
	}
	want(t, "closed", h.close(vote, keys), "")
	if h.exec(`INSERT INTO sealed_ballots (municipality_id, ballot_id, vote_id, content) SELECT municipality_id, id, vote_id, decode(repeat('00', 1137), 'hex') FROM ballots`) == nil {
		t.Error("a sealed ballot of a vote that is over")
	}
	vote, keys = h.open(Secret)
	want(t, "cast", h.cast(1, vote, ballot.For), "")
	want(t, "cast", h.cast(2, vote, ballot.For), "")
	must(t, h.exec(`UPDATE sealed_ballots SET content = (SELECT content FROM sealed_ballots ORDER BY ballot_id LIMIT 1)`))
	want(t, "a ballot in another's place", h.close(vote, keys), "CONFLICT voteId")
	h.done(h.AnnulVote(h.secretary(), AnnulVoteInput{VoteID: id("Vote", vote), Reason: "Бюллетени повреждены"}))
	for _, table := range []string{"sealed_ballots", "ballots WHERE vote_id = '" + vote.String() + "'"} {
		var n int
		must(t, h.db.NewRaw(`SELECT count(*) FROM `+table).Scan(t.Context(), &n))
		if n != 0 {
			t.Errorf("%d rows of %s after the annulment", n, table)
		}
	}
	if m := row[Motion](h, row[Vote](h, vote).MotionID); m.State != MotionOpen {
		t.Errorf("the motion is %s", m.State)
	}
}

// Where the number of a member's rows, or what is audited, told the choice, their own export would too.
func TestOwnExportShowsNoSecretChoice(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3)
	vote, keys := h.open(Secret)
	want(t, "cast", h.cast(1, vote, ballot.Against), "")
	want(t, "closed", h.close(vote, keys), "")
	vote, _ = h.open(Named)
	want(t, "cast", h.cast(1, vote, ballot.Abstained), "")
	all, err := export(core.WithMunicipality(context.Background(), h.town), h.db, []uuid.UUID{h.persons[1]})
	must(t, err)
	text := describe(all)
	if strings.Contains(text, "AGAINST") || !strings.Contains(text, "ABSTAINED") {
		t.Errorf("the export: %s", text)
	}
}
