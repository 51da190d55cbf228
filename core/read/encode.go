package read

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/veche-city/veche/core"
)

// cell is one value of a record as Postgres sent it, in binary; nil is null.
type cell struct {
	oid  uint32
	data []byte
}

// encoding is how a field's value is written: what Postgres' own type does not say.
type encoding struct {
	id string // an opaque id of that type; AnyType: the type and the key come as one text
}

// encodingOf is a field's; typ is the type of its ids.
func encodingOf(f graphql.CollectedField, typ string) encoding {
	if f.Definition.Type.Name() == "ID" {
		return encoding{id: typ}
	}
	return encoding{}
}

const null = "null"

// append writes a cell as JSON, byte for byte as gqlgen does. An error is a type of a declaration's
// expression that no field can show.
func (e encoding) append(out []byte, c cell) ([]byte, error) {
	if e.id != "" {
		return e.appendID(out, c)
	}
	switch c.oid {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.BPCharOID:
		return appendText(out, c.data), nil
	case pgtype.BoolOID:
		return strconv.AppendBool(out, c.data[0] != 0), nil
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return strconv.AppendInt(out, integer(c.data), 10), nil
	case pgtype.Float8OID:
		return strconv.AppendFloat(out, math.Float64frombits(binary.BigEndian.Uint64(c.data)), 'g', -1, 64), nil
	case pgtype.DateOID:
		return appendDay(out, integer(c.data)), nil
	case pgtype.TimestamptzOID:
		return appendTime(out, time.UnixMicro(1e6*epoch+integer(c.data)), time.RFC3339Nano), nil
	case pgtype.UUIDOID:
		return append(append(append(out, '"'), uuid.UUID(c.data).String()...), '"'), nil
	case pgtype.JSONBOID:
		return append(out, c.data[1:]...), nil // the first byte is the version of the form
	case pgtype.JSONOID:
		return append(out, c.data...), nil
	case pgtype.TextArrayOID, pgtype.VarcharArrayOID:
		return appendTexts(out, c.data), nil
	}
	return out, fmt.Errorf("read: a value of the Postgres type %d cannot be shown", c.oid)
}

// epoch is where Postgres counts days and microseconds from.
// It is 1 January 2000, in seconds since 1970.
const epoch = 946_684_800

func integer(data []byte) int64 {
	switch len(data) {
	case 2:
		return int64(int16(binary.BigEndian.Uint16(data)))
	case 4:
		return int64(int32(binary.BigEndian.Uint32(data)))
	default:
		return int64(binary.BigEndian.Uint64(data))
	}
}

// appendDay writes a date, which is a count of days.
func appendDay(out []byte, days int64) []byte {
	year, month, day := time.Unix(epoch+86400*days, 0).UTC().Date()
	if year < 1000 || year > 9999 {
		return appendTime(out, time.Unix(epoch+86400*days, 0), time.DateOnly)
	}
	return append(out, '"', byte('0'+year/1000), byte('0'+year/100%10), byte('0'+year/10%10), byte('0'+year%10),
		'-', byte('0'+month/10), byte('0'+month%10), '-', byte('0'+day/10), byte('0'+day%10), '"')
}

func appendTime(out []byte, t time.Time, form string) []byte {
	return append(t.UTC().AppendFormat(append(out, '"'), form), '"')
}

// appendID writes what core.ID.MarshalGQL does.
func (e encoding) appendID(out []byte, c cell) ([]byte, error) {
	typ, key := e.id, c.data
	if typ == AnyType {
		name, text, _ := bytes.Cut(c.data, []byte(":"))
		id, err := uuid.ParseBytes(text)
		if err != nil {
			return out, fmt.Errorf("read: an id of any type is written Type:key: %w", err)
		}
		typ, key = string(name), id[:]
	}
	var raw [80]byte
	plain := append(append(append(raw[:0], typ...), ':'), key...)
	out = append(out, '"')
	out = base64.RawURLEncoding.AppendEncode(out, plain)
	return append(out, '"'), nil
}

// appendText escapes as gqlgen does: what JSON demands, and nothing more.
func appendText(out, text []byte) []byte {
	out = append(out, '"')
	from := 0
	for i, c := range text {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		out = append(out, text[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, '\\', 'n')
		case '\r':
			out = append(out, '\\', 'r')
		case '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', digits[c>>4], digits[c&0xf])
		}
	}
	return append(append(out, text[from:]...), '"')
}

const digits = "0123456789ABCDEF"

// appendTexts writes an array of one dimension.
func appendTexts(out, array []byte) []byte {
	out = append(out, '[')
	for i, element := range elementsOf(nil, array) {
		if i > 0 {
			out = append(out, ',')
		}
		if element == nil {
			out = append(out, null...)
		} else {
			out = appendText(out, element)
		}
	}
	return append(out, ']')
}

// elementsOf are the elements of an array as Postgres sends it: dimensions, a flag, the elements'
// type; for each dimension its size and first index; then each element's length and bytes.
func elementsOf(into [][]byte, array []byte) [][]byte {
	if array == nil || binary.BigEndian.Uint32(array) == 0 {
		return into
	}
	n := int(binary.BigEndian.Uint32(array[12:]))
	rest := array[20:]
	for range n {
		size := int32(binary.BigEndian.Uint32(rest))
		rest = rest[4:]
		if size < 0 {
			into = append(into, nil)
			continue
		}
		into = append(into, rest[:size:size])
		rest = rest[size:]
	}
	return into
}

// cellsOf are the columns of a record: their number, and for each its type, length and bytes.
func cellsOf(into []cell, record []byte) []cell {
	n := int(binary.BigEndian.Uint32(record))
	rest := record[4:]
	for range n {
		c := cell{oid: binary.BigEndian.Uint32(rest)}
		size := int32(binary.BigEndian.Uint32(rest[4:]))
		rest = rest[8:]
		if size >= 0 {
			c.data = rest[:size:size]
			rest = rest[size:]
		}
		into = append(into, c)
	}
	return into
}

// appendRecord writes a row of a statement as Postgres would send it inside of an array.
func appendRecord(out []byte, oids []uint32, values [][]byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(values)))
	for i, v := range values {
		out = binary.BigEndian.AppendUint32(out, oids[i])
		if v == nil {
			out = binary.BigEndian.AppendUint32(out, math.MaxUint32)
			continue
		}
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(v))), v...)
	}
	return out
}

// text is a key of an order as Postgres writes it: it is what a cursor holds.
func (c cell) text() string {
	switch c.oid {
	case pgtype.BoolOID:
		return strconv.FormatBool(c.data[0] != 0)
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return strconv.FormatInt(integer(c.data), 10)
	case pgtype.UUIDOID:
		return uuid.UUID(c.data).String()
	case pgtype.DateOID:
		switch days := integer(c.data); days {
		case math.MinInt32:
			return "-infinity"
		case math.MaxInt32:
			return "infinity"
		default:
			return time.Unix(epoch+86400*days, 0).UTC().Format(time.DateOnly)
		}
	case pgtype.TimestamptzOID:
		return time.UnixMicro(1e6*epoch + integer(c.data)).UTC().Format("2006-01-02 15:04:05.999999-07")
	}
	return string(c.data)
}

// idOf reads a reference: a type's name and a key.
func idOf(typ, key cell) (id core.ID, ok bool) {
	if typ.data == nil || key.data == nil {
		return id, false
	}
	return core.ID{Type: string(typ.data), Key: uuid.UUID(key.data)}, true
}
