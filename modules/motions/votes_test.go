package motions

import (
	"context"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/read"
)

// Who may not vote, or not now, and what a vote cannot be.
func TestVotesRefuse(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5)
	away := h.join()
	h.rules.Manners = []VoteManner{Open, Secret}
	subject := id("Motion", h.motion(""))
	want(t, "opened by a member", h.code(h.asks(h.member(1), OpenVoteInput{SubjectID: subject, Manner: Open, Tellers: 1, TellersNeeded: 1})), "FORBIDDEN")
	want(t, "a manner not in the charter", h.code(h.opened(subject, Named)), "BAD_USER_INPUT manner")
	want(t, "a person put to the vote", h.code(h.opened(id("Person", h.persons[0]), Open)), "BAD_USER_INPUT subjectId")
	want(t, "tellers of an open vote", h.code(h.asks(h.secretary(), OpenVoteInput{SubjectID: subject, Manner: Open, Tellers: 2, TellersNeeded: 1})), "BAD_USER_INPUT tellers")
	want(t, "more needed than tellers", h.code(h.asks(h.secretary(), OpenVoteInput{SubjectID: subject, Manner: Secret, Tellers: 2, TellersNeeded: 3})), "BAD_USER_INPUT tellersNeeded")
	want(t, "too many tellers", h.code(h.asks(h.secretary(), OpenVoteInput{SubjectID: subject, Manner: Secret, Tellers: 17, TellersNeeded: 3})), "BAD_USER_INPUT tellers")

	vote, keys := h.openOn(subject, Secret)
	want(t, "a second vote", h.code(h.opened(id("Motion", h.motion("")), Open)), "CONFLICT subjectId")
	want(t, "one away", h.cast(away, vote, ballot.For), "CONFLICT voteId")
	ballotOf := CastBallotInput{VoteID: id("Vote", vote), Choice: BallotChoice(ballot.For)}
	resident := core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.Account, Account: core.NewID(), Person: h.persons[1]})
	want(t, "without the right", h.code(h.CastBallot(resident, ballotOf)), "FORBIDDEN")
	want(t, "anonymous", h.code(h.CastBallot(core.WithMunicipality(t.Context(), h.town), ballotOf)), "UNAUTHENTICATED")
	want(t, "another town's", h.code(h.CastBallot(core.WithMunicipality(h.member(1), coretest.Town(t, h.db, "other")), ballotOf)), "NOT_FOUND")
	stranger := core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.Account, Account: core.NewID(),
		Assignments: []core.Assignment{{Role: "administrator"}}})
	want(t, "an administrator who is no member", h.code(h.CastBallot(stranger, ballotOf)), "FORBIDDEN")
	want(t, "a fourth choice", h.code(h.CastBallot(h.member(1), CastBallotInput{VoteID: ballotOf.VoteID, Choice: "MAYBE"})), "INTERNAL")

	want(t, "cast", h.cast(1, vote, ballot.For), "")
	want(t, "cast anew in secret", h.cast(1, vote, ballot.Against), "CONFLICT voteId")
	want(t, "hands in a secret vote", h.code(h.CountVote(h.secretary(), CountVoteInput{VoteID: id("Vote", vote)})), "CONFLICT voteId")
	want(t, "closed by a member", h.code(h.CloseVote(h.member(1), CloseVoteInput{VoteID: id("Vote", vote), TellerKeys: keys})), "FORBIDDEN")
	want(t, "closed without a key", h.close(vote, nil), "BAD_USER_INPUT tellerKeys")
	want(t, "closed with a wrong key", h.close(vote, []string{"ABC"}), "BAD_USER_INPUT tellerKeys")
	want(t, "closed", h.close(vote, keys), "")
	want(t, "closed again", h.close(vote, keys), "CONFLICT voteId")
	want(t, "cast after the close", h.cast(2, vote, ballot.For), "CONFLICT voteId")
	want(t, "annulled after the close", h.code(h.AnnulVote(h.secretary(), AnnulVoteInput{VoteID: id("Vote", vote), Reason: "a"})), "CONFLICT voteId")
}

func (h *house) asks(ctx context.Context, in OpenVoteInput) (*core.Payload, error) {
	p, err := h.OpenVote(ctx, in)
	if err != nil {
		return nil, err
	}
	return &p.Payload, nil
}

