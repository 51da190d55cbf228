package follow

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Service is every way to change what the caller follows and what they have read.
type Service struct {
	reads  *read.Reader
	writer *mutation.Writer
	types  []string // that can be followed, in order
}

// account is the caller's; whoever has none has no inbox either.
func account(ctx context.Context) (uuid.UUID, error) {
	if a := core.ActorOf(ctx); a.Kind == core.Account {
		return a.Account, nil
	}
	return uuid.Nil, core.Forbidden(ctx)
}

// Follow has the caller told of what happens to an object that they may see.
func (s *Service) Follow(ctx context.Context, in FollowInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "follow", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		by, err := account(ctx)
		if err != nil {
			return uuid.Nil, err
		}
		if !slices.Contains(s.types, in.SubjectID.Type) {
			return uuid.Nil, core.Invalid(core.Textf("A %[1]s cannot be followed. One of these can: %[2]s.",
				"На объект %[1]s подписаться нельзя. Можно на такие: %[2]s.", in.SubjectID.Type, strings.Join(s.types, ", ")), "input", "subjectId")
		}
		if err := read.RequireID(ctx, s.reads, tx, "", in.SubjectID, "input", "subjectId"); err != nil {
			return uuid.Nil, err
		}
		f := &Follow{ID: core.NewID(), AccountID: by, SubjectType: in.SubjectID.Type, SubjectKey: in.SubjectID.Key, Since: tx.Now()}
		if _, err := tx.NewInsert().Model(f).On("CONFLICT (municipality_id, subject_type, subject_key, account_id) WHERE ended_at IS NULL DO NOTHING").Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		had, err := standing(ctx, tx, by, in.SubjectID)
		if err != nil {
			return uuid.Nil, err
		}
		kind := core.Created
		if had.ID != f.ID {
			kind = core.Updated // it stood already, and stands
		}
		tx.Changed(core.Change{Kind: kind, Type: "Follow", ID: had.ID})
		return had.ID, nil
	})
}

// standing locks the caller's follow of an object that goes on.
func standing(ctx context.Context, tx *mutation.Tx, by uuid.UUID, subject core.ID) (*Follow, error) {
	f := new(Follow)
	err := tx.NewSelect().Model(f).Where("account_id = ?", by).Where("subject_type = ?", subject.Type).Where("subject_key = ?", subject.Key).
		Where("ended_at IS NULL").For("UPDATE").Scan(ctx)
	return f, err
}

// Unfollow ends it. It needs no sight of the object: who may no longer see it may leave it.
func (s *Service) Unfollow(ctx context.Context, in UnfollowInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "unfollow", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		by, err := account(ctx)
		if err != nil {
			return uuid.Nil, err
		}
		f, err := standing(ctx, tx, by, in.SubjectID)
		if postgres.NoRows(err) {
			return uuid.Nil, core.Conflict(core.T("You do not follow this.", "Вы на это не подписаны."), "input", "subjectId")
		}
		if err != nil {
			return uuid.Nil, err
		}
		if _, err := tx.NewUpdate().Model(f).Set("ended_at = ?", tx.Now()).WherePK().Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Ended, Type: "Follow", ID: f.ID})
		return f.ID, nil
	})
}

const mostMarked = 1000

// MarkNotices marks the caller's own notices. One that is not theirs is NOT_FOUND, and then none is marked.
func (s *Service) MarkNotices(ctx context.Context, in MarkNoticesInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "markNotices", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		by, err := account(ctx)
		if err != nil {
			return uuid.Nil, err
		}
		if len(in.NoticeIDs) < 1 || len(in.NoticeIDs) > mostMarked {
			return uuid.Nil, core.Invalid(core.Textf("From 1 to %d notices.", "От 1 до %d уведомлений.", mostMarked), "input", "noticeIds")
		}
		keys := map[uuid.UUID]bool{}
		for _, id := range in.NoticeIDs {
			key, err := id.Of("Notice", "input", "noticeIds")
			if err != nil {
				return uuid.Nil, err
			}
			keys[key] = true
		}
		marked, err := mark(ctx, tx, by, keys, in.Read)
		if err != nil {
			return uuid.Nil, err
		}
		if len(marked) != len(keys) {
			return uuid.Nil, &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: []string{"input", "noticeIds"}}
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Notice", ID: marked[0].ID, After: map[string]any{"read": in.Read, "notices": len(marked)}})
		return marked[0].ID, nil
	})
}

// mark gives the notices that it has marked, the latest first.
func mark(ctx context.Context, tx *mutation.Tx, by uuid.UUID, keys map[uuid.UUID]bool, seen bool) ([]Notice, error) {
	var list []uuid.UUID
	for key := range keys {
		list = append(list, key)
	}
	var marked []Notice
	err := tx.NewUpdate().Model(&marked).Set("read_at = CASE WHEN ? THEN coalesce(read_at, ?) END", seen, tx.Now()).
		Where("account_id = ?", by).Where("id IN (?)", bun.List(list)).Returning("id, at").Scan(ctx)
	slices.SortFunc(marked, func(a, b Notice) int { return b.At.Compare(a.At) })
	return marked, err
}
