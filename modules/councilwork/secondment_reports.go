package councilwork

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// owe notes that a report is owed by a day.
func owe(ctx context.Context, tx *mutation.Tx, d *Secondment, due core.Date) (uuid.UUID, error) {
	r := &SecondmentReport{ID: core.NewID(), SecondmentID: d.ID, DueOn: &due, Version: 1}
	if err := insert(ctx, tx, r); err != nil {
		return uuid.Nil, err
	}
	notice := &core.Notice{Text: core.Textf("A report on a secondment is due by %s.", "Отчёт о работе в комиссии нужен до %s.", due), Tell: []uuid.UUID{d.PersonID}}
	tx.Changed(r.change(core.Created, d, nil, notice))
	return r.ID, nil
}

// AskSecondmentReport asks a seconded member to report back by a day.
func (s *Service) AskSecondmentReport(ctx context.Context, input AskSecondmentReportInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "askSecondmentReport", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		d, err := lock[Secondment](ctx, s, tx, input.SecondmentID, maySecond, "secondmentId")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		ahead(&p, &input.DueOn, tx.Today(), "dueOn")
		p.Check(!input.DueOn.Before(d.StartsOn), core.T("Nobody reports before the secondment begins.", "Отчитываться до начала направления не о чем."), "input", "dueOn")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		return owe(ctx, tx, d, input.DueOn)
	})
}

// GiveSecondmentReport reports back. It answers the report that is owed longest; where none is, it stands
// by itself.
func (s *Service) GiveSecondmentReport(ctx context.Context, input GiveSecondmentReportInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "giveSecondmentReport", input, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		d, err := lock[Secondment](ctx, s, tx, input.SecondmentID, mayReport, "secondmentId")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		words(&p, &input.Text, mostText, "text")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if tx.Today().Before(d.StartsOn) {
			return uuid.Nil, core.Conflict(core.Textf("The secondment begins on %s only.", "Направление начинается только %s.", d.StartsOn), "input", "secondmentId")
		}
		return s.report(ctx, tx, d, input.Text)
	})
}

func (s *Service) report(ctx context.Context, tx *mutation.Tx, d *Secondment, text string) (uuid.UUID, error) {
	r, today := new(SecondmentReport), tx.Today()
	err := tx.NewSelect().Model(r).Where("?TableAlias.secondment_id = ?", d.ID).Where("?TableAlias.reported_on IS NULL").
		Order("due_on").Limit(1).For("NO KEY UPDATE").Scan(ctx)
	owed := err == nil
	if err != nil && !postgres.NoRows(err) {
		return uuid.Nil, err
	}
	before, kind := r.facts(), core.Updated
	if !owed {
		*r, before, kind = SecondmentReport{ID: core.NewID(), SecondmentID: d.ID, Version: 1}, nil, core.Created
	}
	r.ReportedOn, r.Text = &today, &text
	if owed {
		err = save(ctx, tx, r, r.Version, "reported_on", "text")
	} else {
		err = insert(ctx, tx, r)
	}
	if err != nil {
		return uuid.Nil, err
	}
	notice, err := s.notice(ctx, tx, d.CouncilID, "a seconded member has reported back.", "направленный в комиссию член органа отчитался.")
	if err != nil {
		return uuid.Nil, err
	}
	tx.Changed(r.change(kind, d, before, notice))
	return r.ID, nil
}
