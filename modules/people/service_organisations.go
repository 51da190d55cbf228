package people

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// CreateOrganisation registers an organisation.
func (s *Service) CreateOrganisation(ctx context.Context, in CreateOrganisationInput) (*core.Payload, error) {
	return s.do(ctx, "createOrganisation", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		if err := s.may(ctx, mayWriteOrganisations); err != nil {
			return uuid.Nil, err
		}
		o := &Organisation{
			ID: core.NewID(), Kind: in.Kind, Name: in.Name, ShortName: in.ShortName, OGRN: in.OGRN, INN: in.INN,
			FoundedOn: in.FoundedOn, ExternalKey: in.ExternalKey, CreatedAt: moment(tx.Now()), Version: 1,
		}
		var err error
		if o.ParentID, err = s.parent(ctx, tx, in.ParentID); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: typeOrganisation, ID: o.ID, After: organisationAudit(o)})
		return o.ID, insert(ctx, tx, o)
	})
}

// parent is the key of the organisation that shall stand above. It may be dissolved: history is
// entered, too.
func (s *Service) parent(ctx context.Context, tx *mutation.Tx, parent *core.ID) (*uuid.UUID, error) {
	if parent == nil {
		return nil, nil
	}
	key, err := require[Organisation](ctx, s, tx, mayReadOrganisations, *parent, "parentId")
	if err != nil {
		return nil, err
	}
	_, err = s.unmerged(ctx, tx, key, "input", "parentId")
	return &key, err
}

// organisationAudit is what the audit keeps: nothing of an organisation is personal, save the
// numbers of a sole trader, which are left out.
func organisationAudit(o *Organisation) map[string]any {
	return map[string]any{"kind": o.Kind, "name": o.Name, "shortName": o.ShortName, "parentId": o.ParentID, "foundedOn": o.FoundedOn}
}

var organisationColumns = []string{"kind", "name", "short_name", "ogrn", "inn", "parent_id", "founded_on"}

// UpdateOrganisation changes what is not dated.
func (s *Service) UpdateOrganisation(ctx context.Context, in UpdateOrganisationInput) (*core.Payload, error) {
	return s.do(ctx, "updateOrganisation", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Organisation](ctx, s, tx, mayWriteOrganisations, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if in.ParentID.IsSet() {
			if err := lockTree(ctx, tx); err != nil {
				return uuid.Nil, err
			}
		}
		o := &Organisation{Owned: owned(ctx), ID: key}
		if err := load(ctx, tx, o, append([]string{"dissolved_on", "merged_into_id"}, organisationColumns...)...); err != nil {
			return uuid.Nil, err
		}
		if o.MergedIntoID != nil {
			return uuid.Nil, errMergedAlready
		}
		before := organisationAudit(o)
		if err := s.changeOrganisation(ctx, tx, o, in); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: typeOrganisation, ID: key, Before: before, After: organisationAudit(o)})
		if err := save(ctx, tx, o, in.ExpectedVersion, organisationColumns...); err != nil {
			return uuid.Nil, err
		}
		return key, noCircle(ctx, tx, key)
	})
}

// changeOrganisation puts what was given into the loaded row, and checks what the fields say together.
func (s *Service) changeOrganisation(ctx context.Context, tx *mutation.Tx, o *Organisation, in UpdateOrganisationInput) error {
	set(&o.Kind, in.Kind)
	set(&o.Name, in.Name)
	set(&o.ShortName, in.ShortName)
	if in.OGRN.IsSet() {
		o.OGRN = in.OGRN.Value()
	}
	if in.INN.IsSet() {
		o.INN = in.INN.Value()
	}
	if in.FoundedOn.IsSet() {
		o.FoundedOn = in.FoundedOn.Value()
	}
	if in.ParentID.IsSet() {
		var err error
		if o.ParentID, err = s.parent(ctx, tx, in.ParentID.Value()); err != nil {
			return err
		}
	}
	var p core.Problems
	registration(&p, &o.OGRN, &o.INN)
	p.Check(o.FoundedOn == nil || o.DissolvedOn == nil || !o.DissolvedOn.Before(*o.FoundedOn),
		core.T("It would be founded after it was dissolved.", "Дата основания окажется позже даты упразднения."), "input", "foundedOn")
	return p.Err()
}

// set takes a value over where one is given.
func set[T any](field, given *T) {
	if given != nil {
		*field = *given
	}
}

// lockTree lets changes of who stands above whom in one municipality go one after another until
// they commit, so that two of them cannot close a circle together. It is taken before any row.
func lockTree(ctx context.Context, tx *mutation.Tx) error {
	key := "organisations.parents " + core.MunicipalityOf(ctx).ID.String()
	if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", key).Exec(ctx); err != nil {
		return fmt.Errorf("lock the organisations' tree: %w", err)
	}
	return nil
}

