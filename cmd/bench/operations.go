package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// operation is one question that both servers answer. The floor knows it by its name.
type operation struct {
	Key, Name, About string
	Query            string
	// values are the variables that it is asked with, taken from the town's own data.
	values func(ctx context.Context, veche *client, town string) ([]variables, error)
}

type variables map[string]any

// operations are all that can be measured. To add one: the query and its values here, its
// statement in floor/.
func operations() []operation {
	return []operation{
		{Key: "B1", Name: "Council", About: "a council by id, its 22 members and their names", values: councilIDs,
			Query: `query Council($id: ID!) {
  council(id: $id) {
    id kind name foundedOn seatLimit
    members(first: 50) { nodes { id post basis startsOn person { id name } } }
  }
}`},
		{Key: "B2", Name: "CommunityCouncils", About: "13 councils, district, member count, first 3 members and their names", values: days,
			Query: `query CommunityCouncils($on: Date!) {
  councils(first: 20, asOf: $on, filter: {kind: {eq: COMMUNITY_COUNCIL}}) {
    nodes {
      id name foundedOn
      district { id number name }
      memberCount(asOf: $on)
      members(first: 3, asOf: $on) { nodes { id post person { id name } } }
    }
  }
}`},
		{Key: "B4", Name: "Persons", About: "a page of 100 persons, all 7 public scalar fields", values: personCursors,
			Query: `query Persons($after: String) {
  persons(first: 100, after: $after) {
    nodes { id name familyName givenName patronymic erasedAt version }
    pageInfo { hasNextPage endCursor }
  }
}`},
	}
}

// choose picks operations by their keys; none are all.
func choose(keys []string) ([]operation, error) {
	all := operations()
	if len(keys) == 0 {
		return all, nil
	}
	var chosen []operation
	for _, key := range keys {
		i := slices.IndexFunc(all, func(o operation) bool { return strings.EqualFold(o.Key, key) })
		if i < 0 {
			return nil, fmt.Errorf("there is no operation %q; there are %s", key, strings.Join(keysOf(all), ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

func keysOf(operations []operation) []string {
	keys := make([]string, len(operations))
	for i, o := range operations {
		keys[i] = o.Key
	}
	return keys
}

// body is what is sent, to both servers alike: the full text each time.
func (o operation) body(v variables) ([]byte, error) {
	return json.Marshal(map[string]any{"operationName": o.Name, "query": o.Query, "variables": v})
}

// councilIDs are those of all bodies of the town.
func councilIDs(ctx context.Context, veche *client, town string) ([]variables, error) {
	return walk(ctx, veche, town, "id", `query Walk($after: String) {
		list: councils(first: 100, after: $after) { edges { value: node { id } } pageInfo { hasNextPage endCursor } } }`)
}

// personCursors are the places in the list of persons where a page can begin: those after each of
// the first persons.
func personCursors(ctx context.Context, veche *client, town string) ([]variables, error) {
	return walk(ctx, veche, town, "after", `query Walk($after: String) {
		list: persons(first: 100, after: $after) { edges { value: cursor } pageInfo { hasNextPage endCursor } } }`)
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

const walkedPages = 20

// walk reads the first pages of a list and answers their edges' values as variables of that name.
func walk(ctx context.Context, veche *client, town, name, query string) ([]variables, error) {
	var all []variables
	var after any
	for range walkedPages {
		body, err := operation{Name: "Walk", Query: query}.body(variables{"after": after})
		if err != nil {
			return nil, err
		}
		data, err := veche.ask(ctx, town, body)
		if err != nil {
			return nil, err
		}
		var page struct {
			List struct {
				Edges    []struct{ Value any }
				PageInfo struct {
					HasNextPage bool
					EndCursor   string
				}
			}
		}
		if err := json.Unmarshal(data, &page); err != nil {
			return nil, err
		}
		for _, e := range page.List.Edges {
			if node, ok := e.Value.(map[string]any); ok {
				e.Value = node["id"]
			}
			all = append(all, variables{name: e.Value})
		}
		if after = page.List.PageInfo.EndCursor; !page.List.PageInfo.HasNextPage {
			break
		}
	}
	return all, nil
}
