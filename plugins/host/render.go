package host

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// parameter is a JSON value in Postgres' text form: what a column of jsonb is given is JSON itself,
// bytes are base64, a list is an array, everything else is the text of the value.
func parameter(oid uint32, raw json.RawMessage) ([]byte, error) {
	if len(raw) == 0 || string(raw) == "null" { // SQL's null; a JSON null within a value stays one
		return nil, nil
	}
	if oid == pgtype.JSONOID || oid == pgtype.JSONBOID {
		return raw, nil
	}
	switch raw[0] {
	case '[':
		return arrayLiteral(raw)
	case '{':
		return nil, errors.New("an object is given to a column of json or jsonb alone")
	case '"':
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return nil, err
		}
		if strings.IndexByte(text, 0) >= 0 {
			return nil, errors.New("a text of the database holds no NUL")
		}
		if oid == pgtype.ByteaOID {
			data, err := base64.StdEncoding.DecodeString(text)
			return []byte(`\x` + hex.EncodeToString(data)), err
		}
		return []byte(text), nil
	}
	return raw, nil
}

func arrayLiteral(raw json.RawMessage) ([]byte, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return nil, err
	}
	out := []byte{'{'}
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		item = bytes.TrimSpace(item)
		switch {
		case string(item) == "null":
			out = append(out, "NULL"...)
		case item[0] == '[':
			inner, err := arrayLiteral(item)
			if err != nil {
				return nil, err
			}
			out = append(out, inner...)
		case item[0] == '"', item[0] == '{':
			text := string(item)
			if item[0] == '"' {
				if err := json.Unmarshal(item, &text); err != nil {
					return nil, err
				}
			}
			if strings.IndexByte(text, 0) >= 0 {
				return nil, errors.New("a text of the database holds no NUL")
			}
			out = append(append(append(out, '"'), strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text)...), '"')
		default:
			out = append(out, item...)
		}
	}
	return append(out, '}'), nil
}

// appendRow writes a row as a JSON object by column name.
func appendRow(out []byte, fields []pgconn.FieldDescription, values [][]byte) []byte {
	out = append(out, '{')
	for i, f := range fields {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(appendText(out, f.Name), ':')
		out = appendValue(out, f.DataTypeOID, values[i])
	}
	return append(out, '}')
}

func appendText(out []byte, text string) []byte {
	quoted, err := json.Marshal(text)
	if err != nil { // a string always is JSON
		return append(out, "null"...)
	}
	return append(out, quoted...)
}

// elements are the types of the elements of arrays.
var elements = map[uint32]uint32{
	pgtype.BoolArrayOID: pgtype.BoolOID, pgtype.Int2ArrayOID: pgtype.Int2OID, pgtype.Int4ArrayOID: pgtype.Int4OID, pgtype.Int8ArrayOID: pgtype.Int8OID,
	pgtype.Float4ArrayOID: pgtype.Float4OID, pgtype.Float8ArrayOID: pgtype.Float8OID, pgtype.NumericArrayOID: pgtype.NumericOID,
	pgtype.TextArrayOID: pgtype.TextOID, pgtype.VarcharArrayOID: pgtype.TextOID, pgtype.BPCharArrayOID: pgtype.TextOID, pgtype.NameArrayOID: pgtype.TextOID,
	pgtype.UUIDArrayOID: pgtype.UUIDOID, pgtype.DateArrayOID: pgtype.DateOID, pgtype.TimestamptzArrayOID: pgtype.TimestamptzOID, pgtype.TimestampArrayOID: pgtype.TimestampOID,
	pgtype.JSONArrayOID: pgtype.JSONOID, pgtype.JSONBArrayOID: pgtype.JSONBOID, pgtype.ByteaArrayOID: pgtype.ByteaOID, pgtype.TimeArrayOID: pgtype.TextOID,
}

// appendValue writes a value that came in text form. Numbers are numbers, as exact as they are; what
// JSON has no form for (NaN, infinity, intervals, enums) is its text.
func appendValue(out []byte, oid uint32, value []byte) []byte {
	if value == nil {
		return append(out, "null"...)
	}
	text := string(value)
	switch oid {
	case pgtype.BoolOID:
		if text == "t" {
			return append(out, "true"...)
		}
		return append(out, "false"...)
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID, pgtype.Float4OID, pgtype.Float8OID, pgtype.NumericOID, pgtype.OIDOID:
		if json.Valid(value) {
			return append(out, value...)
		}
	case pgtype.JSONOID, pgtype.JSONBOID:
		var compact bytes.Buffer
		if json.Compact(&compact, value) == nil {
			return append(out, compact.Bytes()...)
		}
	case pgtype.TimestamptzOID:
		for _, form := range []string{"2006-01-02 15:04:05.999999999Z07", "2006-01-02 15:04:05.999999999Z07:00"} {
			if t, err := time.Parse(form, text); err == nil {
				return appendText(out, t.UTC().Format(time.RFC3339Nano))
			}
		}
	case pgtype.TimestampOID:
		return appendText(out, strings.Replace(text, " ", "T", 1))
	case pgtype.ByteaOID:
		if data, err := hex.DecodeString(strings.TrimPrefix(text, `\x`)); err == nil {
			return appendText(out, base64.StdEncoding.EncodeToString(data))
		}
	}
	if element, ok := elements[oid]; ok {
		if list, rest, err := appendArray(nil, element, text); err == nil && rest == "" {
			return append(out, list...)
		}
	}
	return appendText(out, text)
}

var errArray = errors.New("not an array")

// appendArray reads Postgres' text form of an array: {1,NULL,"a b",{…}}.
func appendArray(out []byte, element uint32, text string) (list []byte, rest string, err error) {
	if strings.HasPrefix(text, "[") { // bounds that do not begin at 1
		if _, text, _ = strings.Cut(text, "="); text == "" {
			return nil, "", errArray
		}
	}
	if !strings.HasPrefix(text, "{") {
		return nil, "", errArray
	}
	out, text = append(out, '['), text[1:]
	for first := true; ; first = false {
		switch {
		case text == "":
			return nil, "", errArray
		case text[0] == '}':
			return append(out, ']'), text[1:], nil
		case !first && text[0] != ',':
			return nil, "", errArray
		case !first:
			out, text = append(out, ','), text[1:]
		}
		if strings.HasPrefix(text, "{") {
			if out, text, err = appendArray(out, element, text); err != nil {
				return nil, "", err
			}
			continue
		}
		item, quoted, after, err := arrayItem(text)
		if err != nil {
			return nil, "", err
		}
		if text = after; !quoted && item == "NULL" {
			out = append(out, "null"...)
			continue
		}
		out = appendValue(out, element, []byte(item))
	}
}

func arrayItem(text string) (item string, quoted bool, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, ",}")
		if end < 0 {
			return "", false, "", errArray
		}
		return text[:end], false, text[end:], nil
	}
	var out strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			if i++; i < len(text) {
				out.WriteByte(text[i])
			}
		case '"':
			return out.String(), true, text[i+1:], nil
		default:
			out.WriteByte(text[i])
		}
	}
	return "", false, "", fmt.Errorf("%w: a quote is open", errArray)
}
