package house

import "github.com/veche-city/veche/graph/graphiql"

// examples are the queries that GraphiQL opens with, on the reference city.
var examples = []graphiql.Example{
	{
		Title: "How many districts have a community council?",
		Query: `query Coverage($day: Date!) {
  councilCoverage(kind: COMMUNITY_COUNCIL, asOf: $day) {
    covered
    total
    uncovered { number name }
  }
  councils(filter: {kind: {eq: COMMUNITY_COUNCIL}}, asOf: $day, first: 15) {
    totalCount
    nodes {
      name
      district { number name }
      memberCount(asOf: $day)
      members(first: 3, asOf: $day) { nodes { post person { name } } }
    }
  }
}`,
		Variables: `{"day": "2012-12-31"}`,
	},
	{
		Title: "Who sits in the mayor's council, and on what ground?",
		Query: `query MayorsCouncil($day: Date!) {
  councils(filter: {kind: {eq: PUBLIC_COUNCIL}}, asOf: $day, first: 1) {
    nodes {
      name
      foundingAct
      memberCount(asOf: $day)
      members(first: 50, asOf: $day) {
        totalCount
        nodes { post basis person { name } organisation { name } startsOn }
      }
    }
  }
}`,
		Variables: `{"day": "2012-12-31"}`,
	},
	{
		Title: "Who sits in the city assembly, and which seats are vacant?",
		Query: `query Assembly($day: Date!) {
  assemblies(asOf: $day) {
    nodes {
      name
      composition(asOf: $day) { expected fillable filled vacant vacancies { reason count } }
      seats(asOf: $day, first: 50, filter: {state: VACANT}) {
        nodes { number district { name } vacancy { reason } }
      }
    }
  }
}`,
		Variables: `{"day": "2012-12-31"}`,
	},
	{
		Title: "What was raised at gatherings, and what became of it?",
		Query: `query Gatherings($day: Date!) {
  gatherings(first: 10) {
    nodes {
      title
      heldOn
      headCount
      organiser { name }
      topics(first: 5) {
        nodes { kind text case { number publicState dueOn overdue(asOf: $day) } }
      }
    }
  }
}`,
		Variables: `{"day": "2012-12-31"}`,
	},
	{
		Title: "The figures of the year",
		Query: `query Year($from: Date!, $to: Date!) {
  indicators(from: $from, to: $to) {
    name
    value
    unit
    definition
    breakdown { label value }
  }
}`,
		Variables: `{"from": "2012-01-01", "to": "2012-12-31"}`,
	},
}
