package reports

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for.
type (
	QueryResolver     struct{ Module *Module }
	IndicatorResolver struct{ Module *Module }
)

func (r QueryResolver) Indicators(ctx context.Context, from, to core.Date, keys []string) ([]*Indicator, error) {
	return r.Module.figures(ctx, from, to, keys)
}

func (r IndicatorResolver) Rows(ctx context.Context, obj *Indicator, first *int, after *string) (*read.Connection[IndicatorRow], error) {
	return r.Module.rows(ctx, obj, first, after)
}

// rows is a page of what a figure counts, by day and then by key.
func (m *Module) rows(ctx context.Context, of *Indicator, first *int, after *string) (*read.Connection[IndicatorRow], error) {
	size := read.DefaultPage
	if first != nil {
		size = *first
	}
	if most := m.host.Reads.MaxPage(); size < 0 || size > most {
		return nil, core.Invalid(core.Textf("first is from 0 to %d.", "first — от 0 до %d.", most), "first")
	}
	day, key, err := parseCursor(after)
	if err != nil {
		return nil, err
	}
	rows, err := of.source.Rows(ctx, of.from, of.to, Row{Day: day, ID: key}, size+1)
	if err != nil {
		return nil, fmt.Errorf("indicator %s: %w", of.Key, err)
	}
	page := &read.Connection[IndicatorRow]{Nodes: []*IndicatorRow{}, Edges: []*read.Edge[IndicatorRow]{}, PageInfo: &read.PageInfo{HasPreviousPage: after != nil}, TotalCount: of.Value}
	typ := of.source.Card().Type
	declared := slices.Contains(m.host.Reads.Types(), typ)
	for _, one := range rows {
		if page.PageInfo.HasNextPage = len(page.Nodes) == size; page.PageInfo.HasNextPage {
			break
		}
		row := rowOf(one, typ, declared)
		page.Nodes = append(page.Nodes, row)
		page.Edges = append(page.Edges, &read.Edge[IndicatorRow]{Cursor: cursorOf(row), Node: row})
	}
	if n := len(page.Edges); n > 0 {
		page.PageInfo.StartCursor, page.PageInfo.EndCursor = &page.Edges[0].Cursor, &page.Edges[n-1].Cursor
	}
	return page, nil
}

// rowOf shows one thing that is counted. What the reader does not declare is a plugin's object: it is
// not read here, and is named by its id, for who asks the plugin's own fields for it.
func rowOf(row Row, typ string, declared bool) *IndicatorRow {
	shown := &IndicatorRow{Day: row.Day, Part: row.Part, key: row.ID}
	if declared {
		shown.Object = read.AnyRef{Type: typ, Key: row.ID}
	} else {
		shown.PluginObjectID = &core.ID{Type: typ, Key: row.ID}
	}
	return shown
}

func cursorOf(r *IndicatorRow) string {
	return base64.RawURLEncoding.EncodeToString([]byte(r.Day.String() + " " + r.key.String()))
}

func parseCursor(after *string) (day core.Date, key uuid.UUID, err error) {
	if after == nil {
		return core.NewDate(1, 1, 1), uuid.Nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*after)
	if err == nil {
		before, rest, _ := strings.Cut(string(raw), " ")
		if day, err = core.ParseDate(before); err == nil {
			key, err = uuid.Parse(rest)
		}
	}
	if err != nil {
		err = core.Invalid(core.T("This is not a cursor of this list. Start again from the first page.", "Это не курсор данного списка. Начните с первой страницы."), "after")
	}
	return day, key, err
}
