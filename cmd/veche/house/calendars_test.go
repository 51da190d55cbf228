package house_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	ical "github.com/emersion/go-ical"

	"github.com/veche-city/veche/core"
)

// read reads a calendar with a library that did not write it, and writes it again, which refuses what breaks the
// standard.
func (w *met) read(path string, header http.Header) (map[string]ical.Event, *http.Response) {
	w.t.Helper()
	res, text := w.raw(http.MethodGet, path, "", header)
	if res.StatusCode != http.StatusOK {
		return nil, res
	}
	for line := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(line) > 75 || strings.ContainsAny(line, "\r\n") {
			w.t.Errorf("a line of %d octets, or not ended by CR LF: %q", len(line), line)
		}
	}
	calendar, err := ical.NewDecoder(strings.NewReader(text)).Decode()
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", path, err, text)
	}
	if err := ical.NewEncoder(&strings.Builder{}).Encode(calendar); err != nil {
		w.t.Errorf("%s: %v\n%s", path, err, text)
	}
	events := map[string]ical.Event{}
	for _, e := range calendar.Events() {
		uid, err := e.Props.Text(ical.PropUID)
		must(w.t, err)
		if _, twice := events[uid]; twice {
			w.t.Errorf("%s stands in the calendar twice", uid)
		}
		events[uid] = e
	}
	return events, res
}

func prop(t *testing.T, e ical.Event, name string) string {
	t.Helper()
	if e.Props.Get(name) == nil {
		return ""
	}
	return e.Props.Get(name).Value
}

func uidOf(t *testing.T, meeting string) string {
	t.Helper()
	id, err := core.ParseID(meeting)
	must(t, err)
	return id.Key.String() + "@kansk"
}

