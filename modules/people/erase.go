package people

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// ErasePerson removes a person's name and personal data for ever, with those of all duplicates that
// were merged into them (152-FZ, article 21). The rows stay for statistics. Whatever a holder says
// still hangs on the person comes back as the reasons why not, all at once.
func (s *Service) ErasePerson(ctx context.Context, in ErasePersonInput) (*core.Payload, error) {
	return s.do(ctx, "erasePerson", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := reason(&in.Reason); err != nil {
			return uuid.Nil, err
		}
		key, err := require[Person](ctx, s, tx, mayErase, in.ID, "id")
		if err != nil {
			return uuid.Nil, err
		}
		persons, err := s.lockHuman(ctx, tx, key)
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.nothingHolds(ctx, tx, persons); err != nil {
			return uuid.Nil, err
		}
		if err := s.erase(ctx, tx, persons); err != nil {
			return uuid.Nil, err
		}
		for _, p := range persons {
			tx.Changed(core.Change{Kind: core.Erased, Type: typePerson, ID: p, Reason: in.Reason})
		}
		return key, nil
	})
}

// lockHuman keeps the person and all duplicates merged into them from everybody, in the order of
// their keys, and refuses one that is itself a duplicate or erased.
func (s *Service) lockHuman(ctx context.Context, tx *mutation.Tx, person uuid.UUID) ([]uuid.UUID, error) {
	p := &Person{Owned: owned(ctx), ID: person}
	// The lock keeps others from being merged into this one while its duplicates are gathered.
	err := tx.NewSelect().Model(p).Column("merged_into_id", "erased_at").WherePK().For("UPDATE").Scan(ctx)
	switch {
	case err != nil:
		return nil, missing(err, "person", "input", "id")
	case p.MergedIntoID != nil:
		return nil, core.Conflict(core.T("This one was merged into another. Erase that one (mergedInto), or undo the merge.",
			"Эта запись объединена с другой. Удалите данные той записи (mergedInto) или отмените объединение."), "input", "id")
	case p.ErasedAt != nil:
		return nil, core.Conflict(core.T("This person's data was erased already.", "Данные этого человека уже удалены."), "input", "id")
	}
	persons, err := human(ctx, tx, person)
	if err != nil {
		return nil, err
	}
	_, err = tx.NewRaw("SELECT FROM persons WHERE municipality_id = ? AND id IN (?) ORDER BY id FOR UPDATE", p.MunicipalityID, bun.List(persons)).Exec(ctx)
	return persons, err
}

// human is the person and all duplicates that were merged into them, whatever the way.
func human(ctx context.Context, db bun.IDB, person uuid.UUID) ([]uuid.UUID, error) {
	var persons []uuid.UUID
	err := db.NewRaw(`WITH RECURSIVE human AS (
			SELECT ?1::uuid AS id
			UNION SELECT p.id FROM human JOIN persons AS p ON p.municipality_id = ?0 AND p.merged_into_id = human.id
		) SELECT id FROM human`, core.MunicipalityOf(ctx).ID, person).Scan(ctx, &persons)
	if err != nil {
		return nil, fmt.Errorf("duplicates of a person: %w", err)
	}
	return persons, nil
}

// nothingHolds asks every holder and answers all reasons against erasure.
func (s *Service) nothingHolds(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	var problems core.Problems
	for _, h := range s.holders {
		if h.Holds == nil {
			continue
		}
		reasons, err := h.Holds(ctx, tx, persons, tx.Today())
		if err != nil {
			return fmt.Errorf("%s of a person: %w", h.Name, err)
		}
		for _, why := range reasons {
			problems = append(problems, core.Conflict(why, "input", "id"))
		}
	}
	return problems.Err()
}

func (s *Service) erase(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Person)(nil)).
		Set("family_name = ?", erasedName).Set("given_name = ''").Set("patronymic = ''").Set("external_key = NULL").
		Set("erased_at = ?", moment(tx.Now())).Set("version = version + 1").
		Where("?TableAlias.id IN (?)", bun.List(persons)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("erase a person: %w", err)
	}
	for _, h := range s.holders {
		if h.Erase == nil {
			continue
		}
		if err := h.Erase(ctx, tx, persons); err != nil {
			return fmt.Errorf("erase %s: %w", h.Name, err)
		}
	}
	if s.keeper == nil {
		return nil
	}
	if err := s.keeper.Erase(ctx, tx, persons); err != nil {
		return fmt.Errorf("erase what plugins keep: %w", err)
	}
	return nil
}

// PersonalDataExport answers, as a JSON text, all that the house keeps of a person: their own right,
// and otherwise people:export. It is logged each time, before the answer.
func (s *Service) PersonalDataExport(ctx context.Context, personID core.ID) (string, error) {
	key, err := personID.Of(typePerson, "personId")
	if err != nil {
		return "", err
	}
	if err := s.mayExport(ctx, key); err != nil {
		return "", err
	}
	persons, err := human(ctx, s.host.DB, key)
	if err != nil {
		return "", err
	}
	if err := s.log.write(ctx, s.host.DB, ActionExport, persons, []string{"*"}); err != nil {
		return "", err
	}
	return s.export(ctx, persons, moment(s.host.Clock()))
}

func (s *Service) export(ctx context.Context, persons []uuid.UUID, at time.Time) (string, error) {
	all := map[string]any{"exportedAt": at}
	for _, h := range s.holders {
		if h.Export == nil {
			continue
		}
		part, err := h.Export(ctx, s.host.DB, persons)
		if err != nil {
			return "", fmt.Errorf("export %s: %w", h.Name, err)
		}
		all[h.Name] = part
	}
	if s.keeper != nil {
		parts, err := s.keeper.Export(ctx, persons)
		if err != nil {
			return "", fmt.Errorf("export what plugins keep: %w", err)
		}
		maps.Copy(all, parts) // keys of plugins have a dot, and no holder's has
	}
	return asJSON(all)
}
