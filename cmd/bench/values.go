package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/veche-city/veche/core"
)

// Where the operations' values come from: Veche itself, asked as anybody may ask.

// councilIDs are those of all bodies of the town that have 22 members today.
func councilIDs(ctx context.Context, veche *client, town string) ([]variables, error) {
	ids, err := part{field: "councils", where: `filter: {kind: {eq: PUBLIC_COUNCIL}}`}.read(ctx, veche, town)
	return each("id", ids), err
}

// personCursors are the places in the list of persons where a page can begin: those after each of
// the first persons.
func personCursors(ctx context.Context, veche *client, town string) ([]variables, error) {
	cursors, err := part{field: "persons", cursors: true}.read(ctx, veche, town)
	return each("after", cursors), err
}

// days are those of two years in which all the reference city's community councils stood.
func days(context.Context, *client, string) ([]variables, error) {
	first := time.Date(2012, time.June, 1, 0, 0, 0, 0, time.UTC)
	all := make([]variables, 730)
	for i := range all {
		all[i] = variables{"on": first.AddDate(0, 0, i).Format(time.DateOnly)}
	}
	return all, nil
}

// grounds are the bases of the long list's seats.
var grounds = []string{
	"PUBLIC_ASSOCIATION", "PROFESSIONAL_ASSOCIATION", "POLITICAL_PARTY", "OTHER_ORGANISATION",
	"ACTIVE_CITIZEN", "RECOGNISED_MERIT", "HONORARY_CITIZEN", "EX_OFFICIO",
}

// seatCursors are places in the long list, for each ground at 20 days over all its years.
func seatCursors(ctx context.Context, veche *client, town string) ([]variables, error) {
	var all []variables
	for year := range 10 {
		for _, month := range []string{"03", "09"} {
			for _, basis := range grounds {
				where := fmt.Sprintf(`orderBy: {field: STARTS_ON, direction: DESC}, filter: {post: {eq: MEMBER}, basis: {eq: %s}, startsOn: {lte: "%d-%s-01"}}`,
					basis, 2001+year, month)
				cursors, err := part{field: "memberships", where: where, cursors: true, size: 10, pages: 1}.read(ctx, veche, town)
				if err != nil {
					return nil, err
				}
				for _, cursor := range cursors {
					all = append(all, variables{"basis": basis, "after": cursor})
				}
			}
		}
	}
	return all, nil
}

// mixedIDs are lists of 100 ids, the types among each other, with one that leads to nothing.
func mixedIDs(ctx context.Context, veche *client, town string) ([]variables, error) {
	var types [4][]any
	for i, field := range []string{"persons", "memberships", "councils", "districts"} {
		var err error
		if types[i], err = (part{field: field}).read(ctx, veche, town); err != nil {
			return nil, err
		}
		if len(types[i]) == 0 {
			return nil, fmt.Errorf("%s has no %s", town, field)
		}
	}
	// Of 20 ids 7 are persons, 7 memberships, 4 councils and 2 districts.
	const turn = "01012010120101301231"
	const lists, length = 400, 100
	all := make([]variables, lists)
	taken := [len(types)]int{}
	for i := range all {
		ids := make([]any, length)
		for at := range ids {
			kind := int(turn[at%len(turn)] - '0')
			ids[at] = types[kind][taken[kind]%len(types[kind])]
			taken[kind]++
		}
		ids[i%length] = core.ID{Type: "Person"}.String()
		all[i] = variables{"ids": ids}
	}
	return all, nil
}

var errSeatsRunOut = errors.New("every person sits in every body: measure for a shorter time, or with more --persons")

// seats hands out body and person, each pair once; neighbours differ in both, so that requests at one
// time do not wait for each other's locks.
type seats struct {
	councils, persons []any
	taken             atomic.Int64
}

func freeSeats(ctx context.Context, veche *client, town string) (*seats, error) {
	s := &seats{}
	var err error
	where := `filter: {kind: {eq: COORDINATION_COUNCIL}, foundedOn: {eq: "` + intakeFounded + `"}}`
	if s.councils, err = (part{field: "councils", where: where}).read(ctx, veche, town); err != nil {
		return nil, err
	}
	if s.persons, err = (part{field: "persons", where: `filter: {erased: {eq: false}}`}).read(ctx, veche, town); err != nil {
		return nil, err
	}
	return s, nil
}

// next may be called from anywhere.
func (s *seats) next() (variables, error) {
	n := int(s.taken.Add(1)) - 1
	if n >= len(s.councils)*len(s.persons) {
		return nil, errSeatsRunOut
	}
	const apart = 37
	council, round := n%len(s.councils), n/len(s.councils)
	return variables{"council": s.councils[council], "person": s.persons[(round+council*apart)%len(s.persons)]}, nil
}

// each makes a variable of that name of each value.
func each(name string, values []any) []variables {
	all := make([]variables, len(values))
	for i, v := range values {
		all[i] = variables{name: v}
	}
	return all
}

// part is the beginning of one of Veche's lists: a number of pages of a size, both with a default.
type part struct {
	field, where string
	cursors      bool // the edges' cursors are wanted; else the nodes' ids
	size, pages  int
}

// read answers the values, page after page.
func (p part) read(ctx context.Context, veche *client, town string) ([]any, error) {
	value := "value: node { id }"
	if p.cursors {
		value = "value: cursor"
	}
	walk := operation{Name: "Walk", Query: fmt.Sprintf(`query Walk($after: String) {
		list: %s(first: %d, after: $after, %s) { edges { %s } pageInfo { hasNextPage endCursor } } }`, p.field, cmp.Or(p.size, 1000), p.where, value)}
	var all []any
	var after *string
	for range cmp.Or(p.pages, 3) {
		body, err := walk.body(variables{"after": after})
		if err != nil {
			return nil, err
		}
		data, err := veche.ask(ctx, town, body)
		if err != nil {
			return nil, err
		}
		var page struct{ List connection }
		if err := json.Unmarshal(data, &page); err != nil {
			return nil, err
		}
		for _, e := range page.List.Edges {
			if node, ok := e.Value.(map[string]any); ok {
				e.Value = node["id"]
			}
			all = append(all, e.Value)
		}
		if after = page.List.PageInfo.EndCursor; !page.List.PageInfo.HasNextPage {
			break
		}
	}
	return all, nil
}

// connection is a page as part asks for it.
type connection struct {
	Edges    []struct{ Value any }
	PageInfo struct {
		HasNextPage bool
		EndCursor   *string
	}
}
