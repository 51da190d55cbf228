package motions

import (
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/coretest"
)

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// A motion from the table to its resolution; what is not allowed is tried before what is.
func TestAMotionsLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5)
	outsider := h.join()
	must(t, h.exec(`DELETE FROM panel_members WHERE person_id = ?`, h.persons[outsider]))
	table := TableMotionInput{ItemID: id("AgendaItem", h.item), Text: " Посадить деревья "}
	h.rules.Majorities = map[string]Threshold{"charter": {Share: ballot.Share{Numerator: 2, Denominator: 3}, Of: OfAll}}

	resident := core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.Account, Account: core.NewID(), Person: h.persons[1]})
	want(t, "a resident", h.code(h.TableMotion(resident, table)), "FORBIDDEN")
	elsewhere := core.WithActor(core.WithMunicipality(t.Context(), h.town), core.Actor{Kind: core.Account, Account: core.NewID(), Person: h.persons[1],
		Assignments: []core.Assignment{{Role: "council_member", Scope: core.Scope{Kind: "panel", ID: core.NewID()}}}})
	want(t, "a member of another body", h.code(h.TableMotion(elsewhere, table)), "FORBIDDEN")
	other := core.WithMunicipality(h.secretary(), coretest.Town(t, h.db, "other"))
	want(t, "another town", h.code(h.TableMotion(other, table)), "NOT_FOUND")
	want(t, "for another", h.code(h.TableMotion(h.member(1), TableMotionInput{ItemID: table.ItemID, Text: "a", MoverID: h.personID(2)})), "FORBIDDEN")
	want(t, "no words", h.code(h.TableMotion(h.member(1), TableMotionInput{ItemID: table.ItemID, Text: " "})), "BAD_USER_INPUT text")
	want(t, "an unknown question", h.code(h.TableMotion(h.member(1), TableMotionInput{ItemID: table.ItemID, Text: "a", Question: "budget"})), "BAD_USER_INPUT question")
	want(t, "no member", h.code(h.TableMotion(h.secretary(), TableMotionInput{ItemID: table.ItemID, Text: "a", MoverID: h.personID(outsider)})), "NOT_FOUND")
	motion := id("Motion", h.done(h.TableMotion(h.member(1), table)))

	want(t, "a vote before it is open", h.code(h.opened(motion, Open)), "CONFLICT subjectId")
	want(t, "an amendment before it is open", h.code(h.ProposeAmendment(h.member(2), ProposeAmendmentInput{MotionID: motion, Text: "a"})), "CONFLICT motionId")
	want(t, "another's words", h.code(h.UpdateMotion(h.member(2), UpdateMotionInput{ID: motion, ExpectedVersion: 1})), "FORBIDDEN")
	want(t, "a stale version", h.code(h.UpdateMotion(h.member(1), UpdateMotionInput{ID: motion, ExpectedVersion: 7})), "CONFLICT expectedVersion")
	h.done(h.UpdateMotion(h.member(1), UpdateMotionInput{ID: motion, ExpectedVersion: 1, Text: graphql.OmittableOf(ptr("Посадить сто деревьев"))}))
	want(t, "opened by a member", h.code(h.OpenMotion(h.member(1), OpenMotionInput{ID: motion, ExpectedVersion: 2})), "FORBIDDEN")
	h.done(h.OpenMotion(h.secretary(), OpenMotionInput{ID: motion, ExpectedVersion: 2}))
	want(t, "opened twice", h.code(h.OpenMotion(h.secretary(), OpenMotionInput{ID: motion, ExpectedVersion: 3})), "CONFLICT id")
	want(t, "words of an open one", h.code(h.UpdateMotion(h.member(1), UpdateMotionInput{ID: motion, ExpectedVersion: 3})), "CONFLICT id")

	amendment := id("Amendment", h.done(h.ProposeAmendment(h.member(2), ProposeAmendmentInput{MotionID: motion, Text: "Двести"})))
	back := id("Amendment", h.done(h.ProposeAmendment(h.member(3), ProposeAmendmentInput{MotionID: motion, Text: "Ни одного"})))
	want(t, "the motion before its amendments", h.code(h.opened(motion, Open)), "CONFLICT subjectId")
	want(t, "another's amendment", h.code(h.WithdrawAmendment(h.member(2), WithdrawAmendmentInput{ID: back, ExpectedVersion: 1})), "FORBIDDEN")
	h.done(h.WithdrawAmendment(h.member(3), WithdrawAmendmentInput{ID: back, ExpectedVersion: 1}))
	want(t, "withdrawn twice", h.code(h.WithdrawAmendment(h.member(3), WithdrawAmendmentInput{ID: back, ExpectedVersion: 2})), "CONFLICT id")

	vote, _ := h.openOn(amendment, Named)
	want(t, "withdrawn while voted on", h.code(h.WithdrawMotion(h.member(1), WithdrawMotionInput{ID: motion, ExpectedVersion: 3})), "CONFLICT id")
	for n := range 3 {
		want(t, "cast", h.cast(n, vote, ballot.For), "")
	}
	want(t, "closed", h.close(vote, nil), "")
	if a := row[Amendment](h, amendment.Key); a.State != AmendmentAdopted {
		t.Errorf("the amendment is %s", a.State)
	}
	h.resolves(motion)
}

