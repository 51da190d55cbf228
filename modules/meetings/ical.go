package meetings

import (
	"cmp"
	"fmt"
	"strings"
	"unicode"

	ical "github.com/arran4/golang-ical"

	"github.com/veche-city/veche/core"
)

// event is a meeting as a calendar shows it, with the names that lie in other tables.
type event struct {
	Meeting       `bun:",extend"`
	VenueName     *string  `bun:"venue_name"`
	Address       *string  `bun:"address"`
	OrganiserName *string  `bun:"organiser_name"`
	Longitude     *float64 `bun:"longitude"`
	Latitude      *float64 `bun:"latitude"`
}

// refresh is how often calendars look again (RFC 7986, section 5.7).
const refresh = "PT1H"

// compose writes a calendar (RFC 5545). Times are in UTC, so that no zone has to be described. Nothing in it
// hangs on the moment of writing: the same meetings give the same bytes, and so the same ETag.
func compose(town *core.Municipality, lang core.Language, title string, events []event) string {
	cal := ical.NewCalendarFor("Veche")
	cal.SetMethod(ical.MethodPublish)
	cal.SetName(plain(title))
	cal.SetXWRTimezone(town.TimeZone)
	cal.SetRefreshInterval(refresh, ical.WithValue(string(ical.ValueDataTypeDuration)))
	cal.SetXPublishedTTL(refresh)
	for i := range events {
		events[i].add(cal, town, lang)
	}
	return cal.Serialize(ical.WithNewLineWindows)
}

// uid names the meeting in every calendar, for ever.
func (m *Meeting) uid(town *core.Municipality) string { return m.ID.String() + "@" + town.Key }

func (e *event) add(cal *ical.Calendar, town *core.Municipality, lang core.Language) {
	v := cal.AddEvent(e.uid(town))
	v.SetDtStampTime(e.ChangedAt)
	v.SetLastModifiedAt(e.ChangedAt)
	v.SetSequence(e.Sequence)
	v.SetStartAt(e.StartsAt)
	if e.EndsAt != nil {
		v.SetEndAt(*e.EndsAt)
	}
	v.SetSummary(plain(e.Title))
	v.SetStatus(e.status())
	v.AddCategory(kindWords[e.Kind].In(lang))
	if place := e.place(); place != "" {
		v.SetLocation(place)
	}
	if e.Latitude != nil && e.Longitude != nil {
		v.SetGeo(fmt.Sprintf("%.6f", *e.Latitude), fmt.Sprintf("%.6f", *e.Longitude))
	}
	if e.Link != nil {
		v.SetURL(*e.Link)
	}
	if text := e.description(lang); text != "" {
		v.SetDescription(text)
	}
}

func (e *event) status() ical.ObjectStatus {
	switch e.State {
	case Planned:
		return ical.ObjectStatusTentative
	case Cancelled:
		return ical.ObjectStatusCancelled
	}
	return ical.ObjectStatusConfirmed
}

func (e *event) place() string {
	var parts []string
	for _, part := range []*string{e.VenueName, e.Address} {
		if part != nil && *part != "" {
			parts = append(parts, plain(*part))
		}
	}
	return cmp.Or(strings.Join(parts, ", "), plain(value(e.Link)))
}

// description says who calls the meeting, and why it is cancelled. An ORGANIZER would need an address of e-mail,
// which organisations have none of here.
func (e *event) description(lang core.Language) string {
	var lines []string
	if e.OrganiserName != nil {
		lines = append(lines, core.Textf("Organiser: %s", "Организатор: %s", plain(*e.OrganiserName)).In(lang))
	}
	if e.CancellationReason != nil {
		lines = append(lines, core.Textf("Cancelled: %s", "Отменено: %s", plain(*e.CancellationReason)).In(lang))
	}
	return strings.Join(lines, "\n")
}

var kindWords = map[MeetingKind]core.Text{
	CouncilSession:    core.T("Council session", "Заседание совета"),
	CommissionSession: core.T("Commission session", "Заседание комиссии"),
	AssemblySession:   core.T("Assembly session", "Заседание собрания"),
	Gathering:         core.T("Gathering", "Сход граждан"),
	Hearing:           core.T("Public hearing", "Публичные слушания"),
	JointReception:    core.T("Joint reception", "Совместный приём"),
	OtherMeeting:      core.T("Meeting", "Встреча"),
}

// plain takes out what a line of iCalendar cannot hold.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
