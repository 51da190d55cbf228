package meetings

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// register tells people what this module keeps of persons and organisations.
func register(p *people.Module) {
	p.RegisterReference(people.Reference{To: "Person", Table: "meeting_registrations", Column: "person_id", Conflict: core.T(
		"Both are registered for the same meeting. Cancel one of the registrations first.", "Оба записаны на одну и ту же встречу. Сначала отмените одну из записей.")})
	p.RegisterReference(people.Reference{To: "Person", Table: "meeting_attendances", Column: "person_id", Conflict: core.T(
		"The attendance of both is noted at the same meeting.", "Явка обоих отмечена на одной и той же встрече.")})
	p.RegisterReference(people.Reference{To: "Person", Table: "agenda_speakers", Column: "person_id", Conflict: core.T(
		"Both speak to the same item. Remove one of them first.", "Оба выступают по одному и тому же вопросу. Сначала удалите одного из них.")})
	for _, column := range []string{"written_by_id", "agreed_by_id", "published_by_id"} {
		p.RegisterReference(people.Reference{To: "Person", Table: "meeting_minutes", Column: column})
	}
	p.RegisterReference(people.Reference{To: "Person", Table: "calendar_feeds", Column: "person_id"})
	p.RegisterReference(people.Reference{To: "Organisation", Table: "meetings", Column: "organiser_id"})
	p.RegisterHolder(people.Holder{Name: "meetings", Holds: placesHeld, Erase: erase, Export: export})
}

// placesHeld says which registrations stand in the way of an erasure.
func placesHeld(ctx context.Context, tx bun.IDB, persons []uuid.UUID, today core.Date) ([]core.Text, error) {
	var titles []string
	err := tx.NewSelect().Model((*Registration)(nil)).ColumnExpr("of.title").
		Join("JOIN meetings AS of ON of.municipality_id = ?TableAlias.municipality_id AND of.id = ?TableAlias.meeting_id").
		Where("?TableAlias.person_id IN (?)", bun.List(persons)).Where("?TableAlias.state <> ?", RegistrationOver).
		Where("of.state = ?", Announced).Where("of.starts_on >= ?", today).OrderExpr("of.starts_at, of.id").Scan(ctx, &titles)
	if err != nil {
		return nil, fmt.Errorf("registrations held: %w", err)
	}
	held := make([]core.Text, len(titles))
	for i, title := range titles {
		held[i] = core.Textf("is registered for a meeting: %s. Cancel the registration first", "записан на встречу: %s. Сначала отмените запись", title)
	}
	return held, nil
}

// erase removes free words about the person and their calendar; that somebody came or was absent stays.
func erase(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
	_, err := tx.NewUpdate().Model((*Attendance)(nil)).Set("reason = NULL").Set("version = version + 1").Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = tx.NewDelete().Model((*calendarFeed)(nil)).Where("person_id IN (?)", bun.List(persons)).Exec(ctx)
	return err
}

// export is what the person's own export shows of this module.
func export(ctx context.Context, db bun.IDB, persons []uuid.UUID) (any, error) {
	var text string
	err := db.NewRaw(`SELECT jsonb_build_object(
		'registrations', (SELECT coalesce(jsonb_agg(to_jsonb(part) ORDER BY part.registered_at), '[]') FROM (
			SELECT m.title AS meeting, m.starts_at, r.state, r.registered_at, r.promoted_at, r.cancelled_at, r.checked_in_at
			FROM meeting_registrations AS r JOIN meetings AS m ON m.municipality_id = r.municipality_id AND m.id = r.meeting_id
			WHERE r.municipality_id = ?0 AND r.person_id IN (?1)) AS part),
		'attendance', (SELECT coalesce(jsonb_agg(to_jsonb(part) ORDER BY part.starts_at), '[]') FROM (
			SELECT m.title AS meeting, m.starts_at, a.state, a.reason,
				(SELECT jsonb_agg(jsonb_build_object('arrived_at', p.arrived_at, 'left_at', p.left_at) ORDER BY p.arrived_at) FROM meeting_presence AS p
					WHERE p.municipality_id = a.municipality_id AND p.attendance_id = a.id) AS presence
			FROM meeting_attendances AS a JOIN meetings AS m ON m.municipality_id = a.municipality_id AND m.id = a.meeting_id
			WHERE a.municipality_id = ?0 AND a.person_id IN (?1)) AS part),
		'spoke', (SELECT coalesce(jsonb_agg(to_jsonb(part) ORDER BY part.starts_at), '[]') FROM (
			SELECT m.title AS meeting, m.starts_at, i.title AS item, s.role FROM agenda_speakers AS s
			JOIN agenda_items AS i ON i.municipality_id = s.municipality_id AND i.id = s.item_id
			JOIN meetings AS m ON m.municipality_id = i.municipality_id AND m.id = i.meeting_id
			WHERE s.municipality_id = ?0 AND s.person_id IN (?1)) AS part))::text`,
		core.MunicipalityOf(ctx).ID, bun.List(persons)).Scan(ctx, &text)
	return json.RawMessage(text), err
}
