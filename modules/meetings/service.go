package meetings

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/people"
)

// Service is every way to change meetings. Methods that take an input check the caller's right on the
// row, so they may be called from anywhere. Those that take a transaction (Plan, LockSession, CloseItem)
// check none: they are for other modules, inside a change for which these have asked for the right.
//
// Whatever changes a meeting, or what hangs on it, locks the meeting's row first, and so comes one after
// another: the agenda's order, the waiting list and the quorum need no further locks.
type Service struct {
	reads  *read.Reader
	guard  *access.Guard
	writer *mutation.Writer
	people *people.Service
	cases  *cases.Service
	clock  core.Clock
	bodies map[string]Body // by the kind of their scope
}

// broken are the words for what the database holds true.
var broken = map[string]*core.Error{
	"meetings_external_key": core.Conflict(core.T("A meeting with this external key is there already.", "Встреча с таким внешним ключом уже есть.")),
	"meetings_times":        core.Invalid(core.T("The end is not after the start.", "Окончание не позже начала."), "input", "endsAt"),
	"meeting_registrations_once": core.Conflict(core.T("This person is on the meeting's list already.",
		"Этот человек уже записан на встречу или стоит в листе ожидания."), "input", "personId"),
	"agenda_speakers_once": core.Conflict(core.T("This person speaks to the item already. Move them instead.",
		"Этот человек уже выступает по данному вопросу. Измените его место в очереди."), "input", "personId"),
	"meeting_presence_once": core.Conflict(core.T("The member was in the room at that time already. Remove that time of presence first.",
		"Член органа в это время уже отмечен присутствующим. Сначала удалите ту отметку."), "input", "arrivedAt"),
	"meeting_minutes_one_open": core.Conflict(core.T("A version of the minutes is in work already. Change that one.",
		"Версия протокола уже в работе. Измените её."), "input", "meetingId"),
}

// lock finds a meeting for a change: seen by the caller, changed under the permission, and held until the
// end of the transaction, so that nothing changes below it meanwhile.
func (s *Service) lock(ctx context.Context, tx *mutation.Tx, id core.ID, permission string, path ...string) (*Meeting, error) {
	key, err := id.Of("Meeting", path...)
	if err != nil {
		return nil, err
	}
	if err := read.Require[Meeting](ctx, s.reads, tx, permission, key, path...); err != nil {
		return nil, err
	}
	return lockMeeting(ctx, tx, key)
}

func lockMeeting(ctx context.Context, db bun.IDB, key uuid.UUID) (*Meeting, error) {
	m := new(Meeting)
	err := db.NewSelect().Model(m).Where("?TableAlias.id = ?", key).For("NO KEY UPDATE").Scan(ctx)
	return m, missing(err)
}

// lockPart finds what hangs on a meeting for a change, locks the meeting, and reads the part as it is then.
func lockPart[M any](ctx context.Context, s *Service, tx *mutation.Tx, typ string, id core.ID, permission string, meeting func(*M) uuid.UUID, path ...string) (*Meeting, *M, error) {
	key, err := id.Of(typ, path...)
	if err != nil {
		return nil, nil, err
	}
	if err := read.Require[M](ctx, s.reads, tx, permission, key, path...); err != nil {
		return nil, nil, err
	}
	part, err := byKey[M](ctx, tx, key)
	if err != nil {
		return nil, nil, err
	}
	m, err := lockMeeting(ctx, tx, meeting(part))
	if err != nil {
		return nil, nil, err
	}
	part, err = byKey[M](ctx, tx, key)
	return m, part, err
}

func byKey[M any](ctx context.Context, db bun.IDB, key uuid.UUID) (*M, error) {
	row := new(M)
	err := db.NewSelect().Model(row).Where("?TableAlias.id = ?", key).Scan(ctx)
	return row, missing(err)
}

// missing turns a row that has gone meanwhile into NOT_FOUND.
func missing(err error) error {
	if postgres.NoRows(err) {
		return core.ErrNotFound
	}
	return err
}

func insert(ctx context.Context, db bun.IDB, model any) error {
	_, err := db.NewInsert().Model(model).Exec(ctx)
	return postgres.Conflicts(err, broken)
}

// store writes columns of the locked meeting, and raises its version.
func (m *Meeting) store(ctx context.Context, tx *mutation.Tx, columns ...string) error {
	err := mutation.Save(ctx, tx, m, m.Version, append(columns, "changed_at")...)
	m.Version++
	return postgres.Conflicts(err, broken)
}

// LockSession holds a meeting that is in session until the end of the transaction, for modules that write
// what happens in it: nobody comes, leaves or closes it meanwhile. CONFLICT when it is not in session.
func (s *Service) LockSession(ctx context.Context, tx *mutation.Tx, meeting uuid.UUID) (*Meeting, error) {
	m, err := lockMeeting(ctx, tx, meeting)
	if err != nil {
		return nil, err
	}
	return m, m.must(core.T("It must be in session: open the session first.", "Это делают во время заседания: сначала откройте его."), InSession)
}

// must refuses any other state than those, and says the way out.
func (m *Meeting) must(way core.Text, states ...MeetingState) error {
	if m.in(states...) {
		return nil
	}
	is := stateWords[m.State]
	return core.Conflict(core.T("The meeting "+is.En+". "+way.En, "Встреча "+is.Ru+". "+way.Ru))
}

var stateWords = map[MeetingState]core.Text{
	Planned:         core.T("is planned and not announced", "запланирована и не объявлена"),
	Announced:       core.T("is announced and has not begun", "объявлена и не началась"),
	InSession:       core.T("is in session", "идёт"),
	Closed:          core.T("is closed", "закрыта"),
	MinutesApproved: core.T("is closed, and its minutes are published", "закрыта, и протокол опубликован"),
	Cancelled:       core.T("is cancelled", "отменена"),
}

// dayOf is the day in the town at that moment.
func dayOf(ctx context.Context, at time.Time) core.Date {
	return core.DateOf(at.In(core.MunicipalityOf(ctx).Location()))
}
