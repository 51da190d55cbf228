package assemblies

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead            = "assemblies:read"
	mayReadNominations = "assemblies:read_nominations"
	mayWrite           = "assemblies:write"
	mayDelegate        = "assemblies:delegate"
	mayNominate        = "assemblies:nominate"
	mayDecide          = "assemblies:decide"
)

// standing is the assembly's own dates: it exists from its founding to its dissolution.
const standing = `?TableAlias.founded_on <= ?asOf AND (?TableAlias.dissolved_on IS NULL OR ?TableAlias.dissolved_on >= ?asOf)`

// dated is a row that holds from starts_on to ends_on, both included.
const dated = `?TableAlias.starts_on <= ?asOf AND (?TableAlias.ends_on IS NULL OR ?TableAlias.ends_on >= ?asOf)`

// sits is whether the actor's person is named to the assembly of that key today, to sit or to stand in.
const sits = `EXISTS (SELECT FROM delegates AS mine WHERE mine.municipality_id = ?TableAlias.municipality_id AND mine.assembly_id = ?TableAlias.id
	AND mine.person_id = ?actor_person AND mine.starts_on <= ?today AND (mine.ends_on IS NULL OR mine.ends_on >= ?today))`

func declare(r *read.Reader) {
	read.Declare[Assembly](r, read.Type{
		Name:  "Assembly",
		Guard: mayRead,
		Rows:  access.Rows{Scopes: map[string]string{"assembly": `?TableAlias.id`}, Relations: map[string]string{"member": sits}},
		AsOf:  standing,
		Filters: map[string]read.Filter{
			"kind":        {SQL: `?TableAlias.kind`},
			"foundedOn":   {SQL: `?TableAlias.founded_on`},
			"activeFrom":  {SQL: `?TableAlias.active_from`},
			"dissolvedOn": {SQL: `?TableAlias.dissolved_on`},
			"search":      {SQL: `?TableAlias.name_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NAME":       {{SQL: `?TableAlias.name_order`}},
			"FOUNDED_ON": {{SQL: `?TableAlias.founded_on`, Cast: "date"}},
		},
		Order: "NAME",
		Computed: map[string]read.Computed{
			"status": {SQL: `CASE WHEN ?TableAlias.founded_on > ?asOf THEN 'PLANNED'
				WHEN ?TableAlias.dissolved_on < ?asOf THEN 'DISSOLVED'
				WHEN ?TableAlias.active_from <= ?asOf THEN 'ACTIVE' ELSE 'FORMING' END`},
		},
	})
	declareCharters(r)
	declareDelegates(r)
	declareStandIns(r)
	declareNominations(r)
}

func declareCharters(r *read.Reader) {
	read.Declare[Charter](r, read.Type{
		Name: "Charter", Guard: mayRead, Through: "Assembly", AsOf: dated,
		Orders: map[string][]read.Key{"NUMBER": {{SQL: `-?TableAlias.number`, Cast: "int"}}},
		Order:  "NUMBER",
		Lists:  map[string]read.List{"Assembly.charters": {By: "Assembly"}},
	})
	read.Declare[SeatRule](r, read.Type{
		Name: "SeatRule", Guard: mayRead, Through: "Assembly",
		Orders: map[string][]read.Key{"KEY": {{SQL: `?TableAlias.key`}}},
		Order:  "KEY",
		Lists:  map[string]read.List{"Assembly.seatRules": {By: "Assembly"}},
	})
	position := map[string][]read.Key{"POSITION": {{SQL: `?TableAlias.position`, Cast: "int"}}}
	read.Declare[CharterRule](r, read.Type{
		Name: "CharterRule", Guard: mayRead, Through: "Charter", Orders: position, Order: "POSITION",
		Lists: map[string]read.List{"Charter.rules": {By: "Charter"}},
	})
	read.Declare[CharterMajority](r, read.Type{
		Name: "CharterMajority", Guard: mayRead, Through: "Charter", Orders: position, Order: "POSITION",
		Lists: map[string]read.List{"Charter.majorities": {By: "Charter"}},
	})
}

func declareDelegates(r *read.Reader) {
	const holders, substitutes = `?TableAlias.capacity = 'HOLDER'`, `?TableAlias.capacity = 'SUBSTITUTE'`
	read.Declare[Delegate](r, read.Type{
		Name:  "Delegate",
		Guard: mayRead,
		Rows: access.Rows{
			Scopes:    map[string]string{"assembly": `?TableAlias.assembly_id`, "council": `?TableAlias.council_id`, "district": `?TableAlias.district_id`},
			Relations: map[string]string{"own": `?TableAlias.person_id = ?actor_person`},
		},
		AsOf: dated,
		Filters: map[string]read.Filter{
			"assembly":  {SQL: `?TableAlias.assembly_id`, ID: "Assembly"},
			"rule":      {SQL: `?TableAlias.rule_id`, ID: "SeatRule"},
			"council":   {SQL: `?TableAlias.council_id`, ID: "Council"},
			"district":  {SQL: `?TableAlias.district_id`, ID: "District"},
			"person":    {SQL: `?TableAlias.person_id`, ID: "Person"},
			"capacity":  {SQL: `?TableAlias.capacity`},
			"endReason": {SQL: `?TableAlias.end_reason`},
			"startsOn":  {SQL: `?TableAlias.starts_on`},
			"endsOn":    {SQL: `?TableAlias.ends_on`},
		},
		Orders: map[string][]read.Key{
			"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}},
			"NUMBER":    {{SQL: `?TableAlias.number`, Cast: "int"}},
		},
		Order: "STARTS_ON",
		Lists: map[string]read.List{
			"Assembly.delegates":   {By: "Assembly", Where: holders},
			"Assembly.substitutes": {By: "Assembly", Where: substitutes},
			"Council.delegates":    {By: "Council", Where: holders, Order: "NUMBER", Today: true},
			"Council.substitutes":  {By: "Council", Where: substitutes, Order: "NUMBER", Today: true},
			"District.delegates":   {By: "District", Where: holders, Order: "NUMBER", Today: true},
			"Person.delegateSeats": {By: "Person"},
			"Nomination.delegates": {By: "Nomination"},
		},
		// Whoever sits or sat in an assembly is known to the public by name. (ANY, as in people: a probe
		// of the index by person.)
		Grounds: map[string]string{"Person.public": `EXISTS (SELECT FROM delegates AS named
			WHERE named.municipality_id = ?TableAlias.municipality_id AND named.person_id = ANY (ARRAY[?TableAlias.id]))`},
	})
}

func declareStandIns(r *read.Reader) {
	begun := map[string][]read.Key{"STARTS_ON": {{SQL: `?TableAlias.starts_on`, Cast: "date"}}}
	read.Declare[DelegateSuspension](r, read.Type{
		Name: "DelegateSuspension", Guard: mayRead, Through: "Delegate", AsOf: dated, Orders: begun, Order: "STARTS_ON",
		Lists: map[string]read.List{"Delegate.suspensions": {By: "Delegate"}},
	})
	read.Declare[SubstituteCall](r, read.Type{
		Name: "SubstituteCall", Guard: mayRead, Through: "Delegate", AsOf: dated, Orders: begun, Order: "STARTS_ON",
		Lists: map[string]read.List{"Delegate.standIns": {By: "Delegate"}, "Delegate.calls": {By: "Substitute"}},
	})
}

// nominated makes a nomination the actor's own: who is nominated, or acts for the one that nominates.
const nominated = `(?TableAlias.person_id = ?actor_person OR EXISTS (SELECT FROM mandates AS mandate
	WHERE mandate.municipality_id = ?TableAlias.municipality_id AND mandate.organisation_id = ?TableAlias.organisation_id
	AND mandate.person_id = ?actor_person AND mandate.revoked_on IS NULL
	AND mandate.starts_on <= ?today AND (mandate.ends_on IS NULL OR mandate.ends_on >= ?today)))`

func declareNominations(r *read.Reader) {
	read.Declare[Nomination](r, read.Type{
		Name:  "Nomination",
		Guard: mayReadNominations,
		Rows: access.Rows{
			Scopes:    map[string]string{"assembly": `?TableAlias.assembly_id`, "council": `?TableAlias.council_id`},
			Relations: map[string]string{"own": nominated},
		},
		Filters: map[string]read.Filter{
			"assembly":     {SQL: `?TableAlias.assembly_id`, ID: "Assembly"},
			"rule":         {SQL: `?TableAlias.rule_id`, ID: "SeatRule"},
			"person":       {SQL: `?TableAlias.person_id`, ID: "Person"},
			"organisation": {SQL: `?TableAlias.organisation_id`, ID: "Organisation"},
			"council":      {SQL: `?TableAlias.council_id`, ID: "Council"},
			"status":       {SQL: `?TableAlias.status`},
			"nominatedOn":  {SQL: `?TableAlias.nominated_on`},
			"decidedOn":    {SQL: `?TableAlias.decided_on`},
		},
		Orders: map[string][]read.Key{"NOMINATED_ON": {{SQL: `?TableAlias.nominated_on`, Cast: "date"}}},
		Order:  "NOMINATED_ON",
		Lists: map[string]read.List{
			"Assembly.nominations":     {By: "Assembly"},
			"Organisation.nominations": {By: "Organisation"},
		},
	})
}
