package motions

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/meetings"
)

// room is who may vote in a meeting at one moment: its body's members on the day, who of them is
// there, and who votes for whom.
type room struct {
	rules   Rules
	seats   int // all seats, filled or not
	quorum  Threshold
	members map[uuid.UUID]seat
}

// seat is one member.
type seat struct {
	present bool
	holder  *uuid.UUID // who votes for them when they are away; nil: nobody
}

// enter is the room of the meeting at the moment of the mutation. A meeting without a body has none.
func (s *Service) enter(ctx context.Context, tx *mutation.Tx, m *meetings.Meeting) (*room, error) {
	if m.BodyID == nil {
		return nil, core.Conflict(core.T("No body meets here: nothing is decided by vote.", "Здесь заседает не орган: голосованием ничего не решают."))
	}
	r := &room{members: map[uuid.UUID]seat{}}
	if err := s.readRules(ctx, tx, m, r); err != nil {
		return nil, err
	}
	if err := s.seat(ctx, tx, m, r); err != nil {
		return nil, fmt.Errorf("members of %s %s: %w", m.BodyKind, m.BodyID, err)
	}
	if r.seats = *m.Seats; r.seats == 0 {
		r.seats = len(r.members)
	}
	return r, nil
}

func (s *Service) readRules(ctx context.Context, db bun.IDB, m *meetings.Meeting, r *room) (err error) {
	if of := s.rules[m.BodyKind]; of != nil {
		if r.rules, err = of(ctx, db, *m.BodyID, m.StartsOn); err != nil {
			return fmt.Errorf("rules of %s %s: %w", m.BodyKind, m.BodyID, err)
		}
	}
	r.quorum = Threshold{Of: MajorityBase(*m.QuorumOf)}
	r.quorum.Numerator, r.quorum.Denominator, r.quorum.Strict = *m.QuorumNumerator, *m.QuorumDenominator, *m.QuorumStrict
	if r.rules.Quorum != nil {
		r.quorum = *r.rules.Quorum
	}
	if err := r.quorum.validate(OfFilled, OfAll); err != nil {
		return fmt.Errorf("motions: quorum of %s %s: %w", m.BodyKind, m.BodyID, err)
	}
	return r.rules.validate()
}

func (s *Service) seat(ctx context.Context, tx *mutation.Tx, m *meetings.Meeting, r *room) error {
	members, err := s.meetings.MembersSQL(m)
	if err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, string(meetings.Query(ctx, tx, m, strings.NewReplacer("?members", members, "?present", meetings.InRoom).Replace(
		`SELECT member.person_id, member.person_id IN (?present) AS present, given.holder_id FROM (SELECT DISTINCT person_id FROM (?members) AS seated) AS member
		LEFT JOIN proxies AS given ON given.municipality_id = ?municipality AND given.meeting_id = ?meeting AND given.giver_id = member.person_id AND given.revoked_at IS NULL`), tx.Now())))
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var person uuid.UUID
		var at seat
		if err := rows.Scan(&person, &at.present, &at.holder); err != nil {
			return err
		}
		r.members[person] = at
	}
	return rows.Err()
}

// represented says whether a member away is voted for by one who is there.
func (r *room) represented(person uuid.UUID) bool {
	at := r.members[person]
	return !at.present && at.holder != nil && r.members[*at.holder].present
}

// present counts the members there.
func (r *room) present() (n int) {
	for _, at := range r.members {
		if at.present {
			n++
		}
	}
	return n
}

// counted is how many count towards the quorum now.
func (r *room) counted() int {
	n := r.present()
	if r.rules.ProxyCountsForQuorum {
		for person := range r.members {
			if r.represented(person) {
				n++
			}
		}
	}
	return n
}

// quorumNeeded is the least number that makes the quorum.
func (r *room) quorumNeeded() int {
	if r.quorum.Of == OfAll {
		return r.quorum.Needed(r.seats)
	}
	return r.quorum.Needed(len(r.members))
}

// eligible counts those who take part: there, represented, or gone after having cast.
func (r *room) eligible(cast map[uuid.UUID]bool) (n int) {
	for person, at := range r.members {
		if at.present || r.represented(person) || cast[person] {
			n++
		}
	}
	return n
}

// held is how many proxies the member holds.
func (r *room) held(person uuid.UUID) (n int) {
	for _, at := range r.members {
		if at.holder != nil && *at.holder == person {
			n++
		}
	}
	return n
}

// isMember refuses whom the body does not count among its members on the day.
func (r *room) isMember(person uuid.UUID, field string) error {
	if _, ok := r.members[person]; !ok {
		return core.Invalid(core.T("This person is no member of the body on the day of the meeting.", "Этот человек в день заседания не входит в состав органа."), "input", field)
	}
	return nil
}
