package hearings

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// newStatement is a statement as it is written: the row, content and all.
type newStatement struct {
	HearingStatement `bun:",extend"`

	AuthorID   *uuid.UUID `bun:"author_id,type:uuid"`
	AccountID  *uuid.UUID `bun:"account_id,type:uuid"`
	OperatorID *uuid.UUID `bun:"operator_id,type:uuid"`
	AddressID  *uuid.UUID `bun:"address_id,type:uuid"`
	DistrictID *uuid.UUID `bun:"district_id,type:uuid"`
	ShowName   bool       `bun:"show_name"`
}

// SubmitHearingStatement hands in a statement of the caller's, who is a person in the register.
func (s *Service) SubmitHearingStatement(ctx context.Context, in SubmitHearingStatementInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "submitHearingStatement", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h, err := s.lock(ctx, tx, in.HearingID, maySubmit, "hearingId")
		if err != nil {
			return uuid.Nil, err
		}
		actor := core.ActorOf(ctx)
		if actor.Kind != core.Account {
			return uuid.Nil, core.Forbidden(ctx)
		}
		if actor.Person == uuid.Nil {
			return uuid.Nil, core.Conflict(core.T("Who takes part in a hearing says who they are: ask the reception to link your account to your entry in the register.",
				"Участник слушаний называет себя: попросите приёмную связать учётную запись с вашей записью в реестре."))
		}
		if err := h.takes(tx.Today(), "hearingId"); err != nil {
			return uuid.Nil, err
		}
		t := &newStatement{AuthorID: &actor.Person, AccountID: &actor.Account, ShowName: in.ShowName}
		t.Channel, t.ReceivedOn = Online, tx.Today()
		if err := s.people.PersonStands(ctx, tx, actor.Person); err != nil {
			return uuid.Nil, err
		}
		if t.OrganisationID, err = s.spokenFor(ctx, tx, in.OrganisationID, actor); err != nil {
			return uuid.Nil, err
		}
		return t.id(), s.enter(ctx, tx, h, t, in.Residence, in.Proposals)
	})
}

// spokenFor is the organisation in whose name the caller speaks, by a mandate of today; nil for none.
func (s *Service) spokenFor(ctx context.Context, tx *mutation.Tx, id *core.ID, actor core.Actor) (*uuid.UUID, error) {
	key, err := seen[people.Organisation](ctx, s, tx, id, "Organisation", "organisationId")
	if err != nil {
		return nil, err
	}
	if key == nil {
		if actor.ActingFor == uuid.Nil {
			return nil, nil
		}
		key = &actor.ActingFor
	}
	may, err := s.mandated(ctx, actor.Person, *key)
	if err == nil && !may {
		err = core.Invalid(core.T("You have no valid mandate to speak for this organisation.", "У вас нет действующих полномочий выступать от имени этой организации."), "input", "organisationId")
	}
	return key, err
}

// takes refuses a day on which no statements are taken.
func (h *PublicHearing) takes(on core.Date, field string) error {
	if err := h.runs(); err != nil {
		return err
	}
	switch {
	case on.Before(h.IntakeFrom):
		return core.Conflict(core.Textf("Statements are taken from %[1]s to %[2]s.", "Предложения принимаются с %[1]s по %[2]s.", h.IntakeFrom, h.IntakeTo), "input", field)
	case h.IntakeTo.Before(on):
		return core.Conflict(core.Textf("Statements were taken until %s.", "Предложения принимались до %s включительно.", h.IntakeTo), "input", field)
	}
	return nil
}

