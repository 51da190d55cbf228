package files

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// mayAttach asks for the right to change the files of an object.
func (s *Service) mayAttach(ctx context.Context, db bun.IDB, object core.ID) error {
	write, bears := s.writes[object.Type]
	if !bears {
		return core.Invalid(core.Textf("Files cannot be attached to a %s.", "К объекту %s файлы не прикрепляются.", object.Type), "input", "objectId")
	}
	if err := s.mayUpload(ctx); err != nil {
		return err
	}
	return read.RequireID(ctx, s.host.Reads, db, write, object, "input", "objectId")
}

// Take attaches uploads of the caller to an object, inside of another module's mutation, which has
// decided that the caller may. They must have been received, and be the caller's own; path names the
// input's field. Two who attach the same upload at once go one after the other: for the second it is
// a CONFLICT.
func (s *Service) Take(ctx context.Context, tx *mutation.Tx, object core.ID, uploads []core.ID, path ...string) error {
	if _, bears := s.writes[object.Type]; !bears {
		return fmt.Errorf("files: %s is not attachable", object.Type)
	}
	keys, err := keysOf(uploads, path)
	if err != nil || len(keys) == 0 {
		return err
	}
	var rows []FileUpload
	err = tx.NewSelect().Model(&rows).Where("?TableAlias.id IN (?)", bun.List(keys)).
		Where("?TableAlias.account_id = ?", core.ActorOf(ctx).Account).Order("id").For("UPDATE").Scan(ctx)
	if err != nil {
		return fmt.Errorf("files: uploads: %w", err)
	}
	if len(rows) < len(keys) {
		return core.Invalid(core.T("There is no such upload of yours, or its time is over. Send the file again.", "Такой вашей загрузки нет, или её срок истёк. Отправьте файл ещё раз."), path...)
	}
	attachments := make([]Attachment, len(rows))
	for i := range rows {
		if err := rows[i].ready(path); err != nil {
			return err
		}
		attachments[i] = rows[i].attachedTo(object, tx)
	}
	return s.put(ctx, tx, object, attachments)
}

