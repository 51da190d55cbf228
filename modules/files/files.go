// Package files keeps what is attached to the objects of other modules: uploads on their way in,
// attachments, and the addresses at which they are got.
//
// It owns the tables uploads, attachments and file_keys; the bytes are core/files'. It needs people,
// which it tells of the persons whose files these are. Other modules say by Attachable whose objects
// bear files and under which permission, and attach by Take inside of their own mutations.
//
// An upload's row is there before its bytes, so that whatever happens the row leads to them: what is
// refused or fails is erased at once, and what nobody attaches within a day by a job. An attachment
// stands where its object stands, so its rights are the object's, at each question and at each use of
// an address. The name of a file is what its sender wrote, and may be personal: it is in no audit row.
package files

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// Attachment is a file of an object.
type Attachment struct {
	bun.BaseModel `bun:"table:attachments,alias:attachment"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID  `bun:"id,pk,type:uuid"` // the upload's
	ObjectType  string     `bun:"object_type"`
	ObjectID    uuid.UUID  `bun:"object_id,type:uuid"`
	Name        string     `bun:"name" class:"file_name"`
	ContentType string     `bun:"content_type"`
	Size        int64      `bun:"size"`
	SHA256      string     `bun:"sha256"`
	Preview     bool       `bun:"preview"`
	AccountID   *uuid.UUID `bun:"account_id,type:uuid"`
	PersonID    *uuid.UUID `bun:"person_id,type:uuid"`
	CreatedAt   time.Time  `bun:"created_at"`
	RemovedAt   *time.Time `bun:"removed_at"`
	ErasedAt    *time.Time `bun:"erased_at"`
}

// FileUpload is a file on its way in.
type FileUpload struct {
	bun.BaseModel `bun:"table:uploads,alias:upload"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID          uuid.UUID       `bun:"id,pk,type:uuid"`
	AccountID   uuid.UUID       `bun:"account_id,type:uuid"`
	PersonID    *uuid.UUID      `bun:"person_id,type:uuid"`
	Name        string          `bun:"name" class:"file_name"`
	Size        int64           `bun:"size"`
	State       FileUploadState `bun:"state"`
	Refusal     *FileRefusal    `bun:"refusal"`
	ContentType *string         `bun:"content_type"`
	SHA256      *string         `bun:"sha256"`
	Preview     bool            `bun:"preview"`
	CreatedAt   time.Time       `bun:"created_at"`
	ExpiresAt   time.Time       `bun:"expires_at"`
}

// FileUploadState is how far an upload has come.
type FileUploadState string

const (
	Pending   FileUploadState = "PENDING"
	Receiving FileUploadState = "RECEIVING"
	Received  FileUploadState = "RECEIVED"
	Refused   FileUploadState = "REFUSED"
	Attached  FileUploadState = "ATTACHED"
)

// FileRefusal is why an upload was refused: a Reason of core/files.
type FileRefusal string