// noCircle refuses a parent under which the organisation stands above itself.
func noCircle(ctx context.Context, tx *mutation.Tx, organisation uuid.UUID) error {
	var circle bool
	err := tx.NewRaw(`WITH RECURSIVE above AS (
			SELECT parent_id FROM organisations WHERE municipality_id = ?0 AND id = ?1
			UNION SELECT o.parent_id FROM above JOIN organisations AS o ON o.municipality_id = ?0 AND o.id = above.parent_id
		) SELECT EXISTS (SELECT FROM above WHERE parent_id = ?1)`, core.MunicipalityOf(ctx).ID, organisation).Scan(ctx, &circle)
	if err != nil {
		return fmt.Errorf("look for a circle of organisations: %w", err)
	}
	if circle {
		return errCircle
	}
	return nil
}

// DissolveOrganisation ends an organisation on a day, and with it the posts and mandates that go on
// beyond it. Any that would only begin later stand against it.
func (s *Service) DissolveOrganisation(ctx context.Context, in DissolveOrganisationInput) (*core.Payload, error) {
	return s.do(ctx, "dissolveOrganisation", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Organisation](ctx, s, tx, mayWriteOrganisations, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		o := &Organisation{Owned: owned(ctx), ID: key}
		if err := load(ctx, tx, o, "founded_on", "dissolved_on", "merged_into_id"); err != nil {
			return uuid.Nil, err
		}
		if err := mayDissolve(o, in.DissolvedOn); err != nil {
			return uuid.Nil, err
		}
		o.DissolvedOn, o.DissolutionReason = &in.DissolvedOn, &in.Reason
		tx.Changed(core.Change{
			Kind: core.Ended, Type: typeOrganisation, ID: key, Reason: in.Reason, After: map[string]any{"dissolvedOn": in.DissolvedOn},
		})
		if err := save(ctx, tx, o, in.ExpectedVersion, "dissolved_on", "dissolution_reason"); err != nil {
			return uuid.Nil, err
		}
		return key, s.endWith(ctx, tx, o)
	})
}

func mayDissolve(o *Organisation, on core.Date) error {
	switch {
	case o.MergedIntoID != nil:
		return errMergedAlready
	case o.DissolvedOn != nil:
		return core.Conflict(core.Textf("It was dissolved on %s already.", "Организация уже упразднена %s.", *o.DissolvedOn), "input", "id")
	case o.FoundedOn != nil && on.Before(*o.FoundedOn):
		return core.Invalid(core.T("That day is before it was founded.", "Этот день раньше дня основания."), "input", "dissolvedOn")
	}
	return nil
}

// endWith ends posts and mandates on the organisation's last day.
func (s *Service) endWith(ctx context.Context, tx *mutation.Tx, o *Organisation) error {
	var later bool
	err := tx.NewRaw(`SELECT EXISTS (SELECT FROM posts WHERE municipality_id = ?0 AND organisation_id = ?1 AND starts_on > ?2)
		OR EXISTS (SELECT FROM mandates WHERE municipality_id = ?0 AND organisation_id = ?1 AND starts_on > ?2 AND revoked_on IS NULL)`,
		o.MunicipalityID, o.ID, *o.DissolvedOn).Scan(ctx, &later)
	if err != nil {
		return fmt.Errorf("look for later posts: %w", err)
	}
	if later {
		return core.Conflict(core.T("A post or mandate in it begins after that day. Choose a later day, or revoke the mandate.",
			"После этого дня начинается должность или доверенность. Выберите более поздний день или отзовите доверенность."), "input", "dissolvedOn")
	}
	ended := PostOrganisationDissolved
	var posts []Post
	err = tx.NewUpdate().Model(&posts).Set("ends_on = ?", *o.DissolvedOn).Set("end_reason = ?", ended).Set("version = version + 1").
		Where("?TableAlias.organisation_id = ?", o.ID).Where("(?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on > ?)", *o.DissolvedOn).
		Returning("id, person_id").Scan(ctx)
	if err != nil && !noRows(err) {
		return fmt.Errorf("end posts: %w", err)
	}
	for _, p := range posts {
		tx.Changed(core.Change{
			Kind: core.Ended, Type: "Post", ID: p.ID, Touched: []core.ID{id(typePerson, p.PersonID), id(typeOrganisation, o.ID)},
			After: map[string]any{"endsOn": *o.DissolvedOn, "endReason": ended},
		})
	}
	return s.endMandatesWith(ctx, tx, o)
}

func (s *Service) endMandatesWith(ctx context.Context, tx *mutation.Tx, o *Organisation) error {
	var mandates []Mandate
	err := tx.NewUpdate().Model(&mandates).Set("ends_on = ?", *o.DissolvedOn).
		Where("?TableAlias.organisation_id = ?", o.ID).Where("?TableAlias.starts_on <= ?", *o.DissolvedOn).
		Where("(?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on > ?)", *o.DissolvedOn).
		Returning("id, person_id").Scan(ctx)
	if err != nil && !noRows(err) {
		return fmt.Errorf("end mandates: %w", err)
	}
	for _, m := range mandates {
		tx.Changed(core.Change{
			Kind: core.Ended, Type: "Mandate", ID: m.ID, Touched: []core.ID{id(typePerson, m.PersonID), id(typeOrganisation, o.ID)},
			After: map[string]any{"endsOn": *o.DissolvedOn},
		})
	}
	return nil
}
