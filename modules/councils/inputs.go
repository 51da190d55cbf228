package councils

import (
	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// CreateCouncilInput founds a body.
type CreateCouncilInput struct {
	// ExternalKey is the body's name in the system that it came from; a second body with the same
	// is refused. Importers set it; the graph does not show it.
	ExternalKey          *string
	Kind                 CouncilKind
	Name                 string
	Purpose              string
	FoundingAct          string
	FoundedOn            core.Date
	ActiveFrom           *core.Date
	DistrictID           *core.ID
	ParentID             *core.ID
	ParentOrganisationID *core.ID
	SeatLimit            *int
	TermMonths           *int
	ClientMutationID     *string
}

// UpdateCouncilInput changes what is not dated; what is not set stays.
type UpdateCouncilInput struct {
	ID                   core.ID
	ExpectedVersion      int
	Name                 graphql.Omittable[*string]
	Purpose              graphql.Omittable[*string]
	FoundingAct          graphql.Omittable[*string]
	ActiveFrom           graphql.Omittable[*core.Date]
	ParentID             graphql.Omittable[*core.ID]
	ParentOrganisationID graphql.Omittable[*core.ID]
	SeatLimit            graphql.Omittable[*int]
	TermMonths           graphql.Omittable[*int]
	ClientMutationID     *string
}

// DissolveCouncilInput ends a body.
type DissolveCouncilInput struct {
	ID               core.ID
	ExpectedVersion  int
	DissolvedOn      core.Date
	Reason           string
	ClientMutationID *string
}

// StartTermInput opens a term of office.
type StartTermInput struct {
	CouncilID        core.ID
	StartsOn         core.Date
	EndsOn           *core.Date
	ClientMutationID *string
}

// AddMemberInput seats a person.
type AddMemberInput struct {
	CouncilID        core.ID
	PersonID         core.ID
	Post             MembershipPost
	Basis            MembershipBasis
	OrganisationID   *core.ID
	AppointingAct    *string
	StartsOn         core.Date
	EndsOn           *core.Date
	ClientMutationID *string
}

// UpdateMembershipInput corrects on what ground a person sits.
type UpdateMembershipInput struct {
	ID               core.ID
	ExpectedVersion  int
	Basis            graphql.Omittable[*MembershipBasis]
	OrganisationID   graphql.Omittable[*core.ID]
	AppointingAct    graphql.Omittable[*string]
	ClientMutationID *string
}

// ChangePostInput gives a member another post.
type ChangePostInput struct {
	MembershipID     core.ID
	ExpectedVersion  int
	Post             MembershipPost
	StartsOn         core.Date
	AppointingAct    *string
	ClientMutationID *string
}

// EndMembershipInput ends a seat.
type EndMembershipInput struct {
	ID               core.ID
	ExpectedVersion  int
	EndsOn           core.Date
	Reason           LeavingReason
	Note             *string
	ClientMutationID *string
}

// validate holds the body's own rules, whether it is new or changed; what hangs on other rows is
// the service's and the database's to hold.
func (c *Council) validate() error {
	var p core.Problems
	p.Words(c.Name, 300, "input", "name")
	p.Words(c.FoundingAct, 500, "input", "foundingAct")
	p.Short(&c.Purpose, 4000, "input", "purpose")
	p.Check(c.ActiveFrom == nil || !c.ActiveFrom.Before(c.FoundedOn),
		core.T("A body cannot be at work before it was founded.", "Орган не может начать работу до своего создания."), "input", "activeFrom")
	p.Check(c.ActiveFrom == nil || c.DissolvedOn == nil || !c.DissolvedOn.Before(*c.ActiveFrom),
		core.T("A body cannot begin its work after it was dissolved.", "Орган не может начать работу после упразднения."), "input", "activeFrom")
	p.Check(c.SeatLimit == nil || *c.SeatLimit >= 1 && *c.SeatLimit <= 1000, core.T("From 1 to 1,000 seats.", "От 1 до 1000 мест."), "input", "seatLimit")
	p.Check(c.TermMonths == nil || *c.TermMonths >= 1 && *c.TermMonths <= 120, core.T("From 1 to 120 months.", "От 1 до 120 месяцев."), "input", "termMonths")
	p.Check(c.Kind != CommunityCouncil || c.DistrictID != nil,
		core.T("A community council belongs to a district: name it.", "Совет микрорайона относится к микрорайону: укажите его."), "input", "districtId")
	p.Check(c.ParentID == nil || c.ParentOrganisationID == nil,
		core.T("A body belongs to one other: give parentId or parentOrganisationId.", "Орган входит только в один другой: укажите parentId или parentOrganisationId."), "input", "parentOrganisationId")
	return p.Err()
}

// validate holds a seat's own rules.
func (m *Membership) validate() error {
	var p core.Problems
	p.Check(m.EndsOn == nil || !m.EndsOn.Before(m.StartsOn), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
	p.Check(!m.Basis.Delegated() || m.OrganisationID != nil,
		core.T("This ground is a delegation: name the organisation.", "Такое основание — делегирование: укажите организацию."), "input", "organisationId")
	p.Check(m.Basis.Delegated() || m.Basis == ExOfficio || m.OrganisationID == nil,
		core.T("Nobody delegates on this ground: leave the organisation out.", "По такому основанию не делегируют: не указывайте организацию."), "input", "organisationId")
	p.Short(m.AppointingAct, 500, "input", "appointingAct")
	return p.Err()
}
