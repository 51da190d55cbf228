package main

import "testing"

// The heap stays within its room while half of it lives, and Go's own rule holds beyond.
func TestTheHeapKeepsToItsRoom(t *testing.T) {
	for live, want := range map[uint64]int{0: 400, 1 << 20: 400, 14 << 20: 400, 24 << 20: 200, 36 << 20: 100, 64 << 20: 100, 4 << 30: 100} {
		if got := percentFor(live); got != want {
			t.Errorf("%d MB live: %d %%, want %d", live>>20, got, want)
		}
	}
}
