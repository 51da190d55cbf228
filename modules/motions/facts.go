package motions

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/meetings"
)

// What the audit keeps. Of a ballot it keeps that it was cast, never what it says; of a vote the
// counts, never the keys.

func (m *Motion) facts() any {
	return map[string]any{"meeting": m.MeetingID, "item": m.ItemID, "mover": m.MoverID, "text": m.Text, "question": m.Question, "state": m.State}
}

func (a *Amendment) facts() any {
	return map[string]any{"motion": a.MotionID, "mover": a.MoverID, "text": a.Text, "state": a.State}
}

func (v *Vote) facts() any {
	return map[string]any{
		"motion": v.MotionID, "amendment": v.AmendmentID, "manner": v.Manner, "state": v.State,
		"majority":      map[string]any{"numerator": v.MajorityNumerator, "denominator": v.MajorityDenominator, "moreThan": v.MajorityStrict, "of": v.MajorityOf},
		"tellersNeeded": v.TellersNeeded, "quorumAtOpening": v.QuorumAtOpening, "quorumAtClose": v.QuorumAtClose, "quorumNeeded": v.QuorumNeeded,
		"outcome": v.Outcome, "eligible": v.Eligible, "present": v.Present, "filled": v.Filled, "seats": v.Seats,
		"for": v.For, "against": v.Against, "abstained": v.Abstained, "needed": v.Needed, "byHands": v.ByHands,
	}
}

func (b *Ballot) facts() any {
	return map[string]any{"vote": b.VoteID, "voter": b.VoterID, "castBy": b.CastByID}
}

func (p *Proxy) facts() any {
	return map[string]any{"meeting": p.MeetingID, "giver": p.GiverID, "holder": p.HolderID, "revokedAt": p.RevokedAt}
}

func (r *Resolution) facts() any {
	return map[string]any{"motion": r.MotionID, "year": r.Year, "number": r.Number, "title": r.Title, "text": r.Text, "adoptedOn": r.AdoptedOn,
		"signer": r.SignerID, "signerPost": r.SignerPost, "signedOn": r.SignedOn, "publishedAt": r.PublishedAt}
}

// touching are the objects whose watchers care about what happens in a meeting.
func touching(m *meetings.Meeting, more ...core.ID) []core.ID {
	touched := append(more, core.ID{Type: "Meeting", Key: m.ID})
	if m.BodyID != nil {
		touched = append(touched, bodyOf(m))
	}
	return touched
}

func (a *Amendment) touching(m *meetings.Meeting) []core.ID {
	return touching(m, core.ID{Type: "Motion", Key: a.MotionID})
}

func (v *Vote) touching(m *meetings.Meeting) []core.ID {
	touched := touching(m, core.ID{Type: "Motion", Key: v.MotionID})
	if v.AmendmentID != nil {
		touched = append(touched, core.ID{Type: "Amendment", Key: *v.AmendmentID})
	}
	return touched
}

func (l *ResolutionChange) facts() any {
	return map[string]any{"earlier": l.EarlierID, "later": l.LaterID, "effect": l.Effect}
}

func (r *Resolution) touching(m *meetings.Meeting) []core.ID {
	return touching(m, core.ID{Type: "Motion", Key: r.MotionID})
}
