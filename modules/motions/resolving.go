package motions

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
)

// CreateResolution writes down what an adopted motion resolves, under the body's next number.
func (s *Service) CreateResolution(ctx context.Context, in CreateResolutionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "createResolution", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.MotionID.Of("Motion", "input", "motionId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Require[Motion](ctx, s.reads, tx, mayPublish, key, "input", "motionId"); err != nil {
			return uuid.Nil, err
		}
		motion, err := lock[Motion](ctx, tx, key, "input", "motionId")
		if err != nil {
			return uuid.Nil, err
		}
		if motion.State != MotionAdopted {
			return uuid.Nil, core.Conflict(core.Textf("Only an adopted motion becomes a resolution; this one is %s.", "Решением становится принятое предложение; у этого состояние %s.", motion.State), "input", "motionId")
		}
		signer, err := in.SignerID.Of("Person", "input", "signerId")
		if err != nil {
			return uuid.Nil, err
		}
		r := &Resolution{ID: core.NewID(), MeetingID: motion.MeetingID, MotionID: key, Title: in.Title, Text: in.Text, SignerID: signer, SignerPost: in.SignerPost,
			SignedOn: in.SignedOn, AdoptedOn: core.DateOf(motion.DecidedAt.In(core.MunicipalityOf(ctx).Location())), Version: 1}
		return r.ID, s.resolve(ctx, tx, r, in.Changes)
	})
}

// resolve checks a resolution, numbers and writes it.
func (s *Service) resolve(ctx context.Context, tx *mutation.Tx, r *Resolution, changes []ResolutionChangeInput) error {
	meeting, err := find[meetings.Meeting](ctx, tx, r.MeetingID)
	if err != nil {
		return err
	}
	r.BodyKind, r.BodyID, r.Year = meeting.BodyKind, *meeting.BodyID, r.AdoptedOn.Time().Year()
	if err := r.validate(tx.Today()); err != nil {
		return err
	}
	if err := s.stands(ctx, tx, r.SignerID, "signerId"); err != nil {
		return err
	}
	if r.Number, err = nextNumber(ctx, tx, r); err != nil {
		return err
	}
	if err := insert(ctx, tx, r); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Created, Type: "Resolution", ID: r.ID, After: r.facts(), Touched: r.touching(meeting)})
	return s.link(ctx, tx, r, changes)
}

// nextNumber takes the body's next number of the year. Its row stays locked until the resolution is
// committed: whoever writes the next one waits, and takes the number over when it is not.
func nextNumber(ctx context.Context, tx *mutation.Tx, r *Resolution) (n int, err error) {
	err = tx.QueryRowContext(ctx, `INSERT INTO resolution_numbers AS given (municipality_id, body_kind, body_id, year, last) VALUES (?, ?, ?, ?, 1)
		ON CONFLICT (municipality_id, body_kind, body_id, year) DO UPDATE SET last = given.last + 1 RETURNING last`,
		core.MunicipalityOf(ctx).ID, r.BodyKind, r.BodyID, r.Year).Scan(&n)
	return n, err
}

// link notes which earlier resolutions this one changes.
func (s *Service) link(ctx context.Context, tx *mutation.Tx, r *Resolution, changes []ResolutionChangeInput) error {
	if len(changes) == 0 {
		return nil
	}
	links := make([]ResolutionChange, len(changes))
	keys := make([]uuid.UUID, len(changes))
	for i, c := range changes {
		key, err := c.ResolutionID.Of("Resolution", "input", "changes")
		if err != nil {
			return err
		}
		if err := read.Seen[Resolution](ctx, s.reads, tx, key, "input", "changes"); err != nil {
			return err
		}
		keys[i] = key
		links[i] = ResolutionChange{ID: core.NewID(), BodyKind: r.BodyKind, BodyID: r.BodyID, EarlierID: key, LaterID: r.ID, Effect: c.Effect}
	}
	var fit []uuid.UUID
	err := tx.NewSelect().Model((*Resolution)(nil)).Column("id").Where("?TableAlias.id IN (?)", bun.List(keys)).Where("body_kind = ?", r.BodyKind).
		Where("body_id = ?", r.BodyID).Where("published_at IS NOT NULL").Where("?TableAlias.id <> ?", r.ID).Scan(ctx, &fit)
	if err != nil {
		return err
	}
	distinct := map[uuid.UUID]bool{}
	for _, key := range keys {
		distinct[key] = true
	}
	if len(fit) != len(distinct) {
		return core.Invalid(core.T("Only published resolutions of the same body are amended or repealed.", "Изменяют и отменяют только опубликованные решения того же органа."), "input", "changes")
	}
	if err := insert(ctx, tx, &links); err != nil {
		return err
	}
	for _, l := range links {
		tx.Changed(core.Change{Kind: core.Created, Type: "ResolutionChange", ID: l.ID, After: l.facts(),
			Touched: []core.ID{{Type: "Resolution", Key: l.EarlierID}, {Type: "Resolution", Key: l.LaterID}}})
	}
	return nil
}

