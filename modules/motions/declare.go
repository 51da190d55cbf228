package motions

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead        = "motions:read"
	mayMove        = "motions:move"
	mayVote        = "motions:vote"
	mayRun         = "motions:run"
	mayPublish     = "motions:publish"
	mayBallots     = "motions:ballots"
	mayProxies     = "motions:proxies"
	mayResolutions = "motions:resolutions"
)

// What happens in a meeting stands where the meeting does (Through).

func declare(r *read.Reader) {
	read.Declare[Motion](r, read.Type{
		Name: "Motion", Guard: mayRead, Through: "Meeting",
		Filters: map[string]read.Filter{
			"meeting": {SQL: `?TableAlias.meeting_id`, ID: "Meeting"},
			"item":    {SQL: `?TableAlias.item_id`, ID: "AgendaItem"},
			"mover":   {SQL: `?TableAlias.mover_id`, ID: "Person"},
			"state":   {SQL: `?TableAlias.state`},
		},
		Orders: map[string][]read.Key{"TABLED_AT": {{SQL: `?TableAlias.tabled_at`, Cast: "timestamptz"}}},
		Order:  "TABLED_AT",
		Lists: map[string]read.List{
			"Meeting.motions":    {By: "Meeting"},
			"AgendaItem.motions": {By: "Item"},
		},
	})
	read.Declare[Amendment](r, read.Type{
		Name: "Amendment", Guard: mayRead, Through: "Meeting",
		Orders: map[string][]read.Key{"MOVED_AT": {{SQL: `?TableAlias.moved_at`, Cast: "timestamptz"}}},
		Order:  "MOVED_AT",
		Lists:  map[string]read.List{"Motion.amendments": {By: "Motion"}},
	})
	declareVotes(r)
	declareBallots(r)
	declareResolutions(r)
}

func declareVotes(r *read.Reader) {
	read.Declare[Vote](r, read.Type{
		Name: "Vote", Guard: mayRead, Through: "Meeting",
		Filters: map[string]read.Filter{
			"meeting": {SQL: `?TableAlias.meeting_id`, ID: "Meeting"},
			"motion":  {SQL: `?TableAlias.motion_id`, ID: "Motion"},
			"state":   {SQL: `?TableAlias.state`},
			"manner":  {SQL: `?TableAlias.manner`},
		},
		Orders: map[string][]read.Key{"OPENED_AT": {{SQL: `?TableAlias.opened_at`, Cast: "timestamptz"}}},
		Order:  "OPENED_AT",
		Computed: map[string]read.Computed{
			// Those whom nobody may see count too: how many voted is open, who voted how may not be.
			"turnout": {SQL: `CASE WHEN ?TableAlias.by_hands IS NOT TRUE THEN (SELECT count(*)::int FROM ballots AS counted
				WHERE counted.municipality_id = ?TableAlias.municipality_id AND counted.vote_id = ?TableAlias.id) END`},
		},
		Groups: map[string]read.Group{
			"majority": {Fields: map[string]read.Computed{
				"numerator":   {SQL: `?TableAlias.majority_numerator`},
				"denominator": {SQL: `?TableAlias.majority_denominator`},
				"moreThan":    {SQL: `?TableAlias.majority_strict`},
				"of":          {SQL: `?TableAlias.majority_of`},
			}},
			"result": {When: `?TableAlias.state = 'CLOSED'`, Fields: map[string]read.Computed{
				"outcome":         {SQL: `?TableAlias.outcome`},
				"eligible":        {SQL: `?TableAlias.eligible`},
				"present":         {SQL: `?TableAlias.present`},
				"filled":          {SQL: `?TableAlias.filled`},
				"seats":           {SQL: `?TableAlias.seats`},
				"quorumNeeded":    {SQL: `?TableAlias.quorum_needed`},
				"quorumAtOpening": {SQL: `?TableAlias.quorum_at_opening`},
				"quorumAtClose":   {SQL: `?TableAlias.quorum_at_close`},
				"for":             {SQL: `?TableAlias.votes_for`},
				"against":         {SQL: `?TableAlias.votes_against`},
				"abstained":       {SQL: `?TableAlias.votes_abstained`},
				"notVoted":        {SQL: `(?TableAlias.eligible - ?TableAlias.votes_for - ?TableAlias.votes_against - ?TableAlias.votes_abstained)`},
				"needed":          {SQL: `?TableAlias.needed`},
				"byHands":         {SQL: `?TableAlias.by_hands`},
			}},
		},
		Lists: map[string]read.List{
			"Meeting.votes": {By: "Meeting"},
			"Motion.votes":  {By: "Motion"},
		},
	})
}

