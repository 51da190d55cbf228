package files

import (
	"io"

	"github.com/99designs/gqlgen/graphql"

	"github.com/veche-city/veche/core"
)

// PrepareUploadInput announces a file.
type PrepareUploadInput struct {
	Name             string
	Size             int
	ClientMutationID *string
}

// AttachFileInput adds a file to an object.
type AttachFileInput struct {
	ObjectID         core.ID
	File             *Upload
	UploadID         *core.ID
	ClientMutationID *string

	hash string // of the file, once it was received
}

// asked is what two requests under one idempotency key are compared by: the file by its content.
func (in AttachFileInput) asked() any {
	type attachFile struct {
		ObjectID         core.ID
		UploadID         *core.ID
		Name, SHA256     string
		ClientMutationID *string
	}
	asked := attachFile{ObjectID: in.ObjectID, UploadID: in.UploadID, SHA256: in.hash, ClientMutationID: in.ClientMutationID}
	if in.File != nil {
		asked.Name = in.File.Filename
	}
	return asked
}

// RemoveAttachmentInput takes a file from an object.
type RemoveAttachmentInput struct {
	ID               core.ID
	Reason           *string
	ClientMutationID *string
}

// Upload is a file that came within the request. The transport puts it into the variables, where
// nobody else can.
type Upload graphql.Upload

var errNoFile = core.Invalid(core.T("Send the file within the request, by multipart/form-data.", "Отправьте файл в самом запросе, как multipart/form-data."))

// UnmarshalGQL takes what the transport has put there.
func (u *Upload) UnmarshalGQL(v any) error {
	file, ok := v.(graphql.Upload)
	if !ok {
		return errNoFile
	}
	*u = Upload(file)
	return nil
}

// MarshalGQL writes nothing: a file is only sent.
func (u Upload) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, "null") }