// UpdateResolution changes a resolution before it is published.
func (s *Service) UpdateResolution(ctx context.Context, in UpdateResolutionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "updateResolution", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		meeting, r, err := s.draft(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		before := r.facts()
		given(in.Title, &r.Title)
		given(in.Text, &r.Text)
		given(in.SignerPost, &r.SignerPost)
		if v, ok := in.SignedOn.ValueOK(); ok && v != nil {
			r.SignedOn = *v
		}
		if v, ok := in.SignerID.ValueOK(); ok && v != nil {
			if r.SignerID, err = v.Of("Person", "input", "signerId"); err != nil {
				return uuid.Nil, err
			}
			if err := s.stands(ctx, tx, r.SignerID, "signerId"); err != nil {
				return uuid.Nil, err
			}
		}
		if err := r.validate(tx.Today()); err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, r, in.ExpectedVersion, "title", "text", "signer_id", "signer_post", "signed_on"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Resolution", ID: r.ID, Before: before, After: r.facts(), Touched: r.touching(meeting)})
		if changes, ok := in.Changes.ValueOK(); ok {
			return r.ID, s.relink(ctx, tx, r, changes)
		}
		return r.ID, nil
	})
}

// relink puts other changes in the place of those noted before.
func (s *Service) relink(ctx context.Context, tx *mutation.Tx, r *Resolution, changes []ResolutionChangeInput) error {
	var had []ResolutionChange
	if err := tx.NewDelete().Model(&had).Where("later_id = ?", r.ID).Returning("*").Scan(ctx); err != nil {
		return err
	}
	for _, l := range had {
		tx.Changed(core.Change{Kind: core.Deleted, Type: "ResolutionChange", ID: l.ID, Before: l.facts(),
			Touched: []core.ID{{Type: "Resolution", Key: l.EarlierID}, {Type: "Resolution", Key: l.LaterID}}})
	}
	return s.link(ctx, tx, r, changes)
}

// draft finds and locks a resolution that is not published yet.
func (s *Service) draft(ctx context.Context, tx *mutation.Tx, id core.ID) (*meetings.Meeting, *Resolution, error) {
	key, err := id.Of("Resolution", "input", "id")
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[Resolution](ctx, s.reads, tx, mayPublish, key, "input", "id"); err != nil {
		return nil, nil, err
	}
	r, err := lock[Resolution](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	if r.PublishedAt != nil {
		return nil, nil, core.Conflict(core.T("A published resolution is not changed: a later one amends or repeals it.", "Опубликованное решение не меняют: его изменяет или отменяет более позднее."), "input", "id")
	}
	meeting, err := find[meetings.Meeting](ctx, tx, r.MeetingID)
	return meeting, r, err
}

// PublishResolution publishes a resolution for good.
func (s *Service) PublishResolution(ctx context.Context, in PublishResolutionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "publishResolution", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		meeting, r, err := s.draft(ctx, tx, in.ID)
		if err != nil {
			return uuid.Nil, err
		}
		before, now := r.facts(), tx.Now()
		r.PublishedAt = &now
		if err := mutation.Save(ctx, tx, r, in.ExpectedVersion, "published_at"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Resolution", ID: r.ID, Before: before, After: r.facts(), Touched: r.touching(meeting),
			Notice: &core.Notice{Text: core.Textf("Resolution No. %d of %d was published: %s", "Опубликовано решение № %d за %d год: %s", r.Number, r.Year, r.Title)}})
		return r.ID, nil
	})
}

// validate holds a resolution's own rules.
func (r *Resolution) validate(today core.Date) error {
	var p core.Problems
	words(&p, &r.Title, longestTitle, "title")
	words(&p, &r.Text, longestResolution, "text")
	words(&p, &r.SignerPost, longestPost, "signerPost")
	p.Check(!r.SignedOn.Before(r.AdoptedOn), core.Textf("The motion was adopted on %s: it is not signed before.", "Предложение принято %s: раньше решение не подписывают.", r.AdoptedOn), "input", "signedOn")
	p.Check(!today.Before(r.SignedOn), core.T("The day of signing is in the future.", "День подписания ещё не наступил."), "input", "signedOn")
	return p.Err()
}