// keysOf are the uploads' keys, each once.
func keysOf(uploads []core.ID, path []string) ([]uuid.UUID, error) {
	var keys []uuid.UUID
	for _, id := range uploads {
		key, err := id.Of(typeFileUpload, path...)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	if len(keys) > mostAtOnce {
		return nil, core.Invalid(core.Textf("Attach %d files at most at once.", "За один раз можно прикрепить не больше файлов, чем %d.", mostAtOnce), path...)
	}
	return keys, nil
}

// ready refuses an upload that cannot be attached.
func (u *FileUpload) ready(path []string) error {
	switch u.State {
	case Received:
		return nil
	case Attached:
		return core.Conflict(core.T("This upload is attached already. Send the file again to attach it twice.", "Эта загрузка уже прикреплена. Чтобы прикрепить файл ещё раз, отправьте его снова."), path...)
	case Refused:
		return core.Invalid(core.T("This upload was refused; its field refusal says why.", "Эта загрузка отклонена; причина — в её поле refusal."), path...)
	}
	return core.Conflict(core.T("The file has not been received yet. Send it to the upload's address first.", "Файл ещё не получен. Сначала отправьте его по адресу загрузки."), path...)
}

func (u *FileUpload) attachedTo(object core.ID, tx *mutation.Tx) Attachment {
	return Attachment{
		ID: u.ID, ObjectType: object.Type, ObjectID: object.Key, Name: u.Name, ContentType: *u.ContentType, Size: u.Size, SHA256: *u.SHA256,
		Preview: u.Preview, AccountID: &u.AccountID, PersonID: u.PersonID, CreatedAt: tx.Now(),
	}
}

var broken = map[string]*core.Error{
	"attachments_pkey": core.Conflict(core.T("This upload is attached already.", "Эта загрузка уже прикреплена.")),
}

func (s *Service) put(ctx context.Context, tx *mutation.Tx, object core.ID, attachments []Attachment) error {
	keys := make([]uuid.UUID, len(attachments))
	for i := range attachments {
		a := &attachments[i]
		keys[i] = a.ID
		tx.Changed(core.Change{Kind: core.Created, Type: typeAttachment, ID: a.ID, After: a.facts(), Touched: []core.ID{object}})
	}
	if _, err := tx.NewInsert().Model(&attachments).Exec(ctx); err != nil {
		return postgres.Conflicts(err, broken)
	}
	_, err := tx.NewUpdate().Model((*FileUpload)(nil)).Set("state = ?", Attached).Where("id IN (?)", bun.List(keys)).Exec(ctx)
	return err
}

// facts are what the audit keeps of a file: not its name, which may tell of a person.
func (a *Attachment) facts() any {
	return map[string]any{"object": core.ID{Type: a.ObjectType, Key: a.ObjectID}.String(), "contentType": a.ContentType, "size": a.Size, "sha256": a.SHA256}
}

// RemoveAttachment takes a file from its object. The row stays as a mark; the bytes are erased by a job.
func (s *Service) RemoveAttachment(ctx context.Context, in RemoveAttachmentInput) (*core.Payload, error) {
	return s.host.Writer.Do(ctx, "removeAttachment", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		key, err := in.ID.Of(typeAttachment, "input", "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := read.Seen[Attachment](ctx, s.host.Reads, tx, key, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		a := new(Attachment)
		if err := tx.NewSelect().Model(a).Where("?TableAlias.id = ?", key).For("UPDATE").Scan(ctx); err != nil {
			return uuid.Nil, err
		}
		if err := read.RequireID(ctx, s.host.Reads, tx, s.writes[a.ObjectType], core.ID{Type: a.ObjectType, Key: a.ObjectID}, "input", "id"); err != nil {
			return uuid.Nil, err
		}
		if a.RemovedAt != nil {
			return uuid.Nil, core.Conflict(core.T("This file was taken away already.", "Этот файл уже убран."), "input", "id")
		}
		return key, s.remove(ctx, tx, []Attachment{*a}, text(in.Reason))
	})
}

// Erase takes away all files of objects, with their names, inside of another module's mutation: where
// the owner's data is erased. It asks for no right.
func (s *Service) Erase(ctx context.Context, tx *mutation.Tx, objects ...core.ID) error {
	of := map[string][]uuid.UUID{}
	for _, id := range objects {
		of[id.Type] = append(of[id.Type], id.Key)
	}
	for typ, keys := range of {
		var all []Attachment
		err := tx.NewSelect().Model(&all).Where("?TableAlias.object_type = ?", typ).Where("?TableAlias.object_id IN (?)", bun.List(keys)).
			Where("?TableAlias.removed_at IS NULL").Order("id").For("UPDATE").Scan(ctx)
		if err != nil {
			return fmt.Errorf("files: erase: %w", err)
		}
		if err := s.remove(ctx, tx, all, ""); err != nil {
			return err
		}
		_, err = tx.NewUpdate().Model((*Attachment)(nil)).Set("name = "+nameless).Where("object_type = ?", typ).Where("object_id IN (?)", bun.List(keys)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("files: erase: %w", err)
		}
	}
	return nil
}

// remove marks files as taken away, and has their bytes erased after the commit.
func (s *Service) remove(ctx context.Context, tx *mutation.Tx, all []Attachment, reason string) error {
	if len(all) == 0 {
		return nil
	}
	keys := make([]uuid.UUID, len(all))
	for i, a := range all {
		keys[i] = a.ID
		tx.Changed(core.Change{Kind: core.Deleted, Type: typeAttachment, ID: a.ID, Before: a.facts(), Reason: reason, Touched: []core.ID{{Type: a.ObjectType, Key: a.ObjectID}}})
	}
	if _, err := tx.NewUpdate().Model((*Attachment)(nil)).Set("removed_at = ?", tx.Now()).Where("id IN (?)", bun.List(keys)).Exec(ctx); err != nil {
		return err
	}
	return tx.Enqueue(ctx, sweepArgs{})
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
