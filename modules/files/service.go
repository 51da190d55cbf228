package files

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/mutation"
)

// Service is every way to bring files in, to attach them and to take them away. Its methods check the
// caller's rights, save Take and Erase, which say so.
type Service struct {
	host   *host.Host
	keeper *files.Keeper
	signer files.Signer
	writes map[string]string // the permission under which files of a type's objects are changed
}

const (
	mostAtOnce  = 20  // files that one mutation attaches
	mostPending = 100 // uploads of one account that wait
	// pendingSizes is how many files of the largest size may wait.
	pendingSizes = 5
)

// PrepareUpload announces a file that is sent by PUT.
func (s *Service) PrepareUpload(ctx context.Context, in PrepareUploadInput) (*core.Payload, error) {
	return s.host.Writer.Do(ctx, "prepareUpload", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.mayUpload(ctx); err != nil {
			return uuid.Nil, err
		}
		name := in.Name[strings.LastIndexAny(in.Name, `/\`)+1:]
		var p core.Problems
		p.Check(strings.TrimSpace(name) != "" && utf8.RuneCountInString(name) <= 300, core.T("A file's name has 1 to 300 characters.", "Имя файла — от 1 до 300 символов."), "input", "name")
		p.Check(in.Size > 0 && int64(in.Size) <= s.keeper.MaxSize, core.Textf("A file has 1 byte to %d MB.", "Размер файла — от 1 байта до %d МБ.", s.keeper.MaxSize>>20), "input", "size")
		if err := p.Err(); err != nil {
			return uuid.Nil, err
		}
		u := s.upload(ctx, name, int64(in.Size), Pending)
		if err := s.begin(ctx, tx, u, "input", "size"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Created, Type: typeFileUpload, ID: u.ID, After: map[string]any{"size": u.Size}})
		return u.ID, nil
	})
}

// mayUpload asks for the right to send files. They always belong to somebody, so that nobody signed in
// is refused whatever the policy says; Veche itself is not asked.
func (s *Service) mayUpload(ctx context.Context) error {
	if core.ActorOf(ctx).Kind == core.Anonymous {
		return core.ErrUnauthenticated
	}
	return s.host.Guard.Check(ctx, mayUpload, access.Resource{Relations: []string{"own"}})
}

// MaySend says how large a file the caller may send within a request; 0: none.
func (s *Service) MaySend(ctx context.Context) int64 {
	if s.mayUpload(ctx) != nil {
		return 0
	}
	return s.keeper.MaxSize
}

// AttachFile adds a file to an object: one sent within the request, or an upload.
func (s *Service) AttachFile(ctx context.Context, in AttachFileInput) (*core.Payload, error) {
	if (in.File == nil) == (in.UploadID == nil) {
		return refused(ctx, in.ClientMutationID, core.Invalid(core.T("Give either a file or the id of an upload.", "Укажите либо файл, либо идентификатор загрузки."), "input", "file"))
	}
	if in.File == nil {
		return s.attach(ctx, in, *in.UploadID, "input", "uploadId")
	}
	// What would be refused anyway is refused before the file is looked at.
	if err := s.mayAttach(ctx, s.host.DB, in.ObjectID); err != nil {
		return refused(ctx, in.ClientMutationID, err)
	}
	u, err := s.receive(ctx, in.File)
	if err != nil {
		return refused(ctx, in.ClientMutationID, err)
	}
	in.hash = *u.SHA256
	payload, err := s.attach(ctx, in, core.ID{Type: typeFileUpload, Key: u.ID}, "input", "file")
	if payload == nil || payload.Key != u.ID { // refused, failed, or done before under the same idempotency key
		err = errors.Join(err, s.discard(context.WithoutCancel(ctx), u.ID))
	}
	return payload, err
}

// refused is what stands in the payload for a form; other errors go on.
func refused(ctx context.Context, clientMutationID *string, err error) (*core.Payload, error) {
	if errs, ok := mutation.UserErrors(ctx, err); ok {
		return &core.Payload{UserErrors: errs, ClientMutationID: clientMutationID}, nil
	}
	return nil, err
}

func (s *Service) attach(ctx context.Context, in AttachFileInput, upload core.ID, path ...string) (*core.Payload, error) {
	return s.host.Writer.Do(ctx, "attachFile", in.asked(), func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.mayAttach(ctx, tx, in.ObjectID); err != nil {
			return uuid.Nil, err
		}
		return upload.Key, s.Take(ctx, tx, in.ObjectID, []core.ID{upload}, path...)
	})
}