// resolves votes on the motion by hands, and writes the resolution.
func (h *house) resolves(motion core.ID) {
	t := h.t.(*testing.T)
	create := CreateResolutionInput{MotionID: motion, Title: "О деревьях", Text: "Посадить двести деревьев.", SignerID: *h.personID(0), SignerPost: "Председатель", SignedOn: core.NewDate(2012, 9, 28)}
	want(t, "written before it is adopted", h.code(h.CreateResolution(h.secretary(), create)), "CONFLICT motionId")
	vote, _ := h.openOn(motion, Open)
	count := CountVoteInput{VoteID: id("Vote", vote), For: 4, Against: 1}
	want(t, "more hands than members", h.code(h.CountVote(h.secretary(), CountVoteInput{VoteID: count.VoteID, For: 4, Against: 2})), "BAD_USER_INPUT for")
	want(t, "hands below none", h.code(h.CountVote(h.secretary(), CountVoteInput{VoteID: count.VoteID, For: -1})), "BAD_USER_INPUT for")
	want(t, "counted by a member", h.code(h.CountVote(h.member(1), count)), "FORBIDDEN")
	h.done(h.CountVote(h.secretary(), count))
	want(t, "counted twice", h.code(h.CountVote(h.secretary(), count)), "CONFLICT voteId")
	if m := row[Motion](h, motion.Key); m.State != MotionAdopted || m.DecidedAt == nil {
		t.Errorf("the motion is %s", m.State)
	}
	if v := row[Vote](h, vote); *v.Outcome != Carried || *v.For != 4 || *v.Needed != 3 || *v.Eligible != 5 || !*v.ByHands {
		t.Errorf("the vote: %+v", v)
	}

	want(t, "written by a member", h.code(h.CreateResolution(h.member(1), create)), "FORBIDDEN")
	early, late := create, create
	early.SignedOn, late.SignedOn = core.NewDate(2012, 9, 27), core.NewDate(2012, 9, 29)
	want(t, "signed before", h.code(h.CreateResolution(h.secretary(), early)), "BAD_USER_INPUT signedOn")
	want(t, "signed tomorrow", h.code(h.CreateResolution(h.secretary(), late)), "BAD_USER_INPUT signedOn")
	first := id("Resolution", h.done(h.CreateResolution(h.secretary(), create)))
	want(t, "written twice", h.code(h.CreateResolution(h.secretary(), create)), "CONFLICT motionId")
	h.done(h.UpdateResolution(h.secretary(), UpdateResolutionInput{ID: first, ExpectedVersion: 1, Title: graphql.OmittableOf(ptr("О посадке деревьев"))}))

	second := create
	second.MotionID, second.Changes = h.adopted(), []ResolutionChangeInput{{ResolutionID: first, Effect: Repeals}}
	want(t, "repeals a draft", h.code(h.CreateResolution(h.secretary(), second)), "BAD_USER_INPUT changes")
	h.done(h.PublishResolution(h.secretary(), PublishResolutionInput{ID: first, ExpectedVersion: 2}))
	want(t, "published twice", h.code(h.PublishResolution(h.secretary(), PublishResolutionInput{ID: first, ExpectedVersion: 3})), "CONFLICT id")
	want(t, "changed after publication", h.code(h.UpdateResolution(h.secretary(), UpdateResolutionInput{ID: first, ExpectedVersion: 3})), "CONFLICT id")
	for _, sql := range []string{`UPDATE resolutions SET text = 'иначе'`, `UPDATE resolutions SET published_at = NULL`, `UPDATE resolutions SET number = 9`, `DELETE FROM resolutions`,
		`UPDATE votes SET votes_for = 5`, `UPDATE votes SET state = 'OPEN'`, `DELETE FROM votes`} {
		if h.exec(sql) == nil {
			t.Errorf("done: %s", sql)
		}
	}
	twice := second
	twice.Changes = append(twice.Changes, twice.Changes...)
	want(t, "the same named twice", h.code(h.CreateResolution(h.secretary(), twice)), "BAD_USER_INPUT changes")
	later := row[Resolution](h, h.done(h.CreateResolution(h.secretary(), second)))
	if later.Number != 2 || later.Year != 2012 || later.BodyID != h.panel {
		t.Errorf("the second resolution is %d of %d", later.Number, later.Year)
	}
}

