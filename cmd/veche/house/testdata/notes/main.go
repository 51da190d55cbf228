// Command notes is a plugin that answers from memory: what it costs to ask is all that it costs. The
// benchmark of plugins runs it, and the same in TypeScript (notes.ts).
package main

import (
	"context"
	"embed"
	"strconv"

	"github.com/veche-city/veche/plugins/sdk"
)

//go:embed plugin.yaml notes.graphqls settings.schema.json
var files embed.FS

func main() {
	p := sdk.New(files)
	sdk.Settings[settings](p)
	sdk.Field(p, "Council.notes", notes)
	p.Main()
}

type settings struct {
	Authors []sdk.ID `json:"authors"`
}

type note struct {
	Text   string  `json:"text"`
	Author sdk.Ref `json:"author"`
}

// notes gives each note another author, as long as there are enough.
func notes(ctx context.Context, councils []sdk.Ref, args struct{ First int }) ([][]note, error) {
	authors := sdk.SettingsOf[settings](ctx).Authors
	all := make([][]note, len(councils))
	for i := range all {
		for k := range min(args.First, len(authors)) {
			n := i*args.First + k
			all[i] = append(all[i], note{"Заметка № " + strconv.Itoa(n+1), sdk.Ref{ID: authors[n%len(authors)]}})
		}
	}
	return all, nil
}
