package main

import (
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

// The plugin's types that have ids.
const (
	typeProject   = "TerritorialOrderProject"
	typeRound     = "TerritorialOrderRound"
	typeDefence   = "TerritorialOrderDefence"
	typeMilestone = "TerritorialOrderMilestone"
)

// settings are a municipality's, as settings.schema.json describes them.
type settings struct {
	BudgetRubles  int64
	ProjectRubles int64
	Weights       struct{ Residents, Council, Administration int64 }
	Choices       int
	RankingDays   int
}

// child is a row below another, whose key stands in the column of.
type child struct {
	Of uuid.UUID `json:"-" sql:"of"`
}

func (c child) parent() uuid.UUID { return c.Of }

// Project is a row of projects.
type Project struct {
	ID         sdk.ID    `json:"id" sql:"id,type=TerritorialOrderProject"`
	Title      string    `json:"title"`
	Text       string    `json:"text"`
	Place      string    `json:"place"`
	Kind       string    `json:"kind"`
	CostRubles int64     `json:"costRubles"`
	Stage      stage     `json:"stage"`
	District   *sdk.Ref  `json:"district" sql:"district_id,type=District"`
	Council    *sdk.Ref  `json:"council" sql:"council_id,type=Council"`
	Author     *sdk.Ref  `json:"author" sql:"author_id,type=Person"`
	Case       *sdk.Ref  `json:"case" sql:"case_id,type=Case"`
	ProposedAt time.Time `json:"proposedAt"`
	Version    int       `json:"version"`
}

// Page is a page of projects.
type Page struct {
	Nodes       []Project `json:"nodes"`
	HasNextPage bool      `json:"hasNextPage"`
	EndCursor   *sdk.ID   `json:"endCursor"`
}

// Step is a row of steps.
type Step struct {
	child
	ID      sdk.ID    `json:"id" sql:"id,type=TerritorialOrderStep"`
	Stage   stage     `json:"stage"`
	Reason  string    `json:"reason"`
	Person  *sdk.Ref  `json:"person" sql:"person_id,type=Person"`
	TakenAt time.Time `json:"takenAt"`
}

// Statement is a row of statements.
type Statement struct {
	child
	ID      sdk.ID    `json:"id" sql:"id,type=TerritorialOrderStatement"`
	Council *sdk.Ref  `json:"council" sql:"council_id,type=Council"`
	Person  *sdk.Ref  `json:"person" sql:"person_id,type=Person"`
	Text    string    `json:"text"`
	MadeAt  time.Time `json:"madeAt"`
}

// Round is a row of rounds.
type Round struct {
	ID                   sdk.ID    `json:"id" sql:"id,type=TerritorialOrderRound"`
	Title                string    `json:"title"`
	District             *sdk.Ref  `json:"district" sql:"district_id,type=District"`
	State                string    `json:"state"`
	OpenedAt             time.Time `json:"openedAt"`
	ClosesAt             time.Time `json:"closesAt"`
	Choices              int       `json:"choices"`
	Version              int       `json:"version"`
	WeightResidents      int64     `json:"_residents" sql:"weight_residents"`
	WeightCouncil        int64     `json:"_council" sql:"weight_council"`
	WeightAdministration int64     `json:"_administration" sql:"weight_administration"`
}

func (r Round) weights() map[string]int64 {
	return map[string]int64{residents: r.WeightResidents, council: r.WeightCouncil, administration: r.WeightAdministration}
}

// Turnout is a chamber's part in a round.
type Turnout struct {
	Chamber string `json:"chamber"`
	Weight  int64  `json:"weight"`
	Votes   int    `json:"votes"`
}

// Ranking is a row of entries.
type Ranking struct {
	child
	ProjectID sdk.ID `json:"_project" sql:"project_id,type=TerritorialOrderProject"`
	RoundID   sdk.ID `json:"_round" sql:"round_id,type=TerritorialOrderRound"`
	Place     *int   `json:"place"`
	Score     *int64 `json:"score"`
}

// Defence is a row of defences.
type Defence struct {
	ID       sdk.ID    `json:"id" sql:"id,type=TerritorialOrderDefence"`
	RoundID  sdk.ID    `json:"_round" sql:"round_id,type=TerritorialOrderRound"`
	Meeting  *sdk.Ref  `json:"meeting" sql:"meeting_id,type=Meeting"`
	StartsAt time.Time `json:"startsAt"`
	State    string    `json:"state"`
	Minutes  string    `json:"minutes"`
	Version  int       `json:"version"`
}

// Question is a row of questions.
type Question struct {
	child
	ID        sdk.ID    `json:"id" sql:"id,type=TerritorialOrderQuestion"`
	ProjectID sdk.ID    `json:"_project" sql:"project_id,type=TerritorialOrderProject"`
	Person    *sdk.Ref  `json:"person" sql:"person_id,type=Person"`
	Text      string    `json:"text"`
	Answer    string    `json:"answer"`
	AskedAt   time.Time `json:"askedAt"`
}

// Score is what the sheets of a project say of one criterion.
type Score struct {
	child
	ProjectID sdk.ID `json:"_project" sql:"project_id,type=TerritorialOrderProject"`
	Criterion string `json:"criterion"`
	Sum       int    `json:"sum"`
	Sheets    int    `json:"sheets"`
}

// Decision is a row of decisions.
type Decision struct {
	child
	ID            sdk.ID    `json:"id" sql:"id,type=TerritorialOrderDecision"`
	DefenceID     sdk.ID    `json:"_defence" sql:"defence_id,type=TerritorialOrderDefence"`
	Accepted      bool      `json:"accepted"`
	FundingRubles *int64    `json:"fundingRubles"`
	Reasons       string    `json:"reasons"`
	Person        *sdk.Ref  `json:"person" sql:"person_id,type=Person"`
	DecidedAt     time.Time `json:"decidedAt"`
}

// Milestone is a row of milestones.
type Milestone struct {
	child
	ID        sdk.ID     `json:"id" sql:"id,type=TerritorialOrderMilestone"`
	ProjectID sdk.ID     `json:"_project" sql:"project_id,type=TerritorialOrderProject"`
	Position  int        `json:"position"`
	Title     string     `json:"title"`
	DueOn     sdk.Date   `json:"dueOn"`
	DoneAt    *time.Time `json:"doneAt"`
	Report    string     `json:"report"`
}

// Change is an event of the subscription.
type Change struct {
	EventID string    `json:"eventId"`
	At      time.Time `json:"at"`
	Project *Project  `json:"project"`
}

// ProjectPayload, RoundPayload and DefencePayload are what mutations answer.
type (
	ProjectPayload struct {
		Project    *Project        `json:"project"`
		UserErrors []sdk.UserError `json:"userErrors"`
	}
	RoundPayload struct {
		Round      *Round          `json:"round"`
		UserErrors []sdk.UserError `json:"userErrors"`
	}
	DefencePayload struct {
		Defence    *Defence        `json:"defence"`
		UserErrors []sdk.UserError `json:"userErrors"`
	}
)

// in is a mutation's one argument.
type in[I any] struct{ Input I }
