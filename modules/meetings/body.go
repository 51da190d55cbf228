package meetings

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// Body is a sort of body that meets. The module that owns the sort registers it.
type Body struct {
	// Type is the GraphQL type of such bodies: Council. Its objects are scopes of rights.
	Type string
	// Name is a SELECT of the name of ?body in ?municipality.
	Name string
	// Members is a SELECT of person_id, of the members of ?body on ?day in ?municipality. It stands as
	// a subquery under tables called meeting, attendance and presence, so it uses no such alias.
	Members string
	// Kinds are the kinds of meetings that such bodies hold; the first is the usual one.
	Kinds []MeetingKind
	// Rules are those of one body on a day.
	Rules func(ctx context.Context, db bun.IDB, body uuid.UUID, on core.Date) (Rules, error)
}

// Rules are what a body's charter says of its meetings.
type Rules struct {
	// Seats are all seats, filled or not; 0 when their number is open, so that all are filled.
	Seats int
	// Quorum is the share that must be present.
	Quorum Share
	// NoticeDays is for how many days before it a meeting is announced; 0 for none.
	NoticeDays int
}

// Basis is what a share is taken of.
type Basis string

const (
	OfFilled Basis = "FILLED" // the seats that somebody holds
	OfAll    Basis = "ALL"    // all seats, filled or not
)

// Share is a part of a number of people: a half, two thirds. A strict one is more than that.
type Share struct {
	Of                     Basis
	Numerator, Denominator int
	Strict                 bool
}

// MoreThanHalf is the usual quorum.
var MoreThanHalf = Share{Of: OfFilled, Numerator: 1, Denominator: 2, Strict: true}

// Required is the least whole number that is that share of n, or more than it where it is strict.
func (s Share) Required(n int) int {
	if s.Strict {
		return n*s.Numerator/s.Denominator + 1
	}
	return (n*s.Numerator + s.Denominator - 1) / s.Denominator
}

// kind is the kind of scope that the body's objects are: council of Council.
func (b Body) kind() string { return strings.ToLower(b.Type[:1]) + b.Type[1:] }

// RegisterBody makes bodies of a type meet. It is called while modules are made.
func (m *Module) RegisterBody(b Body) {
	m.Service.bodies[b.kind()] = b
	m.declareQuorum()
}

// bodyOf is the registered sort of the meeting's body; nil for a meeting without one.
func (s *Service) bodyOf(m *Meeting) (*Body, error) {
	if m.BodyID == nil {
		return nil, nil
	}
	b, ok := s.bodies[m.BodyKind]
	if !ok {
		return nil, fmt.Errorf("meetings: no module registered bodies of the kind %q", m.BodyKind)
	}
	return &b, nil
}

// readRules reads the rules of the meeting's body anew and keeps them in the meeting; it answers the days
// of notice that they ask for.
func (s *Service) readRules(ctx context.Context, db bun.IDB, m *Meeting) (notice int, err error) {
	body, err := s.bodyOf(m)
	if err != nil || body == nil {
		return 0, err
	}
	r, err := body.Rules(ctx, db, *m.BodyID, m.StartsOn)
	if err != nil {
		return 0, fmt.Errorf("rules of %s %s: %w", m.BodyKind, m.BodyID, err)
	}
	m.Seats, m.QuorumOf, m.QuorumStrict = &r.Seats, &r.Quorum.Of, &r.Quorum.Strict
	m.QuorumNumerator, m.QuorumDenominator = &r.Quorum.Numerator, &r.Quorum.Denominator
	return r.NoticeDays, nil
}

// ruleColumns are what readRules fills.
var ruleColumns = []string{"seats", "quorum_of", "quorum_numerator", "quorum_denominator", "quorum_strict"}

// InRoom is a SELECT of person_id: who was in the room of ?meeting at the moment ?at, in ?municipality.
const InRoom = `SELECT attendance.person_id FROM meeting_presence AS presence
	JOIN meeting_attendances AS attendance ON attendance.municipality_id = presence.municipality_id AND attendance.id = presence.attendance_id
	WHERE attendance.municipality_id = ?municipality AND attendance.meeting_id = ?meeting
	AND presence.arrived_at <= ?at AND (presence.left_at IS NULL OR presence.left_at > ?at)`

// MembersSQL is a SELECT of person_id: the members of the meeting's body on its day. The words ?body, ?day
// and ?municipality stand in it still. A meeting without a body has none.
func (s *Service) MembersSQL(m *Meeting) (string, error) {
	body, err := s.bodyOf(m)
	if err != nil || body == nil {
		return "SELECT NULL::uuid AS person_id WHERE FALSE", err
	}
	return body.Members, nil
}

// PresentMembersSQL is a SELECT of person_id: the members of the meeting's body who were in the room at the
// moment ?at; see Query for the words in it.
func (s *Service) PresentMembersSQL(m *Meeting) (string, error) {
	members, err := s.MembersSQL(m)
	return "SELECT DISTINCT member.person_id FROM (" + members + ") AS member WHERE member.person_id IN (" + InRoom + ")", err
}

// Query puts the meeting's own values into the words of MembersSQL, InRoom and PresentMembersSQL; at is
// the value of ?at.
func Query(ctx context.Context, db bun.IDB, m *Meeting, sql string, at any) bun.Safe {
	gen := db.NewSelect().DB().QueryGen().WithNamedArg("municipality", core.MunicipalityOf(ctx).ID).WithNamedArg("body", m.BodyID).
		WithNamedArg("day", m.StartsOn).WithNamedArg("meeting", m.ID).WithNamedArg("at", at)
	return bun.Safe(gen.FormatQuery(sql))
}

// kinds are the registered kinds of bodies, in order.
func (s *Service) kinds() []string {
	kinds := make([]string, 0, len(s.bodies))
	for kind := range s.bodies {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}
