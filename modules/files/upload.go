package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/postgres"
)

// keptFor is how long an upload waits to be attached.
const keptFor = 24 * time.Hour

// upload is a new one of the caller's.
func (s *Service) upload(ctx context.Context, name string, size int64, state FileUploadState) *FileUpload {
	actor, now := core.ActorOf(ctx), s.host.Clock()
	u := &FileUpload{ID: core.NewID(), AccountID: actor.Account, Name: name, Size: size, State: state, CreatedAt: now, ExpiresAt: now.Add(keptFor)}
	if actor.Person != uuid.Nil {
		u.PersonID = &actor.Person
	}
	return u
}

// begin writes the upload's row, unless too much of the account's waits already. Uploads of one
// account are begun one after another, so that many at once do not get past the bound.
func (s *Service) begin(ctx context.Context, tx bun.IDB, u *FileUpload, path ...string) error {
	_, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", "files.uploads "+core.MunicipalityOf(ctx).ID.String()+u.AccountID.String()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("files: lock: %w", err)
	}
	var waiting struct{ Files, Bytes int64 }
	err = tx.NewSelect().Model((*FileUpload)(nil)).ColumnExpr("count(*) AS files, coalesce(sum(size), 0) AS bytes").
		Where("account_id = ?", u.AccountID).Where("state IN ('PENDING', 'RECEIVING', 'RECEIVED')").Where("expires_at > ?", u.CreatedAt).Scan(ctx, &waiting)
	if err != nil {
		return fmt.Errorf("files: uploads waiting: %w", err)
	}
	most := pendingSizes * s.keeper.MaxSize
	if waiting.Files >= mostPending || waiting.Bytes+u.Size > most {
		return core.Conflict(core.Textf("%[1]d of your files (%[2]d MB) wait to be attached, and not more than %[3]d files or %[4]d MB may. Attach them, or wait a day until they are erased.",
			"Ваших файлов ждёт прикрепления: %[1]d (%[2]d МБ), а допустимо не больше %[3]d и %[4]d МБ. Прикрепите их или подождите сутки, пока они удалятся.",
			waiting.Files, waiting.Bytes>>20, mostPending, most>>20), path...)
	}
	_, err = tx.NewInsert().Model(u).Exec(ctx)
	return err
}

// receive takes in a file that came within a request. What is not taken leaves nothing behind.
func (s *Service) receive(ctx context.Context, file *Upload) (*FileUpload, error) {
	name := path.Base(file.Filename)
	if len([]rune(name)) > 300 || file.Filename == "" {
		name = "file"
	}
	u := s.upload(ctx, name, max(file.Size, 1), Receiving)
	err := postgres.InTx(ctx, s.host.DB, func(ctx context.Context, tx postgres.Tx) error { return s.begin(ctx, tx, u, "input", "file") })
	if err != nil {
		return nil, err
	}
	if err = s.fill(ctx, u, file.File, s.keeper.MaxSize); err == nil {
		return u, nil
	}
	if removing := s.discard(context.WithoutCancel(ctx), u.ID); removing != nil {
		return nil, errors.Join(err, removing)
	}
	var refusal *files.Refusal
	if errors.As(err, &refusal) {
		return nil, core.Invalid(refusal.Text, "input", "file")
	}
	return nil, err
}

// fill takes in the bytes of an upload that is being received, and says what came.
func (s *Service) fill(ctx context.Context, u *FileUpload, r io.Reader, limit int64) error {
	key := files.Key{Municipality: core.MunicipalityOf(ctx).ID, File: u.ID}
	got, err := s.keeper.Receive(ctx, key, u.Name, r, limit)
	if err != nil {
		return err
	}
	u.Name, u.Size, u.ContentType, u.SHA256, u.Preview, u.State = got.Name, got.Size, &got.Type.MIME, &got.SHA256, got.Preview, Received
	done, err := s.settle(ctx, u, "name", "size", "content_type", "sha256", "preview", "state")
	if err == nil && !done { // its time was over meanwhile
		err = core.ErrNotFound
	}
	if err != nil {
		err = errors.Join(err, s.keeper.Discard(context.WithoutCancel(ctx), key))
	}
	return err
}

// settle writes what became of an upload that is being received; false: it is not any more.
func (s *Service) settle(ctx context.Context, u *FileUpload, columns ...string) (bool, error) {
	result, err := s.host.DB.NewUpdate().Model(u).Column(columns...).WherePK("id").Where("state = ?", Receiving).Exec(ctx)
	if err != nil {
		return false, fmt.Errorf("files: upload: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// discard removes an upload that was not attached, and its bytes.
func (s *Service) discard(ctx context.Context, id uuid.UUID) error {
	return postgres.InTx(ctx, s.host.DB, func(ctx context.Context, tx postgres.Tx) error {
		deleted, err := tx.NewDelete().Model((*FileUpload)(nil)).Where("id = ?", id).Where("state <> ?", Attached).Exec(ctx)
		if err != nil {
			return fmt.Errorf("files: discard: %w", err)
		}
		if n, err := deleted.RowsAffected(); err != nil || n == 0 {
			return err
		}
		// Within the transaction: should this fail, the row still leads to the bytes.
		return s.keeper.Discard(ctx, files.Key{Municipality: core.MunicipalityOf(ctx).ID, File: id})
	})
}
