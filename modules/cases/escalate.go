package cases

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// batch is how many clocks are told of in one transaction.
const batch = 500

// warning is a clock whose owner and their superior are told of it.
type warning struct {
	CaseID, ClockID   uuid.UUID
	Kind              CaseClockKind
	Stage             string
	DueOn             core.Date
	Owners, Superiors []uuid.UUID `bun:",array"`
	Number            string
	DistrictID        *uuid.UUID
	SourceType        *string
	SourceID          *uuid.UUID
}

// Escalate tells the owners of cases, and those above them, of clocks that come to their day within the
// kind's days, and of those that have passed it: once each. It answers how many were told of. The
// superior is the head of the owner's organisation, or, where the owner is that head, of the one above.
func (s *Service) Escalate(ctx context.Context) (told int, err error) {
	for {
		n, err := s.escalate(ctx)
		if told += n; err != nil || n < batch {
			return told, err
		}
	}
}

var errNothing = errors.New("cases: nothing to tell of")

func (s *Service) escalate(ctx context.Context) (told int, err error) {
	var answer struct{}
	err = s.writer.Run(ctx, "escalateCases", nil, &answer, func(ctx context.Context, tx *mutation.Tx) error {
		warnings, err := toTell(ctx, tx)
		if err != nil {
			return err
		}
		if told = len(warnings); told == 0 {
			return errNothing
		}
		for _, w := range warnings {
			c := &Case{ID: w.CaseID, DistrictID: w.DistrictID, SourceType: w.SourceType, SourceID: w.SourceID}
			tx.Changed(core.Change{Kind: core.Updated, Type: "Case", ID: w.CaseID, After: map[string]any{"clock": w.Kind, "stage": w.Stage, "dueOn": w.DueOn},
				Touched: c.touched(), Notice: &core.Notice{Text: w.text(), Tell: append(w.Owners, w.Superiors...)}})
		}
		return nil
	})
	if errors.Is(err, errNothing) {
		return 0, nil
	}
	return told, err
}

// toTell notes the clocks that are due to be told of, and finds whom to tell, in one statement.
func toTell(ctx context.Context, tx *mutation.Tx) (warnings []warning, err error) {
	err = tx.NewRaw(`WITH due AS (
			SELECT k.id, k.case_id, k.kind, k.due_on, CASE WHEN k.due_on < ?1::date THEN 'AFTER' ELSE 'BEFORE' END AS stage
			FROM case_clocks AS k
			JOIN cases AS c ON c.municipality_id = k.municipality_id AND c.id = k.case_id
			JOIN case_kinds AS kind ON kind.municipality_id = c.municipality_id AND kind.id = c.kind_id
			WHERE k.municipality_id = ?0 AND k.ended_on IS NULL AND k.paused_on IS NULL AND k.due_on <= ?1::date + 60 AND k.due_on <= ?1::date + kind.remind_days
			AND NOT EXISTS (SELECT FROM case_escalations AS known WHERE known.municipality_id = k.municipality_id AND known.clock_id = k.id
				AND known.due_on = k.due_on AND known.stage = CASE WHEN k.due_on < ?1::date THEN 'AFTER' ELSE 'BEFORE' END)
			ORDER BY k.due_on, k.id LIMIT ?3
		), noted AS (
			INSERT INTO case_escalations (municipality_id, clock_id, stage, due_on, at) SELECT ?0, id, stage, due_on, ?2 FROM due
			ON CONFLICT DO NOTHING RETURNING clock_id
		)
		SELECT due.case_id, due.id AS clock_id, due.kind, due.stage, due.due_on, c.number, c.district_id, c.source_type, c.source_id,
			CASE WHEN c.owner_person_id IS NOT NULL THEN ARRAY[c.owner_person_id] ELSE own.heads END AS owners,
			CASE WHEN c.owner_person_id IS NOT NULL AND cardinality(array_remove(own.heads, c.owner_person_id)) > 0
				THEN array_remove(own.heads, c.owner_person_id) ELSE organisation_heads(?0, above.parent_id, ?1) END AS superiors
		FROM noted JOIN due ON due.id = noted.clock_id
		JOIN cases AS c ON c.municipality_id = ?0 AND c.id = due.case_id
		LEFT JOIN organisations AS above ON above.municipality_id = ?0 AND above.id = c.owner_organisation_id
		CROSS JOIN LATERAL (SELECT organisation_heads(?0, c.owner_organisation_id, ?1) AS heads) AS own
		ORDER BY due.due_on, due.id`, core.MunicipalityOf(ctx).ID, tx.Today(), tx.Now(), batch).Scan(ctx, &warnings)
	return warnings, err
}

func (w *warning) text() core.Text {
	what := map[CaseClockKind]core.Text{
		ClockRegistration: core.T("Registration", "Регистрация"), ClockForwarding: core.T("Assigning or forwarding", "Назначение или переадресация"),
		ClockAnswer: core.T("The answer", "Ответ"), ClockReply: core.T("The other body's reply", "Ответ другого органа"),
	}[w.Kind]
	if w.Stage == "AFTER" {
		return core.T(fmt.Sprintf("Case %s: overdue since %s. %s.", w.Number, w.DueOn, what.En), fmt.Sprintf("Обращение %s: просрочено, срок был %s. %s.", w.Number, w.DueOn, what.Ru))
	}
	return core.T(fmt.Sprintf("Case %s: due by %s. %s.", w.Number, w.DueOn, what.En), fmt.Sprintf("Обращение %s: срок — %s. %s.", w.Number, w.DueOn, what.Ru))
}

type (
	rounds      struct{} // through all municipalities
	escalations struct{} // of one
)

func (rounds) Kind() string      { return "cases.rounds" }
func (escalations) Kind() string { return "cases.escalations" }

// everyHour, since the day begins at another hour in each time zone; what was told is not told again.
const everyHour = time.Hour

type goer struct {
	river.WorkerDefaults[rounds]
	host *host.Host
}

// Work puts a job for each municipality into the queue.
func (g *goer) Work(ctx context.Context, _ *river.Job[rounds]) error {
	var towns []uuid.UUID
	if err := g.host.DB.NewRaw("SELECT id FROM municipalities ORDER BY id").Scan(ctx, &towns); err != nil {
		return err
	}
	return postgres.InTx(ctx, g.host.DB, func(ctx context.Context, tx postgres.Tx) error {
		for _, town := range towns {
			in := core.WithMunicipality(ctx, &core.Municipality{ID: town})
			opts := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByPeriod: everyHour}}
			if _, err := g.host.Jobs.Insert(in, tx, escalations{}, opts); err != nil {
				return err
			}
		}
		return nil
	})
}

type teller struct {
	river.WorkerDefaults[escalations]
	service *Service
}

// Timeout lets a town that was put off for long come to its end.
func (*teller) Timeout(*river.Job[escalations]) time.Duration { return 10 * time.Minute }

func (t *teller) Work(ctx context.Context, _ *river.Job[escalations]) error {
	if !core.MunicipalityOf(ctx).Has("cases") {
		return nil
	}
	_, err := t.service.Escalate(ctx)
	return err
}

func (s *Service) telling(h *host.Host) []jobs.Registration {
	return []jobs.Registration{
		jobs.Worker(&goer{host: h}), jobs.Worker(&teller{service: s}), jobs.Every("cases.rounds", everyHour, rounds{}),
	}
}