// RecordHearingStatement writes down a statement that came another way.
func (s *Service) RecordHearingStatement(ctx context.Context, in RecordHearingStatementInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "recordHearingStatement", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h, err := s.lock(ctx, tx, in.HearingID, mayRecord, "hearingId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.came(ctx, tx, h, &in); err != nil {
			return uuid.Nil, err
		}
		t := &newStatement{ShowName: in.ShowName}
		t.Channel, t.ReceivedOn = in.Channel, in.ReceivedOn
		if actor := core.ActorOf(ctx); actor.Kind == core.Account {
			t.OperatorID = &actor.Account
		}
		if t.AuthorID, err = seen[people.Person](ctx, s, tx, in.AuthorID, "Person", "authorId"); err != nil {
			return uuid.Nil, err
		}
		if t.AuthorID != nil {
			if err := s.people.PersonStands(ctx, tx, *t.AuthorID, "input", "authorId"); err != nil {
				return uuid.Nil, err
			}
		}
		if t.OrganisationID, err = seen[people.Organisation](ctx, s, tx, in.OrganisationID, "Organisation", "organisationId"); err != nil {
			return uuid.Nil, err
		}
		if t.OrganisationID != nil {
			if err := s.people.OrganisationStands(ctx, tx, *t.OrganisationID, in.ReceivedOn, &in.ReceivedOn, "input", "organisationId"); err != nil {
				return uuid.Nil, err
			}
		}
		return t.id(), s.enter(ctx, tx, h, t, in.Residence, in.Proposals)
	})
}

// came refuses what did not come in time: within the intake, or in a session.
func (s *Service) came(ctx context.Context, tx *mutation.Tx, h *PublicHearing, in *RecordHearingStatementInput) error {
	if err := h.runs(); err != nil {
		return err
	}
	var p core.Problems
	p.Check(in.Channel != Online, core.T("What was handed in online is there: submitHearingStatement.", "Поданное онлайн вносит сам автор: submitHearingStatement."), "input", "channel")
	p.Check(in.AuthorID != nil || in.OrganisationID != nil, core.T("Say who made it: a person or an organisation. Without a name a statement is not taken (Urban Planning Code, article 5.1, part 12).",
		"Укажите автора: человека или организацию. Анонимные предложения не принимаются (ГрК РФ, ст. 5.1, ч. 12)."), "input", "authorId")
	p.Check(!tx.Today().Before(in.ReceivedOn), core.T("That day is still to come.", "Этот день ещё не наступил."), "input", "receivedOn")
	if err := p.Err(); err != nil {
		return err
	}
	if in.Channel != InSession {
		return h.takes(in.ReceivedOn, "receivedOn")
	}
	sessions, err := sessionsOf(ctx, tx, h.ID)
	if err != nil {
		return err
	}
	onThatDay := func(s session) bool { return s.StartsOn == in.ReceivedOn && s.State != meetings.Cancelled }
	if !slices.ContainsFunc(sessions, onThatDay) {
		return core.Invalid(core.Textf("There was no session on %s.", "Собрания %s не было.", in.ReceivedOn), "input", "receivedOn")
	}
	return nil
}

func (t *newStatement) id() uuid.UUID {
	if t.ID == uuid.Nil {
		t.ID = core.NewID()
	}
	return t.ID
}

// enter gives a statement its number and its proposals theirs. The hearing is locked.
func (s *Service) enter(ctx context.Context, tx *mutation.Tx, h *PublicHearing, t *newStatement, where HearingResidenceInput, in []HearingProposalInput) error {
	if err := validateProposals(in); err != nil {
		return err
	}
	if err := s.claim(ctx, tx, h, t, where); err != nil {
		return err
	}
	h.LastStatement++
	t.ID, t.HearingID, t.Number, t.StandingCheck, t.Version = t.id(), h.ID, h.LastStatement, Unchecked, 1
	proposals := make([]HearingProposal, len(in))
	for i := range in {
		h.LastProposal++
		text := strings.TrimSpace(in[i].Text)
		proposals[i] = HearingProposal{ID: core.NewID(), HearingID: h.ID, StatementID: t.ID, Number: h.LastProposal, Clause: core.Trimmed(in[i].Clause), SubmittedText: &text}
	}
	if _, err := tx.NewInsert().Model(t).Exec(ctx); err != nil {
		return postgres.Conflicts(err, broken)
	}
	if err := insertAll(ctx, tx, proposals); err != nil {
		return err
	}
	if err := mutation.Save(ctx, tx, h, h.Version, "last_statement", "last_proposal"); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "HearingStatement", ID: t.ID, After: t.facts(), Touched: []core.ID{h.id()}})
	return nil
}

