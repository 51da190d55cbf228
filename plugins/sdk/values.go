package sdk

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
)

// ID is an object's GraphQL id: base64url of "Type:" and the sixteen bytes of its key. In JSON it is
// that text; in statements it is the key, a uuid.
type ID struct {
	Type string
	Key  uuid.UUID
}

// NewID is a fresh id of one of the plugin's own types, ordered by time (UUIDv7).
func NewID(typ string) ID { return ID{Type: typ, Key: uuid.Must(uuid.NewV7())} }

// IDOf is the id of the object of that type with that key.
func IDOf(typ string, key uuid.UUID) ID { return ID{Type: typ, Key: key} }

func (id ID) String() string {
	return base64.RawURLEncoding.EncodeToString(append([]byte(id.Type+":"), id.Key[:]...))
}

// IsZero says that there is none.
func (id ID) IsZero() bool { return id == ID{} }

// idForm refuses spare bits that are not zero: they would make a second id of one object.
var idForm = base64.RawURLEncoding.Strict()

var errNotID = Invalid(T("This is not an id. Take it from an object's field id.", "Это не идентификатор. Возьмите его из поля id объекта."))

// ParseID reads what String wrote, and nothing else.
func ParseID(s string) (ID, error) {
	raw, err := idForm.DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") { // which the decoder passes over
		return ID{}, errNotID
	}
	at := bytes.IndexByte(raw, ':')
	if at < 0 || len(raw)-at-1 != len(uuid.Nil) || !isName(raw[:at]) {
		return ID{}, errNotID
	}
	return ID{Type: string(raw[:at]), Key: uuid.UUID(raw[at+1:])}, nil
}

func isName(s []byte) bool {
	for i, c := range s {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return len(s) > 0
}

// Of is an error at path unless the id names a typ.
func (id ID) Of(typ string, path ...string) error {
	if id.Type != typ {
		return Invalid(Textf("This is the id of a %[2]s; a %[1]s's id is wanted here.", "Это идентификатор объекта %[2]s, а нужен идентификатор %[1]s.", typ, id.Type), path...)
	}
	return nil
}

// Ref is the object as a plugin names it in its values: {"id": …}. Veche reads a core object's other
// fields itself, under the caller's rights.
func (id ID) Ref() *Ref {
	if id.IsZero() {
		return nil
	}
	return &Ref{ID: id}
}

// MarshalText makes an id a JSON string.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, fmt.Errorf("sdk: an id is written that was never set: use *sdk.ID where there may be none")
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads it from one.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// Ref is a core object, by its id.
type Ref struct {
	ID ID `json:"id"`
}

// IDs are the ids of these objects, in their order.
func IDs(refs []Ref) []ID {
	ids := make([]ID, len(refs))
	for i, one := range refs {
		ids[i] = one.ID
	}
	return ids
}

// Date is a day of the calendar, 2012-12-31: texts that compare as days do.
type Date string

// DateOf is the day of that moment in that place.
func DateOf(at time.Time, in *time.Location) Date { return Date(at.In(in).Format(time.DateOnly)) }

// AddDays is the day so many days later.
func (d Date) AddDays(days int) Date {
	at, _ := time.Parse(time.DateOnly, string(d)) // a Date that came from outside was checked
	return Date(at.AddDate(0, 0, days).Format(time.DateOnly))
}

// UnmarshalText reads a day.
func (d *Date) UnmarshalText(text []byte) error {
	if _, err := time.Parse(time.DateOnly, string(text)); err != nil {
		return Invalid(T("Write a day as 2012-12-31.", "Запишите день так: 2012-12-31."))
	}
	*d = Date(text)
	return nil
}

// Opt is an argument that may be left out (Set is false), null (Value is nil), or given.
type Opt[V any] struct {
	Set   bool
	Value *V
}

// UnmarshalJSON is called only for what is there.
func (o *Opt[V]) UnmarshalJSON(data []byte) error {
	o.Set = true
	return json.Unmarshal(data, &o.Value)
}

// Or is the value given, and otherwise the one that stands.
func (o Opt[V]) Or(stands V) V {
	if o.Value == nil {
		return stands
	}
	return *o.Value
}

func (Opt[V]) optional() {}

// Text is a text in both of Veche's languages.
type Text struct{ En, Ru string }

// T is a text in English and Russian.
func T(en, ru string) Text { return Text{En: en, Ru: ru} }

// Textf fills both texts' places.
func Textf(en, ru string, args ...any) Text {
	return Text{En: fmt.Sprintf(en, args...), Ru: fmt.Sprintf(ru, args...)}
}

// In is the text in that language; English where it is not Russian.
func (t Text) In(language string) string {
	if language == "ru" {
		return t.Ru
	}
	return t.En
}