// An open or named ballot may be changed until the close; who left after casting counts, who left
// before does not; and the quorum is that of the moment.
func TestWhoCounts(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5)
	vote, _ := h.open(Named)
	want(t, "cast", h.cast(0, vote, ballot.Against), "")
	want(t, "changed", h.cast(0, vote, ballot.For), "")
	want(t, "cast", h.cast(1, vote, ballot.For), "")
	want(t, "cast", h.cast(2, vote, ballot.Abstained), "")
	h.leave(1)
	h.leave(3)
	h.step()
	want(t, "gone", h.cast(3, vote, ballot.For), "CONFLICT voteId")
	want(t, "closed", h.close(vote, nil), "")
	v := row[Vote](h, vote)
	// There: 0, 2, 4; 1 is gone after having cast; 4 has not voted. Two of four are not more than half.
	if *v.Outcome != NotCarried || *v.Eligible != 4 || *v.Present != 3 || *v.For != 2 || *v.Against != 0 || *v.Abstained != 1 || *v.Needed != 3 || v.QuorumNeeded != 3 || *v.QuorumAtClose != 3 || v.QuorumAtOpening != 5 {
		t.Errorf("got %+v", v)
	}

	vote, _ = h.open(Open)
	for _, n := range []int{0, 2, 4} {
		want(t, "cast", h.cast(n, vote, ballot.For), "")
	}
	want(t, "hands beside ballots", h.code(h.CountVote(h.secretary(), CountVoteInput{VoteID: id("Vote", vote)})), "CONFLICT voteId")
	h.leave(4)
	h.step()
	want(t, "closed", h.close(vote, nil), "")
	v = row[Vote](h, vote)
	if m := row[Motion](h, v.MotionID); *v.Outcome != NoQuorum || *v.For != 3 || m.State != MotionOpen {
		t.Errorf("without a quorum: %s, the motion %s", *v.Outcome, m.State)
	}
	want(t, "opened without a quorum", h.code(h.opened(id("Motion", v.MotionID), Open)), "CONFLICT subjectId")
}

func TestProxies(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5)
	x, y, z := h.join(), h.join(), h.join() // members away
	give := func(giver, holder int) string {
		return h.code(h.GiveProxy(h.member(giver), GiveProxyInput{MeetingID: id("Meeting", h.meeting), HolderID: *h.personID(holder), Document: "Доверенность № 1"}))
	}
	want(t, "where the charter knows none", give(x, 1), "CONFLICT meetingId")
	h.rules.ProxiesPerHolder = 2
	want(t, "to oneself", give(x, x), "BAD_USER_INPUT holderId")
	want(t, "another's by a member", h.code(h.GiveProxy(h.member(1), GiveProxyInput{MeetingID: id("Meeting", h.meeting), GiverID: h.personID(x), HolderID: *h.personID(1), Document: "№ 1"})), "FORBIDDEN")
	want(t, "without a paper", h.code(h.GiveProxy(h.member(x), GiveProxyInput{MeetingID: id("Meeting", h.meeting), HolderID: *h.personID(1), Document: " "})), "BAD_USER_INPUT document")
	want(t, "given", give(x, 1), "")
	want(t, "twice", give(x, 2), "CONFLICT giverId")
	want(t, "to who gave theirs", give(y, x), "CONFLICT holderId")
	want(t, "by a holder", give(1, 2), "CONFLICT giverId")
	want(t, "by the secretary's paper", h.code(h.GiveProxy(h.secretary(), GiveProxyInput{MeetingID: id("Meeting", h.meeting), GiverID: h.personID(y), HolderID: *h.personID(1), Document: "№ 2"})), "")
	want(t, "over the limit", give(z, 1), "CONFLICT holderId")
	want(t, "given", give(z, 2), "")

	vote, keys := h.open(Secret)
	want(t, "without a proxy", h.castFor(3, vote, ballot.For, h.personID(x)), "CONFLICT forId")
	want(t, "of another holder", h.castFor(2, vote, ballot.For, h.personID(x)), "CONFLICT forId")
	h.arrive(y)
	h.step()
	want(t, "of a giver who has come", h.castFor(1, vote, ballot.For, h.personID(y)), "CONFLICT forId")
	want(t, "who has come", h.cast(y, vote, ballot.Against), "")
	want(t, "by proxy", h.castFor(1, vote, ballot.For, h.personID(x)), "")
	want(t, "by proxy twice", h.castFor(1, vote, ballot.Against, h.personID(x)), "CONFLICT voteId")
	want(t, "for oneself", h.cast(1, vote, ballot.For), "")
	h.leave(2)
	h.step()
	want(t, "by a holder who is gone", h.castFor(2, vote, ballot.For, h.personID(z)), "CONFLICT voteId")
	want(t, "closed", h.close(vote, keys), "")
	v := row[Vote](h, vote)
	// There: 0, 1, 3, 4, y; x by proxy; z's holder is gone. The quorum counts those there.
	if *v.Eligible != 6 || *v.Present != 5 || *v.Filled != 8 || *v.For != 2 || *v.Against != 1 || *v.QuorumAtClose != 5 {
		t.Errorf("got %+v", v)
	}
	h.rules.ProxyCountsForQuorum = true
	vote, _ = h.open(Open)
	if v := row[Vote](h, vote); v.QuorumAtOpening != 6 {
		t.Errorf("with proxies %d are counted", v.QuorumAtOpening)
	}
	proxies := h.proxies()
	want(t, "another's revoked", h.code(h.RevokeProxy(h.member(3), RevokeProxyInput{ID: id("Proxy", proxies[0])})), "FORBIDDEN")
	h.done(h.RevokeProxy(h.member(x), RevokeProxyInput{ID: id("Proxy", proxies[0])}))
	want(t, "revoked twice", h.code(h.RevokeProxy(h.member(x), RevokeProxyInput{ID: id("Proxy", proxies[0])})), "CONFLICT id")
	want(t, "by a proxy revoked", h.castFor(1, vote, ballot.For, h.personID(x)), "CONFLICT forId")
	want(t, "given anew", give(x, 3), "")
}

