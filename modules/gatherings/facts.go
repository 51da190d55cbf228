package gatherings

import (
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
)

// facts are what the audit keeps of a gathering.
func (g *Gathering) facts() any {
	return map[string]any{
		"title": g.Title, "organiser": g.OrganiserID, "meeting": g.MeetingID, "place": g.Place, "heldOn": g.HeldOn, "state": g.State,
		"headCount": g.HeadCount, "estimated": g.Estimated, "countedBy": g.CountedByID, "topics": g.LastTopic,
	}
}

// facts are what the audit keeps of an official who was there: who, by key.
func (o *GatheringOfficial) facts() any {
	return map[string]any{"gathering": o.GatheringID, "person": o.PersonID, "organisation": o.OrganisationID, "title": o.Title}
}

// id is the gathering as an object.
func (g *Gathering) id() core.ID { return core.ID{Type: "Gathering", Key: g.ID} }

// touched are the objects whose followers care about a gathering: the districts that it called.
func (g *Gathering) touched(districts []uuid.UUID) []core.ID {
	ids := make([]core.ID, len(districts))
	for i, key := range districts {
		ids[i] = core.ID{Type: "District", Key: key}
	}
	return ids
}

// notice is what followers are told.
func (g *Gathering) notice(en, ru string) *core.Notice {
	return &core.Notice{Text: core.Textf(en, ru, g.Title, g.HeldOn.Time().Format("02.01.2006"))}
}

// resource is where a gathering stands that calls those districts.
func resource(districts []uuid.UUID) access.Resource {
	var r access.Resource
	for _, key := range districts {
		r.Scopes = append(r.Scopes, core.Scope{Kind: "district", ID: key})
	}
	return r
}

// must refuses any other state than those, and says the way out.
func (g *Gathering) must(way core.Text, states ...GatheringState) error {
	for _, s := range states {
		if g.State == s {
			return nil
		}
	}
	is := stateWords[g.State]
	return core.Conflict(core.T("The gathering "+is.En+". "+way.En, "Сход "+is.Ru+". "+way.Ru))
}

var stateWords = map[GatheringState]core.Text{
	Planned:   core.T("is planned and was not held yet", "запланирован и ещё не состоялся"),
	Held:      core.T("was held, and is not published", "состоялся и не опубликован"),
	Published: core.T("is published", "опубликован"),
	Cancelled: core.T("is cancelled", "отменён"),
}

// orEmpty is the text, empty for none.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
