package hearings

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// facts are what the audit keeps of a hearing.
func (h *PublicHearing) facts() any {
	return map[string]any{
		"kind": h.Kind, "form": h.Form, "subject": h.Subject, "initiator": h.Initiator, "appointingAct": h.AppointingAct, "organiser": h.OrganiserID,
		"wholeTown": h.WholeTown, "displayPlace": h.DisplayPlace, "displayFrom": h.DisplayFrom, "displayTo": h.DisplayTo, "intakeFrom": h.IntakeFrom,
		"intakeTo": h.IntakeTo, "announcedOn": h.AnnouncedOn, "publishBy": h.PublishBy, "concludedOn": h.ConcludedOn, "publishedOn": h.PublishedOn, "cancelledOn": h.CancelledOn,
	}
}

// facts are what the audit keeps of a rule.
func (r *HearingRule) facts() any {
	return map[string]any{"kind": r.Kind, "noticeDays": r.NoticeDays, "maxMonths": r.MaxMonths, "discussion": r.Discussion, "law": r.Law}
}

// facts are what the audit keeps of a statement: nothing of who made it, nor of what they said.
func (t *HearingStatement) facts() any {
	return map[string]any{
		"hearing": t.HearingID, "number": t.Number, "channel": t.Channel, "receivedOn": t.ReceivedOn, "organisation": t.OrganisationID,
		"claimed": t.Claimed, "standingCheck": t.StandingCheck, "published": t.PublishedAt != nil,
	}
}

// id is the hearing as an object.
func (h *PublicHearing) id() core.ID { return core.ID{Type: "PublicHearing", Key: h.ID} }

// changed is a change of the hearing, as those districts are touched in which it has effect.
func (h *PublicHearing) changed(ctx context.Context, db bun.IDB, kind core.ChangeKind, before any) (core.Change, error) {
	districts, err := districtsOf(ctx, db, h.ID)
	return core.Change{Kind: kind, Type: "PublicHearing", ID: h.ID, Before: before, After: h.facts(), Touched: touched(districts)}, err
}

func districtsOf(ctx context.Context, db bun.IDB, hearing uuid.UUID) (keys []uuid.UUID, err error) {
	err = db.NewSelect().Model((*HearingDistrict)(nil)).Column("district_id").Where("?TableAlias.hearing_id = ?", hearing).Order("id").Scan(ctx, &keys)
	return keys, err
}

func touched(districts []uuid.UUID) []core.ID {
	ids := make([]core.ID, len(districts))
	for i, key := range districts {
		ids[i] = core.ID{Type: "District", Key: key}
	}
	return ids
}

// goesOn refuses a hearing that is over.
func (h *PublicHearing) goesOn() error {
	switch {
	case h.CancelledOn != nil:
		return core.Conflict(core.Textf("The hearing was cancelled on %s.", "Слушания отменены %s.", *h.CancelledOn))
	case h.ConcludedOn != nil:
		return core.Conflict(core.Textf("The hearing was concluded on %s: it stands as it is.", "Слушания завершены %s, изменить их нельзя.", *h.ConcludedOn))
	}
	return nil
}

// unannounced refuses a hearing of which the notice was given.
func (h *PublicHearing) unannounced() error {
	if err := h.goesOn(); err != nil {
		return err
	}
	if h.AnnouncedOn != nil {
		return core.Conflict(core.Textf("The notice was given on %s: what it says stands. Cancel the hearing and plan another (cancelPublicHearing).",
			"Оповещение опубликовано %s, объявленное не меняют. Отмените слушания и назначьте новые (cancelPublicHearing).", *h.AnnouncedOn))
	}
	return nil
}

// runs refuses a hearing that is not announced, or over.
func (h *PublicHearing) runs() error {
	if err := h.goesOn(); err != nil {
		return err
	}
	if h.AnnouncedOn == nil {
		return core.Conflict(core.T("The hearing is not announced yet: give the notice first (announcePublicHearing).", "Слушания ещё не объявлены: сначала опубликуйте оповещение (announcePublicHearing)."))
	}
	return nil
}
