package read

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// A cursor is the version of its form, the order that it belongs to, and the row's keys as
// Postgres writes them. It is not signed: whoever makes one up only chooses where to begin.
const cursorVersion = 1

type cursorForm struct {
	Version int      `json:"v"`
	Order   uint64   `json:"o"`
	Keys    []string `json:"k"`
}

func (pg *page) cursor(keys []string) string {
	raw, _ := json.Marshal(cursorForm{cursorVersion, pg.order, keys}) // strings and numbers always marshal
	return base64.RawURLEncoding.EncodeToString(raw)
}

var (
	errNotCursor = core.Invalid(core.T("This is not a cursor. Take it from the list's pageInfo or edges.", "Это не курсор. Возьмите его из pageInfo или edges списка."))
	errExpired   = core.Invalid(core.T("This cursor has expired: it is of another order or an earlier version. Start again from the first page.", "Курсор устарел: он относится к другому порядку или прежней версии. Начните с первой страницы."))
)

func (pg *page) parseCursor(s string) ([]string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	var c cursorForm
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	switch {
	case err != nil:
		return nil, errNotCursor
	case c.Version != cursorVersion || c.Order != pg.order || len(c.Keys) != len(pg.keys)+1:
		return nil, errExpired
	}
	for i, key := range c.Keys {
		cast := castOfKey
		if i < len(pg.keys) {
			cast = pg.keys[i].cast
		}
		if !casts[cast](key) {
			return nil, errNotCursor
		}
	}
	return c.Keys, nil
}

// castOfKey is the type of a row's own key.
const castOfKey = "uuid"

// casts are the types that a list can be ordered by, and whether a text is one that Postgres reads
// as such: what comes from outside must not end in an error of the database.
var casts = map[string]func(string) bool{
	"text": storable,
	"uuid": func(s string) bool { _, err := uuid.Parse(s); return err == nil && len(s) == 36 },
	"int":  func(s string) bool { _, err := strconv.ParseInt(s, 10, 32); return err == nil },
	"bigint": func(s string) bool {
		_, err := strconv.ParseInt(s, 10, 64)
		return err == nil
	},
	"real":        isReal,
	"boolean":     func(s string) bool { return s == "true" || s == "false" },
	"date":        isDay,
	"timestamptz": isMoment,
}

// storable says whether the text can stand in the database at all: Postgres keeps no NUL.
func storable(s string) bool { return strings.IndexByte(s, 0) < 0 }

// isDay reads days, and the ends of time by which rows without a day are ordered.
func isDay(s string) bool {
	_, err := core.ParseDate(s)
	return err == nil || s == "infinity" || s == "-infinity"
}

// isReal bounds the digits too: 1e-99 is a real of Go's, and out of range for Postgres.
func isReal(s string) bool {
	f, err := strconv.ParseFloat(s, 32)
	mantissa, _, _ := strings.Cut(strings.ToLower(s), "e")
	return err == nil && strings.Trim(s, "0123456789.eE+-") == "" && (f != 0 || strings.Trim(mantissa, "+-0.") == "")
}

// isMoment reads what Postgres writes: 2012-09-28 02:00:00.25+00.
func isMoment(s string) bool {
	t, err := time.Parse("2006-01-02 15:04:05-07", s)
	if err != nil {
		t, err = time.Parse("2006-01-02 15:04:05-07:00", s)
	}
	_, offset := t.Zone()
	return err == nil && !strings.Contains(s, ",") && t.Year() > 0 && offset > -16*3600 && offset < 16*3600
}
