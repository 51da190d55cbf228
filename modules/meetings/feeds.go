package meetings

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// Handlers serve the calendars: /calendar/council/{id}.ics, /calendar/district/{id}.ics, and of one person
// /calendar/person/{id}.ics?key=…
func (m *Module) Handlers() map[string]http.Handler {
	return map[string]http.Handler{"GET /calendar/{kind}/{file}": http.HandlerFunc(m.serveCalendar)}
}

// serveCalendar answers 404 for whatever the asker may not know of: no such object, another municipality's,
// a wrong key.
func (m *Module) serveCalendar(w http.ResponseWriter, r *http.Request) {
	ctx := r.Context()
	name, ok := strings.CutSuffix(r.PathValue("file"), ".ics")
	id, err := core.ParseID(name)
	if town := core.MunicipalityOf(ctx); !ok || err != nil || !town.Has("meetings") {
		http.NotFound(w, r)
		return
	}
	f, err := m.Service.feed(ctx, r.PathValue("kind"), id, r.URL.Query().Get("key"))
	switch {
	case core.CodeOf(err) == core.CodeNotFound && err != nil:
		http.NotFound(w, r)
	case err != nil:
		m.host.Log.ErrorContext(ctx, "calendar", "err", err, "request", core.RequestIDOf(ctx))
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	default:
		f.serve(w, r)
	}
}

// calendar is a feed as it is served.
type calendar struct {
	text    string
	changed time.Time
	private bool
}

// feed reads a calendar. Public ones show what the anonymous may see, whoever asks, so that any cache may keep
// them; a person's own shows what the person may see.
func (s *Service) feed(ctx context.Context, kind string, id core.ID, key string) (*calendar, error) {
	var title string
	var which bun.Safe
	private := kind == "person"
	if private {
		person, err := s.feedOwner(ctx, id, key)
		if err != nil {
			return nil, err
		}
		held, err := s.guard.AssignmentsOf(ctx, uuid.Nil, person)
		if err != nil {
			return nil, err
		}
		ctx = core.WithActor(ctx, core.Actor{Kind: core.Account, Person: person, Assignments: held})
		title, which = core.T("My meetings", "Мои встречи").In(core.LanguageOf(ctx)), s.ofPerson(ctx, person)
	} else {
		ctx = core.WithActor(ctx, core.Actor{Kind: core.Anonymous})
		var err error
		if title, which, err = s.ofObject(ctx, kind, id); err != nil {
			return nil, err
		}
	}
	events, err := s.events(ctx, which)
	if err != nil {
		return nil, fmt.Errorf("calendar of %s %s: %w", kind, id.Key, err)
	}
	c := &calendar{text: compose(core.MunicipalityOf(ctx), core.LanguageOf(ctx), title, events), private: private}
	for i := range events {
		if events[i].ChangedAt.After(c.changed) {
			c.changed = events[i].ChangedAt
		}
	}
	return c, nil
}

// ofObject chooses the meetings of a body or a district that the anonymous may see.
func (s *Service) ofObject(ctx context.Context, kind string, id core.ID) (title string, which bun.Safe, err error) {
	body, isBody := s.bodies[kind]
	typ, column, name := body.Type, "body_id", body.Name
	if kind == "district" {
		typ, column, name = "District", "district_id", "SELECT name FROM districts WHERE municipality_id = ?municipality AND id = ?body"
	} else if !isBody {
		return "", "", core.ErrNotFound
	}
	if id.Type != typ {
		return "", "", core.ErrNotFound
	}
	if err := read.RequireID(ctx, s.reads, s.reads.DB(), "", id); err != nil {
		return "", "", err
	}
	m := &Meeting{BodyID: &id.Key}
	if err := s.reads.DB().NewRaw("?", Query(ctx, s.reads.DB(), m, name, nil)).Scan(ctx, &title); err != nil {
		return "", "", fmt.Errorf("name of %s %s: %w", typ, id.Key, err)
	}
	return title, format(s.reads.DB(), "meeting."+column+" = ?", id.Key), nil
}

// ofPerson chooses the meetings that the person is registered for or waits for, and those of the bodies in which
// they sit on the day.
func (s *Service) ofPerson(ctx context.Context, person uuid.UUID) bun.Safe {
	var bodies strings.Builder
	for _, kind := range s.kinds() {
		members := strings.ReplaceAll(live.Replace(s.bodies[kind].Members), "?TableAlias", "meeting")
		fmt.Fprintf(&bodies, " OR meeting.body_kind = '%s' AND ?0 IN (%s)", kind, members)
	}
	return format(s.reads.DB(), `(EXISTS (SELECT FROM meeting_registrations AS mine WHERE mine.municipality_id = meeting.municipality_id
		AND mine.meeting_id = meeting.id AND mine.person_id = ?0 AND mine.state <> 'CANCELLED')`+bodies.String()+`)`, person)
}

// A calendar goes back a year, and holds no more than that many meetings: the earliest of them are left out.
const (
	lookBack   = 366 * 24 * time.Hour
	mostEvents = 2000
)

func (s *Service) events(ctx context.Context, which bun.Safe) ([]event, error) {
	visible, err := read.Visible[Meeting](ctx, s.reads, "meeting")
	if err != nil {
		return nil, err
	}
	var events []event
	err = s.reads.DB().NewRaw(`SELECT meeting.id, meeting.kind, meeting.title, meeting.state, meeting.starts_at, meeting.ends_at, meeting.link,
			meeting.sequence, meeting.changed_at, meeting.cancellation_reason, venue.name AS venue_name, organiser.name AS organiser_name,
			coalesce(venue.longitude, address.longitude) AS longitude, coalesce(venue.latitude, address.latitude) AS latitude,
			concat_ws(', ', address.locality, address.street, address.house || coalesce(' ' || address.building, '')) AS address
		FROM meetings AS meeting
		LEFT JOIN venues AS venue ON venue.municipality_id = meeting.municipality_id AND venue.id = meeting.venue_id
		LEFT JOIN addresses AS address ON address.municipality_id = venue.municipality_id AND address.id = venue.address_id
		LEFT JOIN organisations AS organiser ON organiser.municipality_id = meeting.municipality_id AND organiser.id = meeting.organiser_id
		WHERE ? AND ? AND meeting.starts_at >= ? ORDER BY meeting.starts_at DESC, meeting.id LIMIT ?`,
		visible, which, s.clock().Add(-lookBack), mostEvents).Scan(ctx, &events)
	return events, err
}

func format(db *bun.DB, query string, args ...any) bun.Safe {
	return bun.Safe(db.QueryGen().FormatQuery(query, args...))
}
