package gatherings

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// around is where topics lie.
type around struct {
	addresses map[uuid.UUID]*places.Address
	sole      *uuid.UUID // the gathering's district, where it has one alone
}

// district is the case's: the one that is named, or the address's, or the gathering's.
func (a *around) district(t *GatheringTopicInput) *uuid.UUID {
	if t.DistrictID != nil {
		return &t.DistrictID.Key
	}
	if t.AddressID != nil && a.addresses[t.AddressID.Key].DistrictID != nil {
		return a.addresses[t.AddressID.Key].DistrictID
	}
	return a.sole
}

// findNamed finds all that the topics name, in one statement a type, and refuses what the caller does not see.
func (s *Service) findNamed(ctx context.Context, tx *mutation.Tx, g *Gathering, in *RecordTopicsInput) (*around, error) {
	var err error
	a := &around{}
	a.addresses, err = topicsName(ctx, s, tx, in, "Address", "addressId",
		func(t *GatheringTopicInput) *core.ID { return t.AddressID }, func(a *places.Address) uuid.UUID { return a.ID })
	if err != nil {
		return nil, err
	}
	_, err = topicsName(ctx, s, tx, in, "District", "districtId",
		func(t *GatheringTopicInput) *core.ID { return t.DistrictID }, func(d *places.District) uuid.UUID { return d.ID })
	if err != nil {
		return nil, err
	}
	_, err = topicsName(ctx, s, tx, in, "Person", "applicantId",
		func(t *GatheringTopicInput) *core.ID { return t.ApplicantID }, func(p *people.Person) uuid.UUID { return p.ID })
	if err != nil {
		return nil, err
	}
	_, err = topicsName(ctx, s, tx, in, "Organisation", "ownerOrganisationId",
		func(t *GatheringTopicInput) *core.ID { return t.OwnerOrganisationID }, func(o *people.Organisation) uuid.UUID { return o.ID })
	if err != nil {
		return nil, err
	}
	if err := s.promisersWereThere(ctx, tx, g, in); err != nil {
		return nil, err
	}
	districts, err := districtsOf(ctx, tx, g.ID)
	if len(districts) == 1 {
		a.sole = &districts[0]
	}
	return a, err
}

// topicsName finds the objects of one type that topics name in one of their fields.
func topicsName[M any](ctx context.Context, s *Service, tx *mutation.Tx, in *RecordTopicsInput, typ, field string,
	id func(*GatheringTopicInput) *core.ID, key func(*M) uuid.UUID,
) (map[uuid.UUID]*M, error) {
	var keys []uuid.UUID
	for i := range in.Topics {
		key, err := core.KeyOf(id(&in.Topics[i]), typ, at("topics", i, field)...)
		if err != nil {
			return nil, err
		}
		if key != nil && !slices.Contains(keys, *key) {
			keys = append(keys, *key)
		}
	}
	found, err := visible(ctx, s.reads, tx, aliases[typ], keys, key)
	if err != nil {
		return nil, err
	}
	for i := range in.Topics {
		if named := id(&in.Topics[i]); named != nil && found[named.Key] == nil {
			return nil, notFound(at("topics", i, field)...)
		}
	}
	return found, nil
}

// aliases are the names of the models' tables in statements.
var aliases = map[string]string{"Address": "address", "District": "district", "Person": "person", "Organisation": "organisation"}

// promisersWereThere refuses a promise of somebody who is not noted as present.
func (s *Service) promisersWereThere(ctx context.Context, tx *mutation.Tx, g *Gathering, in *RecordTopicsInput) error {
	var keys, there []uuid.UUID
	for i := range in.Topics {
		key, err := core.KeyOf(in.Topics[i].PromisedByID, "Person", at("topics", i, "promisedById")...)
		if err != nil {
			return err
		}
		if key != nil {
			keys = append(keys, *key)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	err := tx.NewSelect().Model((*GatheringOfficial)(nil)).Column("person_id").Where("?TableAlias.gathering_id = ?", g.ID).
		Where("?TableAlias.person_id IN (?)", bun.List(keys)).Scan(ctx, &there)
	if err != nil {
		return err
	}
	var p core.Problems
	for i := range in.Topics {
		by := in.Topics[i].PromisedByID
		p.Check(by == nil || slices.Contains(there, by.Key), core.T("This person is not noted as an official who was there: add them first (addGatheringOfficials).",
			"Этот человек не отмечен среди присутствовавших должностных лиц: сначала добавьте его (addGatheringOfficials)."), at("topics", i, "promisedById")...)
	}
	return p.Err()
}