func (h *house) proxies() (keys []uuid.UUID) {
	h.t.Helper()
	must(h.t, h.db.NewSelect().Model((*Proxy)(nil)).Column("id").Order("id").Scan(h.system(), &keys))
	return keys
}

// Before the close only who cast a ballot, and whose it is, see it; afterwards a named vote's are seen by
// all, an open one's by nobody else: whatever else one may do.
func TestWhoSeesBallots(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 4)
	h.rules.ProxiesPerHolder = 1
	giver := h.join()
	h.done(h.GiveProxy(h.member(giver), GiveProxyInput{MeetingID: id("Meeting", h.meeting), HolderID: *h.personID(2), Document: "№ 1"}))
	boss := core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.Account, Account: core.NewID(), Assignments: []core.Assignment{{Role: "administrator"}}})
	anonymous := core.WithMunicipality(t.Context(), h.town)
	for _, manner := range []VoteManner{Named, Open, Secret} {
		vote, keys := h.open(manner)
		want(t, "cast", h.cast(1, vote, ballot.For), "")
		want(t, "by proxy", h.castFor(2, vote, ballot.Against, h.personID(giver)), "")
		var ballots []Ballot
		must(t, h.db.NewSelect().Model(&ballots).Where("vote_id = ?", vote).Order("cast_at", "cast_by_id").Scan(h.system()))
		own, other := ballots[0], ballots[1]
		if own.CastByID != nil {
			own, other = other, own
		}
		see := func(when string, who context.Context, b Ballot, want bool) {
			t.Helper()
			got, err := read.Sees[Ballot](who, h.reads, b.ID)
			must(t, err)
			if got != want {
				t.Errorf("%s %s: seen %v", manner, when, got)
			}
		}
		for _, when := range []string{"before", "after"} {
			all := when == "after" && manner == Named
			see(when+" by the voter", h.member(1), own, true)
			see(when+" by the giver", h.member(giver), other, true)
			see(when+" by the holder", h.member(2), other, true)
			see(when+" by the secretary", h.secretary(), own, all)
			see(when+" by an administrator", boss, own, all)
			see(when+" by the public", anonymous, own, all)
			if when == "before" {
				want(t, "closed", h.close(vote, keys), "")
			}
		}
	}
}
