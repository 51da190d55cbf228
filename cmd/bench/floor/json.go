package floor

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What Postgres sends in binary, as JSON. nil is null.

// epoch is where Postgres counts days and microseconds from.
var epoch = time.Date(2000, time.January, 1, 0, 0, 0, 0, time.UTC)

const null = "null"

// appendID writes an object's opaque id: base64url of its type and the key's bytes.
func appendID(out []byte, kind string, key []byte) []byte {
	var raw [40]byte
	plain := append(append(append(raw[:0], kind...), ':'), key...)
	out = append(out, '"')
	out = base64.RawURLEncoding.AppendEncode(out, plain)
	return append(out, '"')
}

// parseID answers the key; the id must be of that kind.
func parseID(id, kind string) (key [16]byte, err error) {
	plain, err := base64.RawURLEncoding.DecodeString(id)
	rest, ok := strings.CutPrefix(string(plain), kind+":")
	if err != nil || !ok || len(rest) != len(key) {
		return key, fmt.Errorf("not the id of a %s", kind)
	}
	return [16]byte([]byte(rest)), nil
}

func appendText(out, text []byte) []byte {
	if text == nil {
		return append(out, null...)
	}
	return append(appendPart(append(out, '"'), text), '"')
}

// appendPart escapes as gqlgen does: what JSON demands, and nothing more.
func appendPart(out, text []byte) []byte {
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
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		}
	}
	return append(out, text[from:]...)
}

const hex = "0123456789ABCDEF"

// appendName writes a person's full name of its parts, of which some may be empty.
func appendName(out []byte, parts ...[]byte) []byte {
	out = append(out, '"')
	start := len(out)
	for _, part := range parts {
		if len(part) > 0 && len(out) > start {
			out = append(out, ' ')
		}
		out = appendPart(out, part)
	}
	return append(out, '"')
}

// appendInt writes an int4 or an int8.
func appendInt(out, value []byte) []byte {
	switch len(value) {
	case 4:
		return strconv.AppendInt(out, int64(int32(binary.BigEndian.Uint32(value))), 10)
	case 8:
		return strconv.AppendInt(out, int64(binary.BigEndian.Uint64(value)), 10)
	}
	return append(out, null...)
}

func appendDate(out, value []byte) []byte {
	if value == nil {
		return append(out, null...)
	}
	return append(dateOf(value).AppendFormat(append(out, '"'), time.DateOnly), '"')
}

func dateOf(value []byte) time.Time {
	return epoch.AddDate(0, 0, int(int32(binary.BigEndian.Uint32(value))))
}

func appendTime(out, value []byte) []byte {
	if value == nil {
		return append(out, null...)
	}
	moment := time.UnixMicro(epoch.UnixMicro() + int64(binary.BigEndian.Uint64(value))).UTC()
	return append(moment.AppendFormat(append(out, '"'), time.RFC3339Nano), '"')
}
