package places

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"io"

	"github.com/veche-city/veche/core"
)

// GeoJSON is the text of a GeoJSON object. As an input it has only been seen to be an object:
// whoever takes it in reads it with parseBoundary, which knows what is wanted and where it stood.
type GeoJSON json.RawMessage

var errNotObject = core.Invalid(core.T(
	`GeoJSON is an object, not a text: {"type": "Polygon", "coordinates": [...]}.`,
	`GeoJSON — это объект, а не строка: {"type": "Polygon", "coordinates": [...]}.`))

func (g *GeoJSON) UnmarshalGQL(v any) error {
	object, ok := v.(map[string]any)
	if !ok {
		return errNotObject
	}
	text, err := json.Marshal(object)
	*g = text
	return err
}

func (g GeoJSON) MarshalGQL(w io.Writer) {
	if len(g) == 0 {
		g = GeoJSON("null")
	}
	_, _ = w.Write(g)
}

func (g GeoJSON) MarshalJSON() ([]byte, error) { return json.RawMessage(g).MarshalJSON() }

func (g *GeoJSON) UnmarshalJSON(text []byte) error { return (*json.RawMessage)(g).UnmarshalJSON(text) }

// Value writes a jsonb column.
func (g GeoJSON) Value() (driver.Value, error) {
	if len(g) == 0 {
		return nil, nil
	}
	return string(g), nil
}

// Scan reads a jsonb column.
func (g *GeoJSON) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*g = nil
	case string:
		*g = GeoJSON(v)
	case []byte:
		*g = append(GeoJSON{}, v...)
	default:
		return fmt.Errorf("places: cannot read %T as GeoJSON", src)
	}
	return nil
}