// adopted is a motion that the body adopted.
func (h *house) adopted() core.ID {
	h.t.Helper()
	motion := id("Motion", h.motion(""))
	vote, _ := h.openOn(motion, Open)
	h.done(h.CountVote(h.secretary(), CountVoteInput{VoteID: id("Vote", vote), For: 3}))
	return motion
}

func (h *house) opened(subject core.ID, manner VoteManner) (*core.Payload, error) {
	p, err := h.OpenVote(h.secretary(), OpenVoteInput{SubjectID: subject, Manner: manner, Tellers: 1, TellersNeeded: 1})
	if err != nil {
		return nil, err
	}
	return &p.Payload, nil
}

// A motion taken back takes its undecided amendments along; a meeting that is over takes no more.
func TestWithdrawing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3)
	motion := id("Motion", h.motion(""))
	amendment := h.done(h.ProposeAmendment(h.member(2), ProposeAmendmentInput{MotionID: motion, Text: "Двести"}))
	want(t, "another's motion", h.code(h.WithdrawMotion(h.member(2), WithdrawMotionInput{ID: motion, ExpectedVersion: 2})), "FORBIDDEN")
	h.done(h.WithdrawMotion(h.member(1), WithdrawMotionInput{ID: motion, ExpectedVersion: 2}))
	if a := row[Amendment](h, amendment); a.State != AmendmentWithdrawn {
		t.Errorf("the amendment is %s", a.State)
	}
	want(t, "put to the vote", h.code(h.opened(motion, Open)), "CONFLICT subjectId")
	tabled := id("Motion", h.done(h.TableMotion(h.member(1), TableMotionInput{ItemID: id("AgendaItem", h.item), Text: "Ещё"})))
	vote, _ := h.open(Secret)
	must(t, h.exec(`UPDATE agenda_items SET outcome = 'NOTED', closed_at = now()`))
	want(t, "to a closed item", h.code(h.TableMotion(h.member(1), TableMotionInput{ItemID: id("AgendaItem", h.item), Text: "Ещё"})), "CONFLICT")
	must(t, h.exec(`UPDATE meetings SET state = 'CLOSED', closed_at = ?, closing_members = 3, closing_required = 2, closing_present = 3`, time.Unix(0, h.at.Load())))
	want(t, "opened after the meeting", h.code(h.OpenMotion(h.secretary(), OpenMotionInput{ID: tabled, ExpectedVersion: 1})), "CONFLICT")
	want(t, "cast after the meeting", h.cast(1, vote, ballot.For), "CONFLICT voteId")
	want(t, "closed after the meeting", h.close(vote, nil), "CONFLICT")
	h.done(h.AnnulVote(h.secretary(), AnnulVoteInput{VoteID: id("Vote", vote), Reason: "Заседание закрыто"}))
	h.done(h.WithdrawMotion(h.member(1), WithdrawMotionInput{ID: tabled, ExpectedVersion: 1}))
}
