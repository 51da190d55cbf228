package people

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
)

// PersonalData is what is known of a person beyond name and public roles. Its key is the person's.
type PersonalData struct {
	bun.BaseModel `bun:"table:personal_data,alias:personal_data"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID            uuid.UUID  `bun:"person_id,pk,type:uuid"`
	BirthDate     *core.Date `bun:"birth_date,type:date" class:"birth_date"`
	Phones        []string   `bun:"phones,array" class:"contact"`
	Emails        []string   `bun:"emails,array" class:"contact"`
	PostalAddress *string    `bun:"postal_address" class:"postal_address"`
	Version       int        `bun:"version"`
}

// PersonalDataAction is in which way personal data was seen.
type PersonalDataAction string

const (
	ActionRead   PersonalDataAction = "READ"
	ActionExport PersonalDataAction = "EXPORT"
)

// PersonalDataReader is what sort of reader saw personal data.
type PersonalDataReader string

// PersonalDataAccess is one reading of one person's personal data.
type PersonalDataAccess struct {
	bun.BaseModel `bun:"table:personal_data_accesses,alias:access"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID         uuid.UUID          `bun:"id,pk,type:uuid"`
	PersonID   uuid.UUID          `bun:"person_id,type:uuid"`
	Person     *Person            `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Action     PersonalDataAction `bun:"action"`
	Columns    []string           `bun:"columns,array"`
	ReaderKind PersonalDataReader `bun:"reader_kind"`
	// ReaderAccount is the account or service token; nil for Veche itself.
	ReaderAccount  *uuid.UUID `bun:"reader_id,type:uuid"`
	ReaderPersonID *uuid.UUID `bun:"reader_person_id,type:uuid"`
	Reader         *Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:reader_person_id=id"`
	At             time.Time  `bun:"at"`
	RequestID      string     `bun:"request_id"`
}

// Consent is a person's consent to the processing of their data for one purpose (152-FZ, article 9).
type Consent struct {
	bun.BaseModel `bun:"table:consents,alias:consent"`
	read.Row      `bun:"-"`
	postgres.Owned
	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	PersonID    uuid.UUID  `bun:"person_id,type:uuid"`
	Person      *Person    `bun:"rel:belongs-to,join:municipality_id=municipality_id,join:person_id=id"`
	Purpose     string     `bun:"purpose"`
	Basis       string     `bun:"basis"`
	GivenOn     core.Date  `bun:"given_on,type:date"`
	WithdrawnOn *core.Date `bun:"withdrawn_on,type:date"`
}
