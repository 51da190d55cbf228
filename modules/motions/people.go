package motions

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// register tells people what this module keeps of persons.
func register(p *people.Module) {
	for _, r := range []people.Reference{
		{Table: "motions", Column: "mover_id"},
		{Table: "amendments", Column: "mover_id"},
		{Table: "ballots", Column: "voter_id", Conflict: core.T("Both voted in one vote: they cannot be the same person.", "Оба голосовали в одном голосовании: это не может быть один человек.")},
		{Table: "ballots", Column: "cast_by_id", Conflict: core.T("One voted for the other by proxy.", "Один голосовал за другого по доверенности.")},
		{Table: "proxies", Column: "giver_id", Conflict: core.T("Both gave a proxy for one meeting, or one gave the other theirs. Revoke one first.", "Оба выдали доверенность на одно заседание, или один другому. Сначала отзовите одну.")},
		{Table: "proxies", Column: "holder_id", Conflict: core.T("One gave the other a proxy. Revoke it first.", "Один выдал доверенность другому. Сначала отзовите её.")},
		{Table: "resolutions", Column: "signer_id"},
	} {
		r.To = "Person"
		p.RegisterReference(r)
	}
	p.RegisterHolder(people.Holder{Name: "motions", Erase: erase, Export: export})
}

// erase removes what was written of a person in free words. That they moved, voted and signed stays: the
// body's decisions stand on it.
func erase(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Proxy)(nil)).Set("document = NULL").Where("giver_id IN (?)", bun.List(persons)).Exec(ctx)
	return err
}

// export is what the person's own export shows of this module. A secret ballot shows that it was cast.
func export(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	all := map[string][]any{}
	for _, part := range []func() error{
		func() error { return exported[Motion](ctx, db, all, "moved", "mover_id", persons) },
		func() error { return exported[Amendment](ctx, db, all, "amendments", "mover_id", persons) },
		func() error { return exported[Ballot](ctx, db, all, "ballots", "voter_id", persons) },
		func() error { return exported[Proxy](ctx, db, all, "proxiesGiven", "giver_id", persons) },
		func() error { return exported[Proxy](ctx, db, all, "proxiesHeld", "holder_id", persons) },
		func() error { return exported[Resolution](ctx, db, all, "signed", "signer_id", persons) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// exported adds the rows of one table whose column names the persons.
func exported[M any](ctx context.Context, db bun.IDB, all map[string][]any, name, column string, persons []uuid.UUID) error {
	var rows []M
	err := db.NewSelect().Model(&rows).Where("?TableAlias.? IN (?)", bun.Ident(column), bun.List(persons)).Order("id").Scan(ctx)
	if err != nil {
		return fmt.Errorf("export of %s: %w", name, err)
	}
	for i := range rows {
		all[name] = append(all[name], any(&rows[i]).(interface{ exported() any }).exported())
	}
	return nil
}

func (m *Motion) exported() any    { return m.facts() }
func (a *Amendment) exported() any { return a.facts() }
func (r *Resolution) exported() any {
	return map[string]any{"resolution": r.ID, "post": r.SignerPost, "signedOn": r.SignedOn}
}

func (b *Ballot) exported() any {
	return map[string]any{"vote": b.VoteID, "castBy": b.CastByID, "castAt": b.CastAt, "choice": b.Choice}
}

func (p *Proxy) exported() any {
	return map[string]any{"meeting": p.MeetingID, "giver": p.GiverID, "holder": p.HolderID, "document": p.Document, "givenAt": p.GivenAt, "revokedAt": p.RevokedAt}
}
