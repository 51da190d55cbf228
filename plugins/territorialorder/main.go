// Command territorialorder is the territorial order (территориальный заказ) as a plugin: residents of a
// district put a project forward, its council discusses it, rounds of ranking by residents, councils
// and the administration give it a place, it is defended before the administration, accepted for
// funding or sent back with reasons, and carried out by milestones.
//
// It knows people, districts, councils, meetings and cases by their ids alone; what it must know of
// them it asks Veche for, under its grants and the caller's rights.
package main

import (
	"embed"

	"github.com/veche-city/veche/plugins/sdk"
)

//go:embed plugin.yaml territorialorder.graphqls policy.csv settings.schema.json migrations
var files embed.FS

func main() { plugin().Main() }

func plugin() *sdk.Plugin {
	p := sdk.New(files)
	sdk.Settings[settings](p)
	reads(p)
	fields(p)
	actions(p)
	sdk.Stream(p, "Subscription.territorialOrderProjectChanged", changes)
	sdk.On(p, "Council.ENDED", councilEnded)
	sdk.On(p, "Meeting.ENDED", meetingEnded)
	sdk.Job(p, jobDissolved, councilDissolved)
	sdk.Job(p, jobClose, closeOverdue)
	sdk.Job(p, jobCase, openCase)
	return p
}

func reads(p *sdk.Plugin) {
	sdk.Field(p, "District.territorialOrderProjects", projectsOf("district_id"))
	sdk.Field(p, "Council.territorialOrderProjects", projectsOf("council_id"))
	sdk.Root(p, "Query.territorialOrderProject", project)
	sdk.Root(p, "Query.territorialOrderProjects", projects)
	sdk.Root(p, "Query.territorialOrderRound", round)
	sdk.Root(p, "Query.territorialOrderRounds", rounds)
	sdk.Root(p, "Query.territorialOrderDefence", defence)
}

func fields(p *sdk.Plugin) {
	sdk.Own(p, "TerritorialOrderProject.history", history)
	sdk.Own(p, "TerritorialOrderProject.statements", statements)
	sdk.Own(p, "TerritorialOrderProject.rankings", rankingsOfProjects)
	sdk.Own(p, "TerritorialOrderProject.decisions", decisions)
	sdk.Own(p, "TerritorialOrderProject.milestones", milestones)
	sdk.Own(p, "TerritorialOrderRound.chambers", turnout)
	sdk.Own(p, "TerritorialOrderRound.rankings", rankingsOfRounds)
	sdk.Own(p, "TerritorialOrderRound.defence", defencesOfRounds)
	sdk.Own(p, "TerritorialOrderRanking.project", theProject(func(r Ranking) sdk.ID { return r.ProjectID }))
	sdk.Own(p, "TerritorialOrderRanking.round", theRound(func(r Ranking) sdk.ID { return r.RoundID }))
	sdk.Own(p, "TerritorialOrderDefence.round", theRound(func(d Defence) sdk.ID { return d.RoundID }))
	sdk.Own(p, "TerritorialOrderDefence.projects", defended)
	sdk.Own(p, "TerritorialOrderDefence.panel", panel)
	sdk.Own(p, "TerritorialOrderDefence.questions", questions)
	sdk.Own(p, "TerritorialOrderDefence.scores", scores)
	sdk.Own(p, "TerritorialOrderQuestion.project", theProject(func(q Question) sdk.ID { return q.ProjectID }))
	sdk.Own(p, "TerritorialOrderScore.project", theProject(func(s Score) sdk.ID { return s.ProjectID }))
	sdk.Own(p, "TerritorialOrderDecision.defence", theDefence)
}

func actions(p *sdk.Plugin) {
	sdk.Root(p, "Mutation.proposeTerritorialOrderProject", propose)
	sdk.Root(p, "Mutation.reviseTerritorialOrderProject", revise)
	sdk.Root(p, "Mutation.submitTerritorialOrderProject", submit)
	sdk.Root(p, "Mutation.withdrawTerritorialOrderProject", withdraw)
	sdk.Root(p, "Mutation.discussTerritorialOrderProject", discuss)
	sdk.Root(p, "Mutation.concludeTerritorialOrderDiscussion", conclude)
	sdk.Root(p, "Mutation.openTerritorialOrderRound", openRound)
	sdk.Root(p, "Mutation.voteInTerritorialOrderRound", vote)
	sdk.Root(p, "Mutation.closeTerritorialOrderRound", closeRound)
	sdk.Root(p, "Mutation.planTerritorialOrderDefence", planDefence)
	sdk.Root(p, "Mutation.recordTerritorialOrderQuestion", recordQuestion)
	sdk.Root(p, "Mutation.scoreTerritorialOrderProject", score)
	sdk.Root(p, "Mutation.closeTerritorialOrderDefence", closeDefence)
	sdk.Root(p, "Mutation.acceptTerritorialOrderProject", accept)
	sdk.Root(p, "Mutation.returnTerritorialOrderProject", sendBack)
	sdk.Root(p, "Mutation.reportTerritorialOrderMilestone", report)
}
