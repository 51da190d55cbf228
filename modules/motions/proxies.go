package motions

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// GiveProxy lets one member vote for another in a meeting that is not over. Proxies of one meeting are
// given one after another (its row is locked), so the limit holds under any load.
func (s *Service) GiveProxy(ctx context.Context, in GiveProxyInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "giveProxy", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.MeetingID.Of("Meeting", "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[meetings.Meeting](ctx, s.reads, tx, mayVote, key, "input", "meetingId"); err != nil {
			return uuid.Nil, err
		}
		giver, err := personOr(ctx, in.GiverID, "giverId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := mine[meetings.Meeting](ctx, s, tx, mayVote, key, giver, "input", "meetingId"); err != nil {
			return uuid.Nil, err
		}
		holder, err := in.HolderID.Of("Person", "input", "holderId")
		if err != nil {
			return uuid.Nil, err
		}
		proxy := &Proxy{ID: core.NewID(), MeetingID: key, GiverID: giver, HolderID: holder, Document: &in.Document, GivenAt: tx.Now()}
		return proxy.ID, s.give(ctx, tx, proxy)
	})
}

func (s *Service) give(ctx context.Context, tx *mutation.Tx, proxy *Proxy) error {
	meeting, err := lock[meetings.Meeting](ctx, tx, proxy.MeetingID)
	if err != nil {
		return err
	}
	if err := notOver(meeting); err != nil {
		return err
	}
	room, err := s.enter(ctx, tx, meeting)
	if err != nil {
		return err
	}
	if room.rules.ProxiesPerHolder == 0 {
		return core.Conflict(core.T("The body's charter knows no proxies: its members vote in person.", "Устав органа не допускает доверенностей: члены голосуют лично."), "input", "meetingId")
	}
	if err := s.stands(ctx, tx, proxy.GiverID, "giverId"); err != nil {
		return err
	}
	if err := s.stands(ctx, tx, proxy.HolderID, "holderId"); err != nil {
		return err
	}
	if err := proxy.validate(room); err != nil {
		return err
	}
	if err := insert(ctx, tx, proxy); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Proxy", ID: proxy.ID, After: proxy.facts(), Touched: []core.ID{{Type: "Meeting", Key: meeting.ID}}})
	return nil
}

// validate holds a proxy against the others of its meeting and the body's charter.
func (p *Proxy) validate(r *room) error {
	var problems core.Problems
	words(&problems, p.Document, longestDocument, "document")
	for _, err := range []error{r.isMember(p.GiverID, "giverId"), r.isMember(p.HolderID, "holderId")} {
		if err := problems.Add(err); err != nil {
			return err
		}
	}
	problems.Check(p.GiverID != p.HolderID, core.T("Nobody votes for themself by proxy.", "Самому себе доверенность не выдают."), "input", "holderId")
	if err := problems.Err(); err != nil {
		return err
	}
	switch {
	case r.members[p.GiverID].holder != nil:
		return broken["proxies_one_each"]
	case r.held(p.GiverID) > 0:
		return core.Conflict(core.T("This member holds a proxy for the meeting, and so gives none.", "Этот член сам голосует по доверенности на этом заседании и передать голос не может."), "input", "giverId")
	case r.members[p.HolderID].holder != nil:
		return core.Conflict(core.T("This member has given a proxy for the meeting, and so holds none.", "Этот член сам выдал доверенность на заседание и голосовать за других не может."), "input", "holderId")
	case r.held(p.HolderID) >= r.rules.ProxiesPerHolder:
		return core.Conflict(core.Textf("This member holds %d proxies for the meeting; the charter allows no more.", "У этого члена уже доверенностей: %d; больше устав не допускает.", r.held(p.HolderID)), "input", "holderId")
	}
	return nil
}

// RevokeProxy takes a proxy back.
func (s *Service) RevokeProxy(ctx context.Context, in RevokeProxyInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "revokeProxy", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("Proxy", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Proxy](ctx, s.reads, tx, mayVote, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		p, err := find[Proxy](ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		if err := mine[Proxy](ctx, s, tx, mayVote, key, p.GiverID, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		if _, err := lock[meetings.Meeting](ctx, tx, p.MeetingID); err != nil {
			return uuid.Nil, err
		}
		if p, err = lock[Proxy](ctx, tx, key); err != nil {
			return uuid.Nil, err
		}
		if p.RevokedAt != nil {
			return uuid.Nil, core.Conflict(core.T("The proxy was revoked already.", "Доверенность уже отозвана."), "input", "id")
		}
		before, now := p.facts(), tx.Now()
		p.RevokedAt = &now
		if _, err := tx.NewUpdate().Model(p).Column("revoked_at").WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Proxy", ID: p.ID, Before: before, After: p.facts(), Touched: []core.ID{{Type: "Meeting", Key: p.MeetingID}}})
		return p.ID, nil
	})
}
