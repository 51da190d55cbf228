package cases

import (
	"github.com/veche-city/veche/core"
)

// facts are what the audit keeps of a case: nothing of what was said, nor by whom.
func (c *Case) facts() any {
	return map[string]any{
		"number": c.Number, "kind": c.KindID, "origin": c.Origin, "channel": c.Channel, "district": c.DistrictID, "parent": c.ParentID,
		"ownerOrganisation": c.OwnerOrganisationID, "ownerPerson": c.OwnerPersonID, "state": c.StateID, "publicState": c.PublicState,
		"receivedOn": c.ReceivedOn, "registeredOn": c.RegisteredOn, "dueOn": c.DueOn, "pausedOn": c.PausedOn, "answeredOn": c.AnsweredOn,
		"closedOn": c.ClosedOn, "refusal": c.Refusal, "published": c.PublishedAt != nil,
	}
}

// touched are the objects whose watchers care about the case. They are told only while they may see it.
func (c *Case) touched() []core.ID {
	var all []core.ID
	if c.DistrictID != nil {
		all = append(all, core.ID{Type: "District", Key: *c.DistrictID})
	}
	if c.SourceID != nil {
		all = append(all, core.ID{Type: *c.SourceType, Key: *c.SourceID})
	}
	return all
}

// owned says whether somebody answers for the case.
func (c *Case) owned() bool { return c.OwnerOrganisationID != nil || c.OwnerPersonID != nil }