func validateProposals(in []HearingProposalInput) error {
	var p core.Problems
	p.Check(len(in) >= 1 && len(in) <= mostProposals, core.Textf("From 1 to %d proposals.", "От 1 до %d предложений.", mostProposals), "input", "proposals")
	for i := range in[:min(len(in), mostProposals)] {
		n := utf8.RuneCountInString(strings.TrimSpace(in[i].Text))
		p.Check(n >= 1 && n <= 10_000, core.T("From 1 to 10,000 characters.", "От 1 до 10 000 знаков."), at("proposals", i, "text")...)
		p.Check(in[i].Clause == nil || utf8.RuneCountInString(*in[i].Clause) <= 200, core.T("At most 200 characters.", "Не более 200 знаков."), at("proposals", i, "clause")...)
	}
	return p.Err()
}

// claim works out whether the author belongs to the affected area, from where they say to live.
func (s *Service) claim(ctx context.Context, tx *mutation.Tx, h *PublicHearing, t *newStatement, where HearingResidenceInput) error {
	given := 0
	for _, is := range []bool{where.AddressID != nil, where.DistrictID != nil, where.Elsewhere} {
		if is {
			given++
		}
	}
	if given != 1 {
		return core.Invalid(core.T("Give one of these: addressId, districtId, elsewhere.", "Укажите что-то одно: addressId, districtId или elsewhere."), "input", "residence")
	}
	t.Claimed = Other
	if where.Elsewhere {
		return nil
	}
	var err error
	if t.DistrictID, err = seen[places.District](ctx, s, tx, where.DistrictID, "District", "residence", "districtId"); err != nil {
		return err
	}
	if t.AddressID, err = seen[places.Address](ctx, s, tx, where.AddressID, "Address", "residence", "addressId"); err != nil {
		return err
	}
	if t.AddressID != nil {
		if t.DistrictID, err = districtOf(ctx, tx, *t.AddressID); err != nil {
			return err
		}
	}
	if h.WholeTown { // the town's register holds no addresses outside of it
		t.Claimed = ResidentOfArea
		return nil
	}
	districts, err := districtsOf(ctx, tx, h.ID)
	if err == nil && t.DistrictID != nil && slices.Contains(districts, *t.DistrictID) {
		t.Claimed = ResidentOfArea
	}
	return err
}

func districtOf(ctx context.Context, tx *mutation.Tx, address uuid.UUID) (*uuid.UUID, error) {
	a := new(places.Address)
	err := tx.NewSelect().Model(a).Column("district_id").Where("?TableAlias.id = ?", address).Scan(ctx)
	return a.DistrictID, err
}

// lockStatement finds a statement for a change, locks its hearing while it is not concluded, and reads the
// statement as it is then.
func (s *Service) lockStatement(ctx context.Context, tx *mutation.Tx, id core.ID) (*PublicHearing, *HearingStatement, error) {
	key, err := id.Of("HearingStatement", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[HearingStatement](ctx, s.reads, tx, mayRecord, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	t := new(HearingStatement)
	if err := tx.NewSelect().Model(t).Where("?TableAlias.id = ?", key).Scan(ctx); err != nil {
		return nil, nil, err
	}
	h, err := lockHearing(ctx, tx, t.HearingID)
	if err != nil {
		return nil, nil, err
	}
	if err := h.runs(); err != nil {
		return nil, nil, err
	}
	return h, t, tx.NewSelect().Model(t).Where("?TableAlias.id = ?", key).Scan(ctx)
}