func calendars(t *testing.T, w *met) {
	venue := at(w.done(w.admin, "createVenue", "venue { id }", map[string]any{"kind": "LIBRARY", "name": "Библиотека, зал «Б»; второй этаж", "point": map[string]any{"longitude": 95.7, "latitude": 56.2}}), "venue", "id")
	long := "Заседание о мосте, дороге; и о том, " + strings.Repeat("как благоустроить набережную, ", 8) + "\\ всё"
	m := w.announced("title", long, "venueId", venue, "districtId", w.district(5), "startsAt", "2013-02-10T10:00:00+08:00", "endsAt", null)
	hidden := w.meeting("districtId", w.district(5))
	path := "/calendar/council/" + w.council + ".ics"
	events, res := w.read(path, http.Header{})
	e, there := events[uidOf(t, m)]
	if _, planned := events[uidOf(t, hidden)]; planned || !there {
		t.Fatalf("the calendar shows %d events, a planned one: %t", len(events), planned)
	}
	summary, err := e.Props.Text(ical.PropSummary)
	must(t, err)
	place, err := e.Props.Text(ical.PropLocation)
	must(t, err)
	starts, err := e.DateTimeStart(time.UTC)
	must(t, err)
	if summary != strings.TrimSpace(long) || !strings.HasPrefix(place, "Библиотека, зал «Б»; второй этаж") || !starts.Equal(time.Date(2013, 2, 10, 2, 0, 0, 0, time.UTC)) ||
		prop(t, e, "STATUS") != "CONFIRMED" || prop(t, e, "SEQUENCE") != "0" || prop(t, e, "GEO") != "56.200000;95.700000" || prop(t, e, "URL") != "https://meet.example/1" || e.Props.Get("CATEGORIES") == nil {
		t.Errorf("%q at %q: %v", summary, place, e.Props)
	}
	etag := res.Header.Get("ETag")
	if again, _ := w.raw(http.MethodGet, path, "", http.Header{"If-None-Match": {etag}}); again.StatusCode != http.StatusNotModified || etag == "" {
		t.Errorf("unchanged: %d", again.StatusCode)
	}
	w.done("secretary", "moveMeeting", "", map[string]any{"id": m, "expectedVersion": 2, "startsAt": "2013-02-11T10:00:00+08:00"})
	moved, res := w.read(path, http.Header{"If-None-Match": {etag}})
	if e := moved[uidOf(t, m)]; prop(t, e, "SEQUENCE") != "1" || prop(t, e, "DTSTART") != "20130211T020000Z" || res.Header.Get("ETag") == etag || len(moved) != len(events) {
		t.Errorf("moved: %v", e.Props)
	}
	w.done("secretary", "cancelMeeting", "", map[string]any{"id": m, "reason": "Карантин"})
	cancelled, _ := w.read("/calendar/district/"+w.district(5)+".ics", http.Header{})
	if e := cancelled[uidOf(t, m)]; prop(t, e, "SEQUENCE") != "2" || prop(t, e, "STATUS") != "CANCELLED" || len(cancelled) != 1 {
		t.Errorf("cancelled: %v", cancelled)
	}
	for _, path := range []string{"/calendar/council/" + w.council, "/calendar/council/x.ics", "/calendar/district/" + w.council + ".ics", "/calendar/nothing/" + w.council + ".ics",
		"/calendar/person/" + w.persons[0] + ".ics", "/calendar/council/" + core.ID{Type: "Council", Key: core.NewID()}.String() + ".ics"} {
		if _, res := w.read(path, http.Header{}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if _, res := w.read(path, http.Header{"X-Municipality": {"achinsk"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("the council's calendar in another town: %d", res.StatusCode)
	}
}

func aPersonsCalendar(t *testing.T, w *met) {
	if got := w.came("", "resetCalendarFeed", map[string]any{}); got != "UNAUTHENTICATED" {
		t.Errorf("as nobody: %q", got)
	}
	if got := w.came("clerk", "resetCalendarFeed", map[string]any{}); got != "CONFLICT" {
		t.Errorf("for no person: %q", got)
	}
	open, other := w.announced("title", "Открытое"), at(w.done(w.admin, "planMeeting", "meeting { id }", map[string]any{"kind": "GATHERING", "title": "Сход", "link": "https://meet.example/2", "startsAt": "2013-03-01T18:00:00+08:00"}), "meeting", "id").(string)
	planned := w.meeting("title", "Ещё не объявлено")
	w.done(w.admin, "announceMeeting", "", map[string]any{"id": other})
	w.done("secretary", "openRegistration", "", map[string]any{"meetingId": open, "capacity": 5})
	w.done("resident", "registerForMeeting", "", map[string]any{"meetingId": open})
	feed := func(as string) string {
		return at(w.done(as, "resetCalendarFeed", "path", map[string]any{}), "path").(string)
	}
	first, members := feed("resident"), feed("member")
	events, res := w.read(first, http.Header{})
	if _, there := events[uidOf(t, open)]; len(events) == 0 || !there || events[uidOf(t, other)].Component != nil || events[uidOf(t, planned)].Component != nil {
		t.Errorf("a resident's calendar: %d events", len(events))
	}
	if got := res.Header.Get("Cache-Control"); !strings.HasPrefix(got, "private") {
		t.Errorf("it may be kept by others: %q", got)
	}
	events, _ = w.read(members, http.Header{})
	if e := events[uidOf(t, planned)]; e.Component == nil || prop(t, e, "STATUS") != "TENTATIVE" || events[uidOf(t, other)].Component != nil {
		t.Errorf("a member's calendar: %d events", len(events))
	}
	second := feed("resident")
	wrong := []string{first, strings.Replace(second, "key=", "key=x", 1), strings.Split(second, "?")[0],
		strings.Split(members, "?")[0] + "?" + strings.Split(second, "?")[1]}
	for _, path := range wrong {
		if _, res := w.read(path, http.Header{}); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %d", path, res.StatusCode)
		}
	}
	if _, res := w.read(second, http.Header{"X-Municipality": {"achinsk"}}); res.StatusCode != http.StatusNotFound {
		t.Errorf("a person's calendar in another town: %d", res.StatusCode)
	}
	if _, res := w.read(second, http.Header{}); res.StatusCode != http.StatusOK {
		t.Errorf("the new address: %d", res.StatusCode)
	}
	var kept int
	must(t, w.DB.NewRaw("SELECT count(*) FROM audit WHERE after::text LIKE '%calendar/person%'").Scan(t.Context(), &kept))
	if kept != 0 {
		t.Error("the audit keeps a secret address")
	}
}
