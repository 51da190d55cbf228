package core

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
)

// NewID is a fresh UUIDv7 (RFC 9562, section 5.7): unique everywhere, ordered by time.
func NewID() uuid.UUID { return uuid.Must(uuid.NewV7()) }

// ID is an object's name towards clients: opaque, and typed, so that a person's id given where a
// district's is wanted is refused rather than looked up. It is base64url of "Type:" and the
// sixteen bytes of the key.
type ID struct {
	Type string
	Key  uuid.UUID
}

func (id ID) String() string {
	return base64.RawURLEncoding.EncodeToString(append([]byte(id.Type+":"), id.Key[:]...))
}

// ParseID reads what String wrote, and nothing else: an object has one id, and its type is a
// GraphQL name, so that it can be shown and sent to the database as it is.
func ParseID(s string) (ID, error) {
	var room [128]byte
	raw, err := idForm.AppendDecode(room[:0], []byte(s))
	if err != nil || strings.ContainsAny(s, "\r\n") { // which the decoder passes over
		return ID{}, errNotID
	}
	at := bytes.IndexByte(raw, ':')
	if at < 0 || len(raw)-at-1 != len(uuid.Nil) || !isName(raw[:at]) {
		return ID{}, errNotID
	}
	return ID{Type: string(raw[:at]), Key: uuid.UUID(raw[at+1:])}, nil
}

// idForm refuses spare bits that are not zero: they would make a second id of one object.
var idForm = base64.RawURLEncoding.Strict()

func isName(s []byte) bool {
	for i, c := range s {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(s) > 0
}

var errNotID = Invalid(T("This is not an id. Take it from an object's field id.", "Это не идентификатор. Возьмите его из поля id объекта."))

// Of is the key when the id names a typ, and otherwise an error at path that says what it names.
func (id ID) Of(typ string, path ...string) (uuid.UUID, error) {
	if id.Type != typ {
		return uuid.Nil, Invalid(Textf("This is the id of a %[2]s; a %[1]s's id is wanted here.", "Это идентификатор объекта %[2]s, а нужен идентификатор %[1]s.", typ, id.Type), path...)
	}
	return id.Key, nil
}

// Scan reads an id as SQL writes one: the type and the key, Council:0195….
func (id *ID) Scan(v any) error {
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("core: %T is no id", v)
	}
	typ, key, _ := strings.Cut(s, ":")
	k, err := uuid.Parse(key)
	if err != nil || !isName([]byte(typ)) {
		return fmt.Errorf("core: %q is no id: it is written Type:key", s)
	}
	*id = ID{Type: typ, Key: k}
	return nil
}

// KeyOf is Of for an id that may be absent; nil stays nil.
func KeyOf(id *ID, typ string, path ...string) (*uuid.UUID, error) {
	if id == nil {
		return nil, nil
	}
	key, err := id.Of(typ, path...)
	return &key, err
}

func (id ID) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(id.String())) }

func (id *ID) UnmarshalGQL(v any) error {
	s, ok := v.(string)
	if !ok {
		return errNotID
	}
	var err error
	*id, err = ParseID(s)
	return err
}

// MarshalUUID writes a row's key as the typed id of the object whose field is being written.
func MarshalUUID(key uuid.UUID) graphql.ContextMarshaler {
	return graphql.ContextWriterFunc(func(ctx context.Context, w io.Writer) error {
		fc := graphql.GetFieldContext(ctx)
		if fc == nil || fc.Object == "" {
			return fmt.Errorf("core: a key is written outside of an object's field")
		}
		ID{Type: fc.Object, Key: key}.MarshalGQL(w)
		return nil
	})
}

// UnmarshalUUID refuses: inputs take an ID, whose type is checked.
func UnmarshalUUID(context.Context, any) (uuid.UUID, error) { return uuid.Nil, errNotID }
