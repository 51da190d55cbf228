package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// GiveConsent notes a person's consent: their own, or a paper's in the hands of the caller.
func (s *Service) GiveConsent(ctx context.Context, in GiveConsentInput) (*core.Payload, error) {
	return s.do(ctx, "giveConsent", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(tx.Today()); err != nil {
			return uuid.Nil, err
		}
		person, err := require[Person](ctx, s, tx, mayWriteConsents, in.PersonID, "personId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.PersonStands(ctx, tx, person, "input", "personId"); err != nil {
			return uuid.Nil, err
		}
		c := &Consent{ID: core.NewID(), PersonID: person, Purpose: in.Purpose, Basis: in.Basis, GivenOn: in.GivenOn}
		tx.Changed(core.Change{
			Kind: core.Created, Type: "Consent", ID: c.ID, Touched: []core.ID{id(typePerson, person)},
			After: map[string]any{"personId": person, "givenOn": c.GivenOn},
		})
		return c.ID, insert(ctx, tx, c)
	})
}

// WithdrawConsent takes a consent back from a day on; that is done once.
func (s *Service) WithdrawConsent(ctx context.Context, in WithdrawConsentInput) (*core.Payload, error) {
	return s.do(ctx, "withdrawConsent", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := require[Consent](ctx, s, tx, mayWriteConsents, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		c := &Consent{Owned: owned(ctx), ID: key}
		if err := load(ctx, tx, c, "person_id", "given_on", "withdrawn_on"); err != nil {
			return uuid.Nil, err
		}
		switch {
		case c.WithdrawnOn != nil:
			return uuid.Nil, core.Conflict(core.T("This consent was withdrawn already.", "Это согласие уже отозвано."), "input", "id")
		case in.WithdrawnOn.Before(c.GivenOn):
			return uuid.Nil, core.Invalid(core.T("That day is before the consent was given.", "Этот день раньше дня согласия."), "input", "withdrawnOn")
		case tx.Today().Before(in.WithdrawnOn):
			return uuid.Nil, core.Invalid(future, "input", "withdrawnOn")
		}
		tx.Changed(core.Change{
			Kind: core.Ended, Type: "Consent", ID: key, Touched: []core.ID{id(typePerson, c.PersonID)},
			After: map[string]any{"withdrawnOn": in.WithdrawnOn},
		})
		_, err = tx.NewUpdate().Model(c).Set("withdrawn_on = ?", in.WithdrawnOn).WherePK().Exec(ctx)
		return key, err
	})
}