func declareBallots(r *read.Reader) {
	const own = `(?TableAlias.voter_id = ?actor_person OR ?TableAlias.cast_by_id = ?actor_person)`
	const published = `(?TableAlias.manner = 'NAMED' AND EXISTS (SELECT FROM votes AS over
		WHERE over.municipality_id = ?TableAlias.municipality_id AND over.id = ?TableAlias.vote_id AND over.state = 'CLOSED'))`
	read.Declare[Ballot](r, read.Type{
		Name: "Ballot", Guard: mayBallots, Through: "Meeting",
		Rows: access.Rows{Relations: map[string]string{
			"own": own, "public": published,
			// What the policy denies to everybody, whatever else they may do.
			"foreign": own + ` IS NOT TRUE AND NOT ` + published,
		}},
		Orders: map[string][]read.Key{"CAST_AT": {{SQL: `?TableAlias.cast_at`, Cast: "timestamptz"}}},
		Order:  "CAST_AT",
		Lists:  map[string]read.List{"Vote.ballots": {By: "Vote"}},
	})
	read.Declare[Proxy](r, read.Type{
		Name: "Proxy", Guard: mayProxies, Through: "Meeting",
		Rows: access.Rows{Relations: map[string]string{
			"own": `(?TableAlias.giver_id = ?actor_person OR ?TableAlias.holder_id = ?actor_person)`,
		}},
		Orders: map[string][]read.Key{"GIVEN_AT": {{SQL: `?TableAlias.given_at`, Cast: "timestamptz"}}},
		Order:  "GIVEN_AT",
		Lists:  map[string]read.List{"Meeting.proxies": {By: "Meeting"}},
	})
}

func declareResolutions(r *read.Reader) {
	read.Declare[Resolution](r, read.Type{
		Name: "Resolution", Guard: mayResolutions, Through: "Meeting",
		Rows: access.Rows{Relations: map[string]string{"public": `?TableAlias.published_at IS NOT NULL`}},
		Filters: map[string]read.Filter{
			"meeting":     {SQL: `?TableAlias.meeting_id`, ID: "Meeting"},
			"year":        {SQL: `?TableAlias.year`},
			"adoptedOn":   {SQL: `?TableAlias.adopted_on`},
			"publishedAt": {SQL: `?TableAlias.published_at`},
			"search":      {SQL: `?TableAlias.title_folded`, Search: true},
		},
		Orders: map[string][]read.Key{
			"NUMBER":     {{SQL: `?TableAlias.year`, Cast: "int"}, {SQL: `?TableAlias.number`, Cast: "int"}},
			"ADOPTED_ON": {{SQL: `?TableAlias.adopted_on`, Cast: "date"}},
		},
		Order: "NUMBER",
		Computed: map[string]read.Computed{
			"repealed": {SQL: `EXISTS (SELECT FROM resolution_changes AS repeal JOIN resolutions AS later
				ON later.municipality_id = repeal.municipality_id AND later.id = repeal.later_id AND later.published_at IS NOT NULL
				WHERE repeal.municipality_id = ?TableAlias.municipality_id AND repeal.earlier_id = ?TableAlias.id AND repeal.effect = 'REPEALS')`},
		},
	})
	read.Declare[ResolutionChange](r, read.Type{
		Name: "ResolutionChange", Guard: mayResolutions, Through: "Later",
		Lists: map[string]read.List{
			"Resolution.changes":   {By: "Later"},
			"Resolution.changedBy": {By: "Earlier"},
		},
	})
}
