package house_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The README's question has the README's answer.
func TestReadmeTellsTheTruth(t *testing.T) {
	w := newWorld(t)
	page, err := os.ReadFile("../../../README.md")
	must(t, err)
	query := regexp.MustCompile(`(?s)'query=(.*?)'`).FindSubmatch(page)
	said := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(page)
	if query == nil || said == nil {
		t.Fatal("README.md has no question, or no answer")
	}
	var want struct {
		Data map[string]any `json:"data"`
	}
	must(t, json.Unmarshal(said[1], &want))
	if diff := cmp.Diff(want.Data, w.ask(request{Query: string(query[1])})); diff != "" {
		t.Error(diff)
	}
}
