package cases

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/people"
)

// ForwardCase sends a case to another body. Outside, the case is that body's to answer: our term for the
// answer stops, the term for forwarding is met, and the applicant is told (59-FZ, article 8, part 3).
// Inside, the owner asks another body of the municipality, and our term runs on (article 10, part 2).
// Either way a clock of its own runs for the reply.
func (s *Service) ForwardCase(ctx context.Context, in ForwardCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "forwardCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayForward, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		p.Words(in.Reason, 4000, "input", "reason")
		p.Check(in.ReplyDays == nil || *in.ReplyDays >= 1 && *in.ReplyDays <= 366, core.T("From 1 to 366 days.", "От 1 до 366 дней."), "input", "replyDays")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		if err := c.worked(); err != nil {
			return uuid.Nil, err
		}
		f, err := s.send(ctx, tx, c, in)
		if err != nil {
			return uuid.Nil, err
		}
		a := act{step: StepForwarded, before: c.facts(), text: &in.Reason, organisation: &f.OrganisationID,
			told: core.Textf("Another body of the municipality was asked about case %s.", "По обращению %s направлен запрос в другой орган муниципалитета.", c.Number)}
		if in.Outside {
			if err := s.letGo(ctx, tx, c); err != nil {
				return uuid.Nil, err
			}
			a.columns = []string{"state_id", "public_state", "paused_on"}
			a.told = core.Textf("Case %s was forwarded to the body that is competent to answer it.", "Обращение %s переадресовано в орган, в компетенцию которого входит ответ.", c.Number)
		}
		return c.ID, s.do(ctx, tx, c, a)
	})
}

// send writes the forwarding and starts its clock.
func (s *Service) send(ctx context.Context, tx *mutation.Tx, c *Case, in ForwardCaseInput) (*CaseForwarding, error) {
	organisation, err := in.OrganisationID.Of("Organisation", "input", "organisationId")
	if err != nil {
		return nil, err
	}
	if err := read.Seen[people.Organisation](ctx, s.reads, tx, organisation, "input", "organisationId"); err != nil {
		return nil, err
	}
	if err := s.ownerStands(ctx, tx, &organisation, nil, []string{"input", "organisationId"}, nil); err != nil {
		return nil, err
	}
	kind, err := kindByID(ctx, tx, c.KindID)
	if err != nil {
		return nil, err
	}
	why := strings.TrimSpace(in.Reason)
	f := &CaseForwarding{ID: core.NewID(), CaseID: c.ID, OrganisationID: organisation, Outside: in.Outside, Reason: &why, ForwardedOn: tx.Today()}
	if _, err := tx.NewInsert().Model(f).Exec(ctx); err != nil {
		return nil, postgres.Conflicts(err, broken)
	}
	// Outside, the other body has the days for its registration and then those for its answer.
	days := kind.ReplyDays
	if in.Outside {
		days = kind.RegistrationDays + kind.AnswerDays
	}
	if in.ReplyDays != nil {
		days = *in.ReplyDays
	}
	return f, start(ctx, tx, &CaseClock{ID: core.NewID(), CaseID: c.ID, Kind: ClockReply, ForwardingID: &f.ID, BeginsOn: tx.Today(), Days: days, Unit: calendar.Calendar})
}

// letGo stops our own terms: the case is another body's.
func (s *Service) letGo(ctx context.Context, tx *mutation.Tx, c *Case) error {
	if err := move(ctx, tx, c, Forwarded); err != nil {
		return err
	}
	if err := endClocks(ctx, tx, c.ID, tx.Today(), Met, ClockForwarding); err != nil {
		return err
	}
	c.PausedOn = nil
	return endClocks(ctx, tx, c.ID, tx.Today(), Stopped, ClockAnswer)
}

// EndForwarding says what came of a forwarding. A case that comes back from outside is worked on again,
// and its term for an answer begins anew.
func (s *Service) EndForwarding(ctx context.Context, in EndForwardingInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "endForwarding", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of("CaseForwarding", "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[CaseForwarding](ctx, s.reads, tx, mayForward, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		f := new(CaseForwarding)
		if err := tx.NewSelect().Model(f).Where("?TableAlias.id = ?", key).Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		c, err := s.lock(ctx, tx, core.ID{Type: "Case", Key: f.CaseID}, mayForward, nil, "id")
		if err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		if in.Reply != nil {
			p.Words(*in.Reply, 20_000, "input", "reply")
		}
		p.Check(in.Outcome != ForwardAnswered || in.Reply != nil, core.T("Give the reply.", "Приведите ответ."), "input", "reply")
		p.Check(in.Outcome != ForwardWithdrawn || !f.Outside, core.T("What was forwarded outside is answered there, or comes back.",
			"Переадресованное в другой орган либо получает там ответ, либо возвращается."), "input", "outcome")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		return key, s.returned(ctx, tx, c, f, in)
	})
}

func (s *Service) returned(ctx context.Context, tx *mutation.Tx, c *Case, f *CaseForwarding, in EndForwardingInput) error {
	today := tx.Today()
	var ended []uuid.UUID // the row is read again under the case's lock
	err := tx.NewUpdate().Model(f).Set("ended_on = ?", today).Set("outcome = ?", in.Outcome).Set("reply = ?", core.Trimmed(in.Reply)).
		WherePK().Where("ended_on IS NULL").Returning("id").Scan(ctx, &ended)
	if err != nil && !postgres.NoRows(err) {
		return err
	}
	if len(ended) == 0 {
		return core.Conflict(core.T("This forwarding has ended already.", "Это направление уже завершено."), "input", "id")
	}
	outcome := Met
	if in.Outcome != ForwardAnswered {
		outcome = Stopped
	}
	if _, err := tx.NewUpdate().Model((*CaseClock)(nil)).Set("ended_on = ?", today).Set("outcome = ?", outcome).
		Where("forwarding_id = ?", f.ID).Where("ended_on IS NULL").Exec(ctx); err != nil {
		return err
	}
	a := act{step: StepForwardingEnded, before: c.facts(), text: in.Reply, organisation: &f.OrganisationID,
		told: core.Textf("The other body has replied on case %s.", "По обращению %s получен ответ другого органа.", c.Number)}
	if in.Outcome != ForwardAnswered {
		a.told = core.Textf("Case %s has come back from the other body.", "Обращение %s возвращено из другого органа.", c.Number)
	}
	if f.Outside && in.Outcome == ForwardReturned && c.PublicState == Forwarded {
		if err := s.takeBack(ctx, tx, c); err != nil {
			return err
		}
		a.columns = []string{"state_id", "public_state", "due_on"}
	}
	a.tell, err = ownersOf(ctx, tx, c, today)
	if err != nil {
		return err
	}
	return s.do(ctx, tx, c, a)
}

// takeBack begins the work on a case that came back: its owner's, or whoever's it will be.
func (s *Service) takeBack(ctx context.Context, tx *mutation.Tx, c *Case) error {
	to := Reopened
	if c.owned() {
		to = InProgress
	}
	if err := move(ctx, tx, c, to); err != nil {
		return err
	}
	kind, err := kindByID(ctx, tx, c.KindID)
	if err != nil {
		return err
	}
	return s.startAnswer(ctx, tx, c, kind.clock(c.ID, ClockAnswer, tx.Today()))
}
