package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// operation is one question that both servers answer. The floor knows it by its name.
type operation struct {
	Key, Name, About string
	Query            string
	// values are the variables that it is asked with, taken from the town's own data; nil for one that
	// changes something.
	values func(ctx context.Context, veche *client, town string) ([]variables, error)
	// seats are for one that changes something: what was done cannot be done again. The clerk asks.
	seats func(ctx context.Context, veche *client, town string) (*seats, error)
}

type variables map[string]any

// operations are all that can be measured. To add one: the query and its values here, its
// statement in floor/. What changes the data comes last.
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
		{Key: "B3", Name: "Seats", About: "50 of a long list by two columns, by time, each with body, person and organisation", values: seatCursors, Query: seatsQuery},
		{Key: "B4", Name: "Persons", About: "a page of 1,000 persons, all 7 public scalar fields that there are", values: personCursors,
			Query: `query Persons($after: String) {
  persons(first: 1000, after: $after) {
    nodes { id name familyName givenName patronymic erasedAt version }
    pageInfo { hasNextPage endCursor }
  }
}`},
		{Key: "B5", Name: "Nodes", About: "100 objects of four types by their ids", values: mixedIDs,
			Query: `query Nodes($ids: [ID!]!) {
  nodes(ids: $ids) {
    id
    ... on Council { name kind foundedOn }
    ... on Person { name }
    ... on Membership { post startsOn }
    ... on District { number name }
  }
}`},
		{Key: "M1", Name: "AddMember", About: "seat a person in a body, and read the seat with both", seats: freeSeats,
			Query: `mutation AddMember($council: ID!, $person: ID!) {
  addMember(input: {councilId: $council, personId: $person, basis: ACTIVE_CITIZEN, startsOn: "2016-01-01"}) {
    membership { id startsOn council { id name } person { id name } }
    userErrors { code }
  }
}`},
	}
}

// seatsQuery is B3. Without after it is the first page.
const seatsQuery = `query Seats($basis: MembershipBasis!, $after: String) {
  memberships(first: 50, after: $after, filter: {post: {eq: MEMBER}, basis: {eq: $basis}}, orderBy: {field: STARTS_ON, direction: DESC}) {
    nodes {
      id post basis startsOn endsOn
      council { id name }
      person { id name }
      organisation { id name }
    }
    pageInfo { hasNextPage endCursor }
  }
}`

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
