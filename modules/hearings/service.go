package hearings

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Service is every way to change hearings. Each method checks the caller's right on the row, so it may be
// called from anywhere.
type Service struct {
	reads    *read.Reader
	guard    *access.Guard
	writer   *mutation.Writer
	people   *people.Service
	meetings *meetings.Service
	mandated mandated
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"public_hearings_external_key": core.Conflict(core.T("A hearing with this external key is there already.", "Слушания с таким внешним ключом уже есть.")),
}

// change is a mutation of one hearing: found, locked, changed by fn, written and told of. fn names the columns
// that it changed, and what followers are told.
func (s *Service) change(ctx context.Context, action string, in any, id core.ID, expected int,
	fn func(context.Context, *mutation.Tx, *PublicHearing) (*core.Notice, []string, error),
) (*core.Payload, error) {
	return s.writer.Do(ctx, action, in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		h, err := s.lock(ctx, tx, id, mayWrite, "id")
		if err != nil {
			return uuid.Nil, err
		}
		before := h.facts()
		notice, columns, err := fn(ctx, tx, h)
		if err != nil {
			return uuid.Nil, err
		}
		if err := mutation.Save(ctx, tx, h, expected, columns...); err != nil {
			return uuid.Nil, postgres.Conflicts(err, broken)
		}
		c, err := h.changed(ctx, tx, core.Updated, before)
		if err != nil {
			return uuid.Nil, err
		}
		c.Notice = notice
		if h.CancellationReason != nil {
			c.Kind, c.Reason = core.Ended, *h.CancellationReason
		}
		tx.Changed(c)
		return h.ID, nil
	})
}

// lock finds a hearing for a change: seen by the caller, changed under the permission, and held until the end
// of the transaction.
func (s *Service) lock(ctx context.Context, tx *mutation.Tx, id core.ID, permission, field string) (*PublicHearing, error) {
	key, err := id.Of("PublicHearing", "input", field)
	if err != nil {
		return nil, err
	}
	if err := read.Require[PublicHearing](ctx, s.reads, tx, permission, key, "input", field); err != nil {
		return nil, err
	}
	return lockHearing(ctx, tx, key)
}

func lockHearing(ctx context.Context, db bun.IDB, key uuid.UUID) (*PublicHearing, error) {
	h := new(PublicHearing)
	return h, db.NewSelect().Model(h).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
}

func ruleOf(ctx context.Context, db bun.IDB, kind HearingKind) (*HearingRule, error) {
	r := new(HearingRule)
	return r, db.NewSelect().Model(r).Where("?TableAlias.kind = ?", kind).Scan(ctx)
}

// insertAll writes rows in one statement; none is no statement.
func insertAll[M any](ctx context.Context, tx *mutation.Tx, rows []M) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.NewInsert().Model(&rows).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

// seen finds what an input refers to; one that the caller may not see is NOT_FOUND.
func seen[M any](ctx context.Context, s *Service, tx *mutation.Tx, id *core.ID, typ string, path ...string) (*uuid.UUID, error) {
	path = append([]string{"input"}, path...)
	key, err := core.KeyOf(id, typ, path...)
	if err != nil || key == nil {
		return nil, err
	}
	return key, read.Seen[M](ctx, s.reads, tx, *key, path...)
}

// notFound is the error at a place of the input whose object the caller does not see.
func notFound(path ...string) *core.Error {
	return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
}

// affected finds the districts of an input, in one statement. One that is named twice counts once.
func (s *Service) affected(ctx context.Context, tx *mutation.Tx, ids []core.ID) ([]uuid.UUID, error) {
	if len(ids) > mostDistricts {
		return nil, core.Invalid(core.Textf("At most %d districts.", "Не более %d районов.", mostDistricts), "input", "districtIds")
	}
	var keys []uuid.UUID
	named := map[uuid.UUID]bool{}
	for _, id := range ids {
		key, err := id.Of("District", "input", "districtIds")
		if err != nil {
			return nil, err
		}
		if !named[key] {
			named[key], keys = true, append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	visible, err := read.Visible[places.District](ctx, s.reads, "district")
	if err != nil {
		return nil, err
	}
	var found int
	err = tx.NewSelect().Model((*places.District)(nil)).ColumnExpr("count(*)").Where("?TableAlias.id IN (?)", bun.List(keys)).Where("?", visible).Scan(ctx, &found)
	if err == nil && found < len(keys) {
		err = notFound("input", "districtIds")
	}
	return keys, err
}

// resource is where a hearing stands that has effect in those districts.
func resource(districts []uuid.UUID) access.Resource {
	var r access.Resource
	for _, key := range districts {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "district", ID: key})
	}
	return r
}

// SetHearingRule says what the town asks of hearings of a kind.
func (s *Service) SetHearingRule(ctx context.Context, in SetHearingRuleInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "setHearingRule", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayConfigure, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		var p core.Problems
		p.Check(in.NoticeDays >= 0 && in.NoticeDays <= 365, core.T("From 0 to 365 days.", "От 0 до 365 дней."), "input", "noticeDays")
		p.Check(in.MaxMonths == nil || *in.MaxMonths >= 1 && *in.MaxMonths <= 24, core.T("From 1 to 24 months.", "От 1 до 24 месяцев."), "input", "maxMonths")
		if p.Words(in.Law, 500, "input", "law"); len(p) > 0 {
			return uuid.Nil, p.Err()
		}
		r, err := ruleOf(ctx, tx, in.Kind)
		if err != nil {
			return uuid.Nil, err
		}
		before := r.facts()
		r.NoticeDays, r.MaxMonths, r.Discussion, r.Law = in.NoticeDays, in.MaxMonths, in.Discussion, in.Law
		if err := mutation.Save(ctx, tx, r, in.ExpectedVersion, "notice_days", "max_months", "discussion", "law"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "HearingRule", ID: r.ID, Before: before, After: r.facts()})
		return r.ID, nil
	})
}
