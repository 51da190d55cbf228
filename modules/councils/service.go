package councils

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Service is every way to change bodies and seats. Each method that changes something checks the
// caller's right on the row, so it may be called from anywhere; those that only find keys
// (ByExternalKey, Seated, ChairOf) check none and are for importers.
type Service struct {
	reads  *read.Reader
	guard  *access.Guard
	writer *mutation.Writer
	people *people.Service
	clock  core.Clock
	ended  []SeatsEnded
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"councils_one_per_district":                 core.Conflict(core.T("The district has a community council at that time already.", "В микрорайоне в это время уже есть общественный совет."), "input", "districtId"),
	"councils_municipality_id_external_key_key": core.Conflict(core.T("A body with this external key is there already.", "Орган с таким внешним ключом уже есть.")),
	"council_terms_no_overlap":                  core.Conflict(core.T("The term overlaps another one of this body.", "Срок полномочий пересекается с другим сроком этого органа."), "input", "startsOn"),
	"memberships_one_seat":                      core.Conflict(core.T("This person holds a seat in this body at that time already.", "Этот человек в это время уже входит в состав органа."), "input", "personId"),
	"memberships_one_chair":                     core.Conflict(core.T("The body has a chair at that time already. End that seat first.", "В это время у органа уже есть председатель. Сначала завершите его полномочия."), "input", "post"),
}

// CreateCouncil founds a body. A district has one community council at a time: CONFLICT.
func (s *Service) CreateCouncil(ctx context.Context, in CreateCouncilInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createCouncil", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c := &Council{
			ID: core.NewID(), ExternalKey: in.ExternalKey, Kind: in.Kind, Name: strings.TrimSpace(in.Name), Purpose: strings.TrimSpace(in.Purpose),
			FoundingAct: strings.TrimSpace(in.FoundingAct), FoundedOn: in.FoundedOn, ActiveFrom: in.ActiveFrom,
			SeatLimit: in.SeatLimit, TermMonths: in.TermMonths, Version: 1,
		}
		if err := s.link(ctx, tx, c, in.DistrictID, in.ParentID, in.ParentOrganisationID); err != nil {
			return uuid.Nil, err
		}
		if err := s.guard.Check(ctx, mayWrite, c.resource()); err != nil {
			return uuid.Nil, err
		}
		if err := c.validate(); err != nil {
			return uuid.Nil, err
		}
		if err := insert(ctx, tx, c); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: "Council", ID: c.ID, After: c.facts()})
		return c.ID, nil
	})
}

// link finds the things that a body hangs on; one that the caller may not see is NOT_FOUND.
func (s *Service) link(ctx context.Context, tx *mutation.Tx, c *Council, district, parent, organisation *core.ID) error {
	var err error
	if c.DistrictID, err = core.KeyOf(district, "District", "input", "districtId"); err != nil {
		return err
	}
	if c.DistrictID != nil {
		if err := read.Seen[places.District](ctx, s.reads, tx, *c.DistrictID, "input", "districtId"); err != nil {
			return err
		}
	}
	if err := s.linkParent(ctx, tx, c, parent); err != nil {
		return err
	}
	return s.linkOrganisation(ctx, tx, c, organisation)
}

func (s *Service) linkParent(ctx context.Context, tx *mutation.Tx, c *Council, parent *core.ID) (err error) {
	if c.ParentID, err = core.KeyOf(parent, "Council", "input", "parentId"); err != nil || c.ParentID == nil {
		return err
	}
	if err := read.Seen[Council](ctx, s.reads, tx, *c.ParentID, "input", "parentId"); err != nil {
		return err
	}
	if err := lockTree(ctx, tx); err != nil {
		return err
	}
	below, err := isBelow(ctx, tx, *c.ParentID, c.ID)
	if err == nil && below {
		err = core.Invalid(core.T("That body belongs to this one itself.", "Тот орган сам входит в этот."), "input", "parentId")
	}
	return err
}

func (s *Service) linkOrganisation(ctx context.Context, tx *mutation.Tx, c *Council, organisation *core.ID) (err error) {
	c.ParentOrganisationID, err = core.KeyOf(organisation, "Organisation", "input", "parentOrganisationId")
	if err != nil || c.ParentOrganisationID == nil {
		return err
	}
	return read.Seen[people.Organisation](ctx, s.reads, tx, *c.ParentOrganisationID, "input", "parentOrganisationId")
}

// UpdateCouncil changes what is not dated.
func (s *Service) UpdateCouncil(ctx context.Context, in UpdateCouncilInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateCouncil", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayWrite, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := c.facts()
		if err := s.change(ctx, tx, c, in); err != nil {
			return uuid.Nil, err
		}
		if err := c.validate(); err != nil {
			return uuid.Nil, err
		}
		if in.SeatLimit.IsSet() {
			if err := roomFor(ctx, tx, c); err != nil {
				return uuid.Nil, err
			}
		}
		err = mutation.Save(ctx, tx, c, in.ExpectedVersion, "name", "purpose", "founding_act", "active_from", "parent_id", "parent_organisation_id", "seat_limit", "term_months")
		if err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Council", ID: c.ID, Before: before, After: c.facts()})
		return c.ID, nil
	})
}

func (s *Service) change(ctx context.Context, tx *mutation.Tx, c *Council, in UpdateCouncilInput) error {
	for _, text := range []struct {
		given interface{ ValueOK() (*string, bool) }
		into  *string
	}{{in.Name, &c.Name}, {in.Purpose, &c.Purpose}, {in.FoundingAct, &c.FoundingAct}} {
		if v, ok := text.given.ValueOK(); ok {
			*text.into = ""
			if v != nil {
				*text.into = strings.TrimSpace(*v)
			}
		}
	}
	if v, ok := in.ActiveFrom.ValueOK(); ok {
		c.ActiveFrom = v
	}
	if v, ok := in.SeatLimit.ValueOK(); ok {
		c.SeatLimit = v
	}
	if v, ok := in.TermMonths.ValueOK(); ok {
		c.TermMonths = v
	}
	if v, ok := in.ParentID.ValueOK(); ok {
		if err := s.linkParent(ctx, tx, c, v); err != nil {
			return err
		}
	}
	if v, ok := in.ParentOrganisationID.ValueOK(); ok {
		return s.linkOrganisation(ctx, tx, c, v)
	}
	return nil
}

// roomFor refuses a limit of seats below what is taken, or given away already, from today on.
func roomFor(ctx context.Context, tx *mutation.Tx, c *Council) error {
	if c.SeatLimit == nil {
		return nil
	}
	most, err := mostSeats(ctx, tx, c.ID, tx.Today(), nil)
	if err == nil && most > *c.SeatLimit {
		err = core.Conflict(core.Textf("%d seats are taken at once, today or later. End some of them first.", "Одновременно занято мест сегодня или позже: %d. Сначала завершите часть членств.", most), "input", "seatLimit")
	}
	return err
}

// lock finds a body for a change: seen by the caller, changed under the permission, and held
// until the end of the transaction so that nothing changes below it meanwhile.
func (s *Service) lock(ctx context.Context, tx *mutation.Tx, id core.ID, permission string, path ...string) (*Council, error) {
	key, err := id.Of("Council", path...)
	if err != nil {
		return nil, err
	}
	if err := read.Require[Council](ctx, s.reads, tx, permission, key, path...); err != nil {
		return nil, err
	}
	return lockCouncil(ctx, tx, key)
}
