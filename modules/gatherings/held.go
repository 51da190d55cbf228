package gatherings

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// HoldGathering notes that a planned gathering was held. Its meeting is closed by whoever keeps its minutes.
func (s *Service) HoldGathering(ctx context.Context, in HoldGatheringInput) (*core.Payload, error) {
	return s.change(ctx, "holdGathering", in, in.ID, in.ExpectedVersion, mayRecord, func(ctx context.Context, tx *mutation.Tx, g *Gathering) (*core.Notice, []string, error) {
		if err := g.must(core.T("Only a planned one is noted as held.", "Отметить состоявшимся можно только запланированный."), Planned); err != nil {
			return nil, nil, err
		}
		meeting, err := meetingOf(ctx, tx, g)
		if err != nil {
			return nil, nil, err
		}
		if meeting.State == meetings.Cancelled {
			return nil, nil, core.Conflict(core.T("Its meeting was cancelled: cancel the gathering (cancelGathering), or record it as one that was not planned (recordGathering).",
				"Встреча отменена: отмените сход (cancelGathering) или запишите его как незапланированный (recordGathering)."))
		}
		if in.HeldOn != nil {
			g.HeldOn = *in.HeldOn
		}
		g.State, g.HeadCount, g.Estimated = Held, &in.HeadCount, &in.Estimated
		if err := g.validate(); err != nil {
			return nil, nil, err
		}
		officials, err := s.attended(ctx, tx, g, in.CountedByID, in.Officials)
		if err != nil {
			return nil, nil, err
		}
		return nil, []string{"held_on", "state", "head_count", "estimated", "counted_by_id"}, insertAll(ctx, tx, officials)
	})
}

// AddGatheringOfficials adds officials who were there.
func (s *Service) AddGatheringOfficials(ctx context.Context, in AddGatheringOfficialsInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "addGatheringOfficials", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		g, err := s.lock(ctx, tx, in.GatheringID, mayRecord, "gatheringId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := g.wasHeld(); err != nil {
			return uuid.Nil, err
		}
		if len(in.Officials) < 1 || len(in.Officials) > mostOfficials {
			return uuid.Nil, core.Invalid(core.Textf("From 1 to %d officials.", "От 1 до %d должностных лиц.", mostOfficials), "input", "officials")
		}
		officials, err := s.officials(ctx, tx, g, in.Officials)
		if err != nil {
			return uuid.Nil, err
		}
		if err := insertAll(ctx, tx, officials); err != nil {
			return uuid.Nil, err
		}
		for i := range officials {
			tx.Changed(core.Change{Kind: core.Created, Type: "GatheringOfficial", ID: officials[i].ID, After: officials[i].facts(), Touched: []core.ID{g.id()}})
		}
		return g.ID, nil
	})
}

// RemoveGatheringOfficial takes one away who was noted by mistake.
func (s *Service) RemoveGatheringOfficial(ctx context.Context, in RemoveGatheringOfficialInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "removeGatheringOfficial", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		o, g, err := s.lockOfficial(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		if err := g.must(core.T("What was published stands as it is.", "Опубликованное не меняют."), Held); err != nil {
			return uuid.Nil, err
		}
		promised, err := promisedBy(ctx, tx, o)
		if err != nil {
			return uuid.Nil, err
		}
		if promised > 0 {
			return uuid.Nil, core.Conflict(core.Textf("The official made %d promises at this gathering, and stays with them.", "Это лицо дало обещания на сходе (%d), поэтому запись остаётся.", promised), "input", "id")
		}
		if _, err := tx.NewDelete().Model(o).WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Deleted, Type: "GatheringOfficial", ID: o.ID, Before: o.facts(), Touched: []core.ID{g.id()}})
		return g.ID, nil
	})
}

// lockOfficial finds an official for a change, locks the gathering, and reads the official as it is then.
func (s *Service) lockOfficial(ctx context.Context, tx *mutation.Tx, id core.ID) (*GatheringOfficial, *Gathering, error) {
	key, err := id.Of("GatheringOfficial", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[GatheringOfficial](ctx, s.reads, tx, mayRecord, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	o := new(GatheringOfficial)
	find := func() error {
		err := tx.NewSelect().Model(o).Where("?TableAlias.id = ?", key).Scan(ctx)
		if postgres.NoRows(err) {
			err = notFound("input", "id")
		}
		return err
	}
	if err := find(); err != nil {
		return nil, nil, err
	}
	g, err := lockGathering(ctx, tx, o.GatheringID)
	if err != nil {
		return nil, nil, err
	}
	return o, g, find()
}

func promisedBy(ctx context.Context, tx *mutation.Tx, o *GatheringOfficial) (many int, err error) {
	err = tx.NewSelect().Model((*GatheringTopic)(nil)).ColumnExpr("count(*)").Where("?TableAlias.gathering_id = ?", o.GatheringID).
		Where("?TableAlias.promised_by_id = ?", o.PersonID).Scan(ctx, &many)
	return many, err
}

// wasHeld refuses what is written down of a gathering that is still to be, or never was.
func (g *Gathering) wasHeld() error {
	return g.must(core.T("This is written down of one that was held: note that first (holdGathering).", "Это записывают о состоявшемся: сначала отметьте, что сход состоялся (holdGathering)."), Held, Published)
}

// PublishGathering publishes the summary, the topics and their cases. Whoever does it has read what they say.
func (s *Service) PublishGathering(ctx context.Context, in PublishGatheringInput) (*core.Payload, error) {
	return s.change(ctx, "publishGathering", in, in.ID, in.ExpectedVersion, mayWrite, func(ctx context.Context, tx *mutation.Tx, g *Gathering) (*core.Notice, []string, error) {
		var p core.Problems
		p.Words(in.Summary, 20_000, "input", "summary")
		p.Check(in.WithoutPersonalData, core.T("Read summary and topics: nothing that tells who somebody is may stand in them. Then say true here.",
			"Прочитайте итоги и вопросы: в них не должно быть ничего, что указывает на конкретного человека. Затем подтвердите это здесь."), "input", "withoutPersonalData")
		if err := p.Err(); err != nil {
			return nil, nil, err
		}
		if err := g.must(core.T("Only one that was held is published, once.", "Опубликовать можно только состоявшийся, один раз."), Held); err != nil {
			return nil, nil, err
		}
		if err := s.cases.PublishAllFrom(ctx, tx, g.id()); err != nil {
			return nil, nil, err
		}
		now, summary := tx.Now(), strings.TrimSpace(in.Summary)
		g.State, g.PublishedAt, g.Summary = Published, &now, &summary
		return g.notice("What came of the gathering of %[2]s is published: %[1]s", "Опубликованы итоги схода от %[2]s: %[1]s"), []string{"state", "published_at", "summary"}, nil
	})
}
