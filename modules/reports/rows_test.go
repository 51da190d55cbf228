package reports

import (
	"encoding/base64"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

// A cursor is read as it was written, and nothing else is read as one.
func TestCursors(t *testing.T) {
	for _, text := range []string{"", " ", "2012-12-31", "2012-12-31 x", "x 0195c2a0-0000-7000-8000-000000000000", "2012-02-30 0195c2a0-0000-7000-8000-000000000000"} {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(text))
		if _, _, err := parseCursor(&cursor); core.CodeOf(err) != core.CodeBadUserInput {
			t.Errorf("%q: %v", text, err)
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		row := &IndicatorRow{Day: core.NewDate(1, 1, 1).AddDays(rapid.IntRange(0, 3_000_000).Draw(r, "day"))}
		copy(row.key[:], rapid.SliceOfN(rapid.Byte(), len(uuid.Nil), len(uuid.Nil)).Draw(r, "key"))
		cursor := cursorOf(row)
		if day, key, err := parseCursor(&cursor); err != nil || day != row.Day || key != row.key {
			r.Fatalf("%s is read as %s %s: %v", cursor, day, key, err)
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		cursor := rapid.String().Draw(r, "cursor")
		if _, _, err := parseCursor(&cursor); err != nil && core.CodeOf(err) != core.CodeBadUserInput {
			r.Fatalf("%q: %v", cursor, err)
		}
	})
}
