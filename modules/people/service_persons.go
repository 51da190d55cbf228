package people

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// CreatePerson registers a person, with personal data where the caller may write that too.
func (s *Service) CreatePerson(ctx context.Context, in CreatePersonInput) (*core.Payload, error) {
	return s.do(ctx, "createPerson", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(tx.Today()); err != nil {
			return uuid.Nil, err
		}
		if err := s.may(ctx, mayWrite); err != nil {
			return uuid.Nil, err
		}
		data := PersonalData{Phones: []string{}, Emails: []string{}, Version: 1}
		if d := in.Personal; d != nil {
			if err := s.may(ctx, mayWritePersonal); err != nil {
				return uuid.Nil, err
			}
			data.BirthDate, data.Phones, data.Emails, data.PostalAddress = d.BirthDate, d.Phones, d.Emails, d.PostalAddress
		}
		p := &Person{
			ID: core.NewID(), FamilyName: in.FamilyName, GivenName: in.GivenName, Patronymic: in.Patronymic,
			ExternalKey: in.ExternalKey, CreatedAt: moment(tx.Now()), Version: 1,
		}
		if err := insert(ctx, tx, p); err != nil {
			return uuid.Nil, err
		}
		data.ID = p.ID
		if err := insert(ctx, tx, &data); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: typePerson, ID: p.ID})
		return p.ID, nil
	})
}

// UpdatePerson changes names. The audit says which, and not what to: it cannot be erased.
func (s *Service) UpdatePerson(ctx context.Context, in UpdatePersonInput) (*core.Payload, error) {
	return s.do(ctx, "updatePerson", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Person](ctx, s, tx, mayWrite, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.PersonStands(ctx, tx, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		p := &Person{Owned: owned(ctx), ID: key}
		var columns []string
		for _, c := range []struct {
			name  string
			field *string
			given *string
		}{
			{"family_name", &p.FamilyName, in.FamilyName},
			{"given_name", &p.GivenName, in.GivenName},
			{"patronymic", &p.Patronymic, in.Patronymic},
		} {
			if c.given != nil {
				*c.field = *c.given
				columns = append(columns, c.name)
			}
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: typePerson, ID: key, After: changed(columns)})
		return key, save(ctx, tx, p, in.ExpectedVersion, columns...)
	})
}

// changed is what the audit keeps of columns whose values it must not.
func changed(columns []string) map[string]any { return map[string]any{"changed": columns} }

// UpdatePersonalData changes birth date and contacts: the person's own, or those of whom the caller
// may write.
func (s *Service) UpdatePersonalData(ctx context.Context, in UpdatePersonalDataInput) (*core.Payload, error) {
	return s.do(ctx, "updatePersonalData", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(tx.Today()); err != nil {
			return uuid.Nil, err
		}
		key, err := in.PersonID.Of(typePerson, "input", "personId")
		if err != nil {
			return uuid.Nil, err
		}
		// The right stands on the row of personal data, whose key is the person's.
		if _, err := require[PersonalData](ctx, s, tx, mayWritePersonal, id("PersonalData", key), "personId"); err != nil {
			return uuid.Nil, err
		}
		if err := s.PersonStands(ctx, tx, key, "input", "personId"); err != nil {
			return uuid.Nil, err
		}
		data, columns := personalChange(in)
		data.Owned, data.ID = owned(ctx), key
		tx.Changed(core.Change{Kind: core.Updated, Type: typePerson, ID: key, After: changed(columns)})
		return key, save(ctx, tx, data, in.ExpectedVersion, columns...)
	})
}

// personalChange is the new values and the columns that they belong to.
func personalChange(in UpdatePersonalDataInput) (*PersonalData, []string) {
	data := &PersonalData{BirthDate: in.BirthDate.Value(), Phones: in.Phones.Value(), Emails: in.Emails.Value(), PostalAddress: in.PostalAddress.Value()}
	var columns []string
	for _, c := range []struct {
		name string
		set  bool
	}{
		{"birth_date", in.BirthDate.IsSet()}, {"phones", in.Phones.IsSet()},
		{"emails", in.Emails.IsSet()}, {"postal_address", in.PostalAddress.IsSet()},
	} {
		if c.set {
			columns = append(columns, c.name)
		}
	}
	return data, columns
}

// AwardHonour notes a merit that was publicly recognised.
func (s *Service) AwardHonour(ctx context.Context, in AwardHonourInput) (*core.Payload, error) {
	return s.do(ctx, "awardHonour", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := in.Validate(tx.Today()); err != nil {
			return uuid.Nil, err
		}
		person, err := require[Person](ctx, s, tx, mayWrite, in.PersonID, "personId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.PersonStands(ctx, tx, person, "input", "personId"); err != nil {
			return uuid.Nil, err
		}
		h := &Honour{ID: core.NewID(), PersonID: person, Kind: in.Kind, Title: in.Title, Act: in.Act, AwardedOn: in.AwardedOn}
		tx.Changed(core.Change{
			Kind: core.Created, Type: "Honour", ID: h.ID, Touched: []core.ID{id(typePerson, person)},
			After: map[string]any{"personId": person, "kind": h.Kind, "awardedOn": h.AwardedOn},
		})
		return h.ID, insert(ctx, tx, h)
	})
}
