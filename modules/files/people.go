package files

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// register tells people of the persons whose files these are.
func register(p *people.Module) {
	p.RegisterReference(people.Reference{To: "Person", Table: "uploads", Column: "person_id"})
	p.RegisterReference(people.Reference{To: "Person", Table: "attachments", Column: "person_id"})
	p.RegisterHolder(people.Holder{Name: "files", Erase: erasePerson, Export: filesOf})
}

// nameless is what becomes of a file's name that may tell of somebody: its extension stays.
const nameless = `'file' || coalesce(substring(name from '\.[a-z0-9]+$'), '')`

// erasePerson removes that it was they who sent the files, and what they called them; what waits to be
// attached is erased with the next sweep. Attached files belong to their objects: whose owner erases
// those (Service.Erase), or they stay, as papers of the town.
func erasePerson(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Attachment)(nil)).Set("name = "+nameless).Set("person_id = NULL").Set("account_id = NULL").
		Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("files: erase: %w", err)
	}
	_, err = tx.NewUpdate().Model((*FileUpload)(nil)).Set("name = "+nameless).Set("person_id = NULL").Set("expires_at = ?", tx.Now()).
		Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("files: erase: %w", err)
	}
	return tx.Enqueue(ctx, sweepArgs{})
}

// filesOf is what the person's own export shows of this module: the files that they sent.
func filesOf(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var all []Attachment
	err := db.NewSelect().Model(&all).Where("?TableAlias.person_id IN (?)", bun.List(persons)).Order("id").Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("files: export: %w", err)
	}
	facts := make([]any, len(all))
	for i, a := range all {
		facts[i] = map[string]any{"object": core.ID{Type: a.ObjectType, Key: a.ObjectID}.String(), "name": a.Name, "contentType": a.ContentType,
			"size": a.Size, "sha256": a.SHA256, "createdAt": a.CreatedAt, "removedAt": a.RemovedAt}
	}
	return facts, nil
}
