package assemblies

import (
	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
)

// Charter is one version of an assembly's charter.
type Charter struct {
	bun.BaseModel `bun:"table:assembly_charters,alias:charter"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID                 uuid.UUID            `bun:"id,pk,type:uuid"`
	AssemblyID         uuid.UUID            `bun:"assembly_id,type:uuid"`
	Assembly           *Assembly            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:assembly_id=id"`
	Number             int                  `bun:"number"`
	Act                string               `bun:"act"`
	StartsOn           core.Date            `bun:"starts_on"`
	EndsOn             *core.Date           `bun:"ends_on"`
	TermMonths         *int                 `bun:"term_months"`
	QuorumOf           SeatBase             `bun:"quorum_of"`
	QuorumNumerator    int                  `bun:"quorum_numerator"`
	QuorumDenominator  int                  `bun:"quorum_denominator"`
	QuorumStrict       bool                 `bun:"quorum_strict"`
	SubstitutesAllowed bool                 `bun:"substitutes_allowed"`
	ProxiesHeld        int                  `bun:"proxies_held"`
	ProxiesInQuorum    bool                 `bun:"proxies_in_quorum"`
	Manners            []motions.VoteManner `bun:"manners,array"`
	AmendmentsAs       string               `bun:"amendments_as"`
	NoticeDays         int                  `bun:"notice_days"`
	Version            int                  `bun:"version"`
}

// SeatBase is which seats a quorum is counted of.
type SeatBase string

const (
	OfFilled SeatBase = "FILLED"
	OfAll    SeatBase = "ALL"
)

// SeatRule is a rule by which seats come about, over all versions of the charter.
type SeatRule struct {
	bun.BaseModel `bun:"table:assembly_rules,alias:seat_rule"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID             uuid.UUID             `bun:"id,pk,type:uuid"`
	AssemblyID     uuid.UUID             `bun:"assembly_id,type:uuid"`
	Assembly       *Assembly             `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:assembly_id=id"`
	Key            string                `bun:"key"`
	Kind           SeatRuleKind          `bun:"kind"`
	CouncilKind    *councils.CouncilKind `bun:"council_kind"`
	CouncilID      *uuid.UUID            `bun:"council_id,type:uuid"`
	Council        *councils.Council     `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:council_id=id"`
	OrganisationID *uuid.UUID            `bun:"organisation_id,type:uuid"`
	Organisation   *people.Organisation  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:organisation_id=id"`
}

// SeatRuleKind is how a rule makes seats.
type SeatRuleKind string

const (
	EachDistrict SeatRuleKind = "EACH_DISTRICT"
	EachBody     SeatRuleKind = "EACH_BODY"
	BodyChooses  SeatRuleKind = "BODY_CHOOSES"
	BodyAll      SeatRuleKind = "BODY_ALL"
	ByNomination SeatRuleKind = "NOMINATION"
)

// CharterRule is what one version of the charter makes of a rule.
type CharterRule struct {
	bun.BaseModel `bun:"table:charter_rules,alias:charter_rule"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID `bun:"id,pk,type:uuid"`
	AssemblyID uuid.UUID `bun:"assembly_id,type:uuid"`
	CharterID  uuid.UUID `bun:"charter_id,type:uuid"`
	Charter    *Charter  `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:charter_id=id"`
	RuleID     uuid.UUID `bun:"rule_id,type:uuid"`
	Rule       *SeatRule `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:rule_id=id"`
	Position   int       `bun:"position"`
	Name       string    `bun:"name"`
	Seats      *int      `bun:"seats"`
}

// CharterMajority is the majority that decides a kind of question.
type CharterMajority struct {
	bun.BaseModel `bun:"table:charter_majorities,alias:majority"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID            `bun:"id,pk,type:uuid"`
	AssemblyID  uuid.UUID            `bun:"assembly_id,type:uuid"`
	CharterID   uuid.UUID            `bun:"charter_id,type:uuid"`
	Charter     *Charter             `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:charter_id=id"`
	Position    int                  `bun:"position"`
	Question    string               `bun:"question"`
	Name        string               `bun:"name"`
	Kind        MajorityKind         `bun:"kind"`
	Of          motions.MajorityBase `bun:"of"`
	Numerator   int                  `bun:"numerator"`
	Denominator int                  `bun:"denominator"`
}

// MajorityKind is whether more than half decides, or a share of its own.
type MajorityKind string

const (
	Simple    MajorityKind = "SIMPLE"
	Qualified MajorityKind = "QUALIFIED"
)
