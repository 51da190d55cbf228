package meetings_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

func TestPlanningRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(3)
	council, other := h.council(), h.council()
	secretary, member, stranger, clerk := h.as(crowd[0], in(council, "council_secretary")), h.as(crowd[1], in(council, "council_member")), h.as(crowd[2], in(other, "council_secretary")), h.as(crowd[2], core.Assignment{Role: "clerk"})
	plan := func(ctx context.Context, change func(*meetings.PlanMeetingInput)) string {
		in := meetings.PlanMeetingInput{Kind: meetings.CouncilSession, Title: "Заседание", BodyID: &council, StartsAt: h.at(time.October, 10, 10, 0)}
		change(&in)
		return h.code(h.PlanMeeting(ctx, in))
	}
	same := func(*meetings.PlanMeetingInput) {}
	closed := core.ID{Type: "Venue", Key: h.done(h.places.CreateVenue(h.ctx(), places.CreateVenueInput{Kind: places.Library, Name: "Библиотека"}))}
	h.done(h.places.CloseVenue(h.ctx(), places.CloseVenueInput{ID: closed, ExpectedVersion: 1, ClosedOn: core.NewDate(2012, 10, 1), Reason: "Ремонт"}))
	for _, c := range []struct {
		name, got, want string
	}{
		{"nobody", plan(h.acting(core.Actor{Kind: core.Anonymous}), same), "UNAUTHENTICATED"},
		{"a member", plan(member, same), "FORBIDDEN"},
		{"another body's secretary", plan(stranger, same), "FORBIDDEN"},
		{"a clerk", plan(clerk, same), "FORBIDDEN"},
		{"the secretary, of no body", plan(secretary, func(in *meetings.PlanMeetingInput) { in.BodyID, in.Kind = nil, meetings.Gathering }), "FORBIDDEN"},
		{"a body that is none", plan(secretary, func(in *meetings.PlanMeetingInput) { in.BodyID = &crowd[0] }), "BAD_USER_INPUT bodyId"},
		{"an unknown body", plan(secretary, func(in *meetings.PlanMeetingInput) { in.BodyID = &core.ID{Type: "Council", Key: core.NewID()} }), "NOT_FOUND"},
		{"a council's gathering", plan(secretary, func(in *meetings.PlanMeetingInput) { in.Kind = meetings.Gathering }), "BAD_USER_INPUT kind"},
		{"no title", plan(secretary, func(in *meetings.PlanMeetingInput) { in.Title = " " }), "BAD_USER_INPUT title"},
		{"in the past", plan(secretary, func(in *meetings.PlanMeetingInput) { in.StartsAt = h.at(time.September, 28, 11, 59) }), "BAD_USER_INPUT startsAt"},
		{"ends before it starts", plan(secretary, func(in *meetings.PlanMeetingInput) { in.EndsAt = &in.StartsAt }), "BAD_USER_INPUT endsAt"},
		{"a link that is none", plan(secretary, func(in *meetings.PlanMeetingInput) { in.Link = ptr("javascript:alert(1)") }), "BAD_USER_INPUT link"},
		{"a place closed by then", plan(secretary, func(in *meetings.PlanMeetingInput) { in.VenueID = &closed }), "BAD_USER_INPUT venueId"},
		{"an unknown organiser", plan(secretary, func(in *meetings.PlanMeetingInput) {
			in.OrganiserID = &core.ID{Type: "Organisation", Key: core.NewID()}
		}), "NOT_FOUND"},
		{"the secretary", plan(secretary, same), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestNoticeMovingAndCancelling(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(3)
	council, other := h.council(), h.council()
	secretary, stranger, clerk := h.as(crowd[0], in(council, "council_secretary")), h.as(crowd[2], in(other, "council_secretary")), h.as(crowd[2], core.Assignment{Role: "clerk"})
	notice := func(ctx context.Context, days int) string {
		return h.code(h.SetMeetingNotice(ctx, meetings.SetMeetingNoticeInput{Kind: meetings.CouncilSession, Days: days}))
	}
	announce := func(ctx context.Context, m core.ID) string {
		return h.code(h.AnnounceMeeting(ctx, meetings.AnnounceMeetingInput{ID: m}))
	}
	move := func(m core.ID, version int, to time.Time) string {
		return h.code(h.MoveMeeting(secretary, meetings.MoveMeetingInput{ID: m, ExpectedVersion: version, StartsAt: graphql.OmittableOf(&to)}))
	}
	m := h.plan(&council)
	nowhere := h.plan(&council, func(in *meetings.PlanMeetingInput) { in.Link = nil })
	for _, c := range []struct {
		name, got, want string
	}{
		{"a secretary sets the notice", notice(secretary, 13), "FORBIDDEN"},
		{"too many days", notice(h.ctx(), 366), "BAD_USER_INPUT days"},
		{"thirteen days", notice(h.ctx(), 13), ""},
		{"announced by a stranger", announce(stranger, m), "NOT_FOUND"},
		{"announced by a clerk", announce(clerk, m), "FORBIDDEN"},
		{"announced without a place", announce(secretary, nowhere), "CONFLICT"},
		{"announced twelve days before", announce(secretary, m), "BAD_USER_INPUT id"},
		{"twelve days", notice(h.ctx(), 12), ""},
		{"announced", announce(secretary, m), ""},
		{"announced twice", announce(secretary, m), "CONFLICT"},
		{"moved to an earlier day", move(m, 2, h.at(time.October, 9, 10, 0)), "BAD_USER_INPUT startsAt"},
		{"moved on a stale version", move(m, 1, h.at(time.October, 11, 10, 0)), "CONFLICT expectedVersion"},
		{"moved without place and link", h.code(h.MoveMeeting(secretary, meetings.MoveMeetingInput{ID: m, ExpectedVersion: 2, Link: graphql.OmittableOf[*string](nil)})), "BAD_USER_INPUT venueId"},
		{"moved", move(m, 2, h.at(time.October, 11, 14, 0)), ""},
		{"cancelled by a stranger", h.code(h.CancelMeeting(stranger, meetings.CancelMeetingInput{ID: m, Reason: "Нет"})), "FORBIDDEN"},
		{"cancelled for no reason", h.code(h.CancelMeeting(secretary, meetings.CancelMeetingInput{ID: m, Reason: " "})), "BAD_USER_INPUT reason"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	p, err := h.AnnounceMeeting(secretary, meetings.AnnounceMeetingInput{ID: h.plan(&council, func(in *meetings.PlanMeetingInput) { in.StartsAt = h.at(time.October, 9, 10, 0) })})
	must(t, err)
	if len(p.UserErrors) != 1 || !strings.Contains(p.UserErrors[0].Message, "2012-10-10 at the earliest") {
		t.Errorf("the refusal names the earliest day: %+v", p.UserErrors)
	}
	got := h.reread(m)
	if got.Sequence != 1 || got.StartsOn.String() != "2012-10-11" || !got.EndsAt.Equal(h.at(time.October, 11, 16, 0)) || *got.NoticeDays != 12 {
		t.Errorf("moved: %+v", got)
	}
	h.openRegistration(m, 1)
	h.done(h.register(m, crowd[1]))
	h.done(h.CancelMeeting(secretary, meetings.CancelMeetingInput{ID: m, Reason: "Карантин"}))
	if got := h.reread(m); got.Sequence != 2 || got.State != meetings.Cancelled {
		t.Errorf("cancelled: %+v", got)
	}
	var told []uuid.UUID
	must(t, h.db.NewRaw("SELECT unnest(tell) FROM outbox WHERE object_id = ?", m.Key).Scan(h.ctx(), &told))
	if len(told) != 1 || told[0] != crowd[1].Key {
		t.Errorf("told: %v", told)
	}
	for name, got := range map[string]string{
		"registered":        h.code(h.register(m, crowd[2])),
		"moved":             move(m, 4, h.at(time.November, 11, 10, 0)),
		"cancelled again":   h.code(h.CancelMeeting(secretary, meetings.CancelMeetingInput{ID: m, Reason: "Нет"})),
		"the session opens": h.code(h.OpenSession(secretary, meetings.OpenSessionInput{MeetingID: m})),
		"updated":           h.code(h.UpdateMeeting(secretary, meetings.UpdateMeetingInput{ID: m, ExpectedVersion: 4})),
	} {
		if got != "CONFLICT" {
			t.Errorf("%s after it was cancelled: %q", name, got)
		}
	}
}

func minutesID(key uuid.UUID) core.ID { return core.ID{Type: "Minutes", Key: key} }

func TestMinutes(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(3)
	council, other := h.council(crowd[:2]...), h.council()
	secretary, member, stranger := h.as(crowd[0], in(council, "council_secretary")), h.as(crowd[1], in(council, "council_member")), h.as(crowd[2], in(other, "council_secretary"))
	early := h.announced(&council)
	m := h.session(&council, crowd[:2]...)
	write := func(ctx context.Context, m core.ID, text string) (*core.Payload, error) {
		return h.WriteMinutes(ctx, meetings.WriteMinutesInput{MeetingID: m, Text: text})
	}
	agree := func(id core.ID, version int) string {
		return h.code(h.AgreeMinutes(secretary, meetings.AgreeMinutesInput{ID: id, ExpectedVersion: version}))
	}
	publish := func(ctx context.Context, id core.ID, version int) string {
		return h.code(h.PublishMinutes(ctx, meetings.PublishMinutesInput{ID: id, ExpectedVersion: version}))
	}
	for _, c := range []struct {
		name, got, want string
	}{
		{"by a member", h.code(write(member, m, "Протокол")), "FORBIDDEN"},
		{"by another body's secretary", h.code(write(stranger, m, "Протокол")), "FORBIDDEN"},
		{"before the opening", h.code(write(secretary, early, "Протокол")), "CONFLICT"},
		{"without a text", h.code(write(secretary, m, " ")), "BAD_USER_INPUT text"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	first := minutesID(h.done(write(secretary, m, "Проект")))
	for _, c := range []struct {
		name, got, want string
	}{
		{"two drafts at once", h.code(write(secretary, m, "Другой")), "CONFLICT meetingId"},
		{"agreed in session", agree(first, 1), "CONFLICT"},
		{"the session closes", h.code(h.CloseSession(secretary, meetings.CloseSessionInput{MeetingID: m})), ""},
		{"a draft is published", publish(secretary, first, 1), "CONFLICT id"},
		{"changed", h.code(h.UpdateMinutes(secretary, meetings.UpdateMinutesInput{ID: first, ExpectedVersion: 1, Text: "Проект, с правкой"})), ""},
		{"agreed on a stale version", agree(first, 1), "CONFLICT expectedVersion"},
		{"agreed", agree(first, 2), ""},
		{"changed when agreed", h.code(h.UpdateMinutes(secretary, meetings.UpdateMinutesInput{ID: first, ExpectedVersion: 3, Text: "Тайком"})), "CONFLICT id"},
		{"published by a member", publish(member, first, 3), "FORBIDDEN"},
		{"published", publish(secretary, first, 3), ""},
		{"published twice", publish(secretary, first, 4), "CONFLICT id"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	if got := h.reread(m); got.State != meetings.MinutesApproved {
		t.Errorf("the meeting is %s", got.State)
	}
	second := minutesID(h.done(write(secretary, m, "Вторая версия")))
	if got := agree(second, 1); got != "" {
		t.Fatal(got)
	}
	third := minutesID(h.done(write(secretary, m, "Третья версия"))) // in the place of the second
	if got := agree(third, 1); got != "" {
		t.Fatal(got)
	}
	if got := publish(secretary, third, 2); got != "" {
		t.Fatal(got)
	}
	var all []meetings.Minutes
	must(t, h.db.NewSelect().Model(&all).Order("number").Scan(h.ctx()))
	var got []string
	for _, v := range all {
		got = append(got, string(v.State)+" "+v.Text)
	}
	if strings.Join(got, "; ") != "CORRECTED Проект, с правкой; CORRECTED Вторая версия; PUBLISHED Третья версия" || all[0].PublishedAt == nil || all[1].PublishedAt != nil || *all[2].PublishedByID != crowd[0].Key {
		t.Errorf("%v", got)
	}
}

func TestFloorQuestions(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(3)
	m := h.announced(nil)
	official := h.as(crowd[0], core.Assignment{Role: "official"})
	ask := func(ctx context.Context, change func(*meetings.AskFloorQuestionInput)) (*core.Payload, error) {
		in := meetings.AskFloorQuestionInput{MeetingID: m, Text: "Когда починят мост?"}
		change(&in)
		return h.AskFloorQuestion(ctx, in)
	}
	same := func(*meetings.AskFloorQuestionInput) {}
	resident := h.as(crowd[1])
	if got := h.code(ask(resident, same)); got != "CONFLICT" {
		t.Errorf("before the session: %q", got)
	}
	h.set(h.at(time.October, 10, 10, 5))
	h.done(h.OpenSession(official, meetings.OpenSessionInput{MeetingID: m}))
	for _, c := range []struct {
		name, got, want string
	}{
		{"for somebody else", h.code(ask(resident, func(in *meetings.AskFloorQuestionInput) { in.PersonID = &crowd[2] })), "NOT_FOUND"},
		{"for nobody", h.code(ask(resident, func(in *meetings.AskFloorQuestionInput) { in.Anonymous = true })), "FORBIDDEN"},
		{"in public", h.code(ask(resident, func(in *meetings.AskFloorQuestionInput) { in.Public = true })), "FORBIDDEN"},
		{"of nobody and somebody", h.code(ask(official, func(in *meetings.AskFloorQuestionInput) { in.Anonymous, in.PersonID = true, &crowd[2] })), "BAD_USER_INPUT anonymous"},
		{"nothing", h.code(ask(resident, func(in *meetings.AskFloorQuestionInput) { in.Text = " " })), "BAD_USER_INPUT title"},
		{"by nobody known", h.code(ask(official, func(in *meetings.AskFloorQuestionInput) { in.Anonymous, in.Public = true, true })), ""},
		{"for another", h.code(ask(official, func(in *meetings.AskFloorQuestionInput) { in.PersonID = &crowd[2] })), ""},
		{"for oneself", h.code(ask(resident, func(in *meetings.AskFloorQuestionInput) {
			in.Text = strings.Repeat("Когда починят мост? ", 20)
		})), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.name, c.got, c.want)
		}
	}
	var cases int
	must(t, h.db.NewRaw("SELECT count(*) FROM cases WHERE source_type = 'Meeting' AND source_id = ? AND origin = 'QUESTION'", m.Key).Scan(h.ctx(), &cases))
	if cases != 3 {
		t.Errorf("%d cases", cases)
	}
	h.done(h.CloseSession(official, meetings.CloseSessionInput{MeetingID: m}))
	if got := h.code(ask(resident, same)); got != "CONFLICT" {
		t.Errorf("after the close: %q", got)
	}
	if got := h.code(ask(official, func(in *meetings.AskFloorQuestionInput) { in.Anonymous = true })); got != "" {
		t.Errorf("written down after the close: %q", got)
	}
}

// A module plans, announces and cancels a meeting inside its own change.
func TestOtherModulesPlan(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	council := h.council()
	var m uuid.UUID
	p, err := h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		var err error
		m, err = h.Plan(ctx, tx, meetings.Plan{Kind: meetings.CouncilSession, Title: "Слушания", Body: &council, Link: ptr("https://meet.example"), StartsAt: h.at(time.October, 10, 10, 0)})
		if err != nil {
			return m, err
		}
		return m, h.Announce(ctx, tx, m)
	})
	if got := h.code(p, err); got != "" || h.reread(meetingID(m)).State != meetings.Announced {
		t.Fatalf("planned: %q", got)
	}
	p, err = h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		return m, h.Cancel(ctx, tx, m, "Иначе")
	})
	if got := h.code(p, err); got != "" || h.reread(meetingID(m)).State != meetings.Cancelled {
		t.Errorf("cancelled: %q", got)
	}
}

// Who is registered for a meeting to come is not erased before they leave it; then what was said of them goes.
func TestErasureAndExport(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	crowd := h.crowd(2)
	m := h.announced(nil)
	h.openRegistration(m, 1)
	place := h.done(h.register(m, crowd[0]))
	erase := func() string {
		return h.code(h.people.ErasePerson(h.ctx(), people.ErasePersonInput{ID: crowd[0], Reason: "Просьба"}))
	}
	if got := erase(); got != "CONFLICT" && got != "CONFLICT id" {
		t.Errorf("registered: %q", got)
	}
	text, err := h.people.PersonalDataExport(h.ctx(), crowd[0])
	must(t, err)
	if !strings.Contains(text, `"registrations"`) || !strings.Contains(text, "Заседание") {
		t.Errorf("exported: %s", text)
	}
	h.done(h.CancelRegistration(h.ctx(), meetings.CancelRegistrationInput{ID: registrationID(place)}))
	if got := erase(); got != "" {
		t.Errorf("erased: %q", got)
	}
}
