package core_test

import (
	"testing"

	"github.com/veche-city/veche/core"
)

func TestAnIDIsReadAsSQLWritesIt(t *testing.T) {
	key := core.NewID()
	for _, wrong := range []any{nil, 1, "", ":", "Council", "Council:", "Council:x", ":" + key.String(), "Совет:" + key.String(), key.String(), []byte("Council:" + key.String())} {
		id := core.ID{Type: "Before"}
		if err := id.Scan(wrong); err == nil || id != (core.ID{Type: "Before"}) {
			t.Errorf("%v is read as %v: %v", wrong, id, err)
		}
	}
	var id core.ID
	if err := id.Scan("Council:" + key.String()); err != nil || id != (core.ID{Type: "Council", Key: key}) {
		t.Errorf("got %v: %v", id, err)
	}
}
