// Package councils holds the town's collegial advisory bodies: its public chamber, public
// councils, the community councils of the districts, commissions and coordination councils.
//
// It owns bodies (Council), their terms of office (Term) and the seats that people hold in them
// (Membership), all dated, and answers who sits where, why and since when on any day. It needs
// people (who sits, who delegates) and places (the districts), and adds its fields to their
// types. A seat grants its holder roles in the body and takes them away by itself (see grants in
// declare.go).
//
// Reads are declared (declare.go). Writes go through Service, which decides about the row again:
// the graph, the demonstration loader and plugins all come by it.
package councils

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Council is a collegial body.
type Council struct {
	bun.BaseModel `bun:"table:councils,alias:council"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID                   uuid.UUID            `bun:"id,pk,type:uuid"`
	ExternalKey          *string              `bun:"external_key"`
	Kind                 CouncilKind          `bun:"kind"`
	Name                 string               `bun:"name"`
	Purpose              string               `bun:"purpose"`
	FoundingAct          string               `bun:"founding_act"`
	FoundedOn            core.Date            `bun:"founded_on"`
	ActiveFrom           *core.Date           `bun:"active_from"`
	DissolvedOn          *core.Date           `bun:"dissolved_on"`
	DissolutionReason    *string              `bun:"dissolution_reason"`
	DistrictID           *uuid.UUID           `bun:"district_id,type:uuid"`
	District             *places.District     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:district_id=id"`
	ParentID             *uuid.UUID           `bun:"parent_id,type:uuid"`
	Parent               *Council             `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:parent_id=id"`
	ParentOrganisationID *uuid.UUID           `bun:"parent_organisation_id,type:uuid"`
	ParentOrganisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:parent_organisation_id=id"`
	SeatLimit            *int                 `bun:"seat_limit"`
	TermMonths           *int                 `bun:"term_months"`
	Version              int                  `bun:"version"`
}

// CouncilKind is what sort of body it is.
type CouncilKind string

const (
	PublicChamber              CouncilKind = "PUBLIC_CHAMBER"
	PublicCouncil              CouncilKind = "PUBLIC_COUNCIL"
	CommunityCouncil           CouncilKind = "COMMUNITY_COUNCIL"
	InterdepartmentalCommittee CouncilKind = "INTERDEPARTMENTAL_COMMISSION"
	TerritorialCommission      CouncilKind = "TERRITORIAL_COMMISSION"
	CoordinationCouncil        CouncilKind = "COORDINATION_COUNCIL"
)

// CouncilStatus is how a body stands on a day; it follows from its dates.
type CouncilStatus string

// Term is a body's term of office (созыв).
type Term struct {
	bun.BaseModel `bun:"table:council_terms,alias:term"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID        uuid.UUID  `bun:"id,pk,type:uuid"`
	CouncilID uuid.UUID  `bun:"council_id,type:uuid"`
	Council   *Council   `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	Number    int        `bun:"number"`
	StartsOn  core.Date  `bun:"starts_on"`
	EndsOn    *core.Date `bun:"ends_on"`
	Version   int        `bun:"version"`
}

// Membership is a person's seat in a body for a time.
type Membership struct {
	bun.BaseModel `bun:"table:memberships,alias:membership"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID            `bun:"id,pk,type:uuid"`
	CouncilID      uuid.UUID            `bun:"council_id,type:uuid"`
	Council        *Council             `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	PersonID       uuid.UUID            `bun:"person_id,type:uuid"`
	Person         *people.Person       `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Post           MembershipPost       `bun:"post"`
	Basis          MembershipBasis      `bun:"basis"`
	OrganisationID *uuid.UUID           `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
	AppointingAct  *string              `bun:"appointing_act"`
	StartsOn       core.Date            `bun:"starts_on"`
	EndsOn         *core.Date           `bun:"ends_on"`
	LeavingReason  *LeavingReason       `bun:"leaving_reason"`
	LeavingNote    *string              `bun:"leaving_note"`
	Version        int                  `bun:"version"`
}

// MembershipPost is a member's function in the body.
type MembershipPost string

const (
	Chair       MembershipPost = "CHAIR"
	DeputyChair MembershipPost = "DEPUTY_CHAIR"
	Secretary   MembershipPost = "SECRETARY"
	Member      MembershipPost = "MEMBER"
)

// MembershipBasis is the ground on which a person sits in a body.
type MembershipBasis string

const (
	ByPublicAssociation       MembershipBasis = "PUBLIC_ASSOCIATION"
	ByProfessionalAssociation MembershipBasis = "PROFESSIONAL_ASSOCIATION"
	ByPoliticalParty          MembershipBasis = "POLITICAL_PARTY"
	ByOtherOrganisation       MembershipBasis = "OTHER_ORGANISATION"
	ActiveCitizen             MembershipBasis = "ACTIVE_CITIZEN"
	RecognisedMerit           MembershipBasis = "RECOGNISED_MERIT"
	HonoraryCitizen           MembershipBasis = "HONORARY_CITIZEN"
	ExOfficio                 MembershipBasis = "EX_OFFICIO"
)

// Delegated says whether the basis names an organisation that sent the person.
func (b MembershipBasis) Delegated() bool {
	switch b {
	case ByPublicAssociation, ByProfessionalAssociation, ByPoliticalParty, ByOtherOrganisation:
		return true
	}
	return false
}

// LeavingReason is why a person left a seat.
type LeavingReason string

const (
	Recalled      LeavingReason = "RECALLED"
	ChangedPost   LeavingReason = "CHANGED_POST"
	BodyDissolved LeavingReason = "BODY_DISSOLVED"
)

// CouncilCoverage is how the districts are covered by bodies of one kind.
type CouncilCoverage struct {
	Total, Covered int
	Uncovered      read.Refs[places.District]
}

// CouncilChange is something that happened to a council, or to a seat or term of it.
type CouncilChange struct {
	EventID    core.ID
	Kind       core.ChangeKind
	At         time.Time
	Council    read.Ref[Council]
	Membership read.Ref[Membership]
}
