package core_test

import (
	"testing"
	"time"

	"github.com/veche-city/veche/core"
)

func TestMoments(t *testing.T) {
	for _, wrong := range []any{nil, 5, true, "", "yesterday", "2012-09-28", "2012-09-28T10:00:00", "2012-09-28 10:00:00Z", "2012-13-28T10:00:00Z",
		"0000-06-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-02:00", "12012-09-28T10:00:00Z"} {
		if got, err := core.UnmarshalDateTime(wrong); core.CodeOf(err) != core.CodeBadUserInput {
			t.Errorf("%v: got %v, %v", wrong, got, err)
		}
	}
	got, err := core.UnmarshalDateTime("2012-09-28T10:00:00.25+08:00")
	if want := time.Date(2012, 9, 28, 2, 0, 0, 250_000_000, time.UTC); err != nil || !got.Equal(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
