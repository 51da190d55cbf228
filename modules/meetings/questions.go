package meetings

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/people"
)

// AskFloorQuestionInput is a question from the floor.
type AskFloorQuestionInput struct {
	MeetingID        core.ID
	PersonID         *core.ID
	Anonymous        bool
	Title            *string
	Text             string
	Public           bool
	ClientMutationID *string
}

// AskFloorQuestion opens a case for a question from the floor, in the same transaction. Who takes part asks for
// themself while the meeting is in session; who records it writes down others' questions, of unknown people too,
// until the minutes are published.
func (s *Service) AskFloorQuestion(ctx context.Context, in AskFloorQuestionInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "askFloorQuestion", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		o := cases.Opening{Origin: cases.OriginQuestion, Channel: cases.ChannelInPerson, Text: strings.TrimSpace(in.Text), Public: in.Public}
		permission, err := s.asker(ctx, tx, in, &o)
		if err != nil {
			return uuid.Nil, err
		}
		m, err := s.lock(ctx, tx, in.MeetingID, permission, "input", "meetingId")
		if err != nil {
			return uuid.Nil, err
		}
		states := []MeetingState{InSession, Closed}
		if permission == mayRegister {
			states = states[:1]
		}
		if err := m.must(core.T("Questions are asked from the floor in session.", "Вопросы из зала задают во время встречи."), states...); err != nil {
			return uuid.Nil, err
		}
		id := m.id()
		o.Source, o.DistrictID, o.ReceivedOn = &id, m.DistrictID, m.StartsOn
		if m.VenueID == nil {
			o.Channel = cases.ChannelOnline
		}
		if o.Title = value(core.Trimmed(in.Title)); o.Title == "" {
			o.Title = beginning(o.Text)
		}
		return s.cases.Open(ctx, tx, o)
	})
}

// asker puts into the opening who asks, and answers the permission that it takes.
func (s *Service) asker(ctx context.Context, tx *mutation.Tx, in AskFloorQuestionInput, o *cases.Opening) (string, error) {
	if in.Anonymous {
		if in.PersonID != nil {
			return "", core.Invalid(core.T("Name the person, or say that nobody knows who asked.", "Укажите человека или отметьте, что он неизвестен."), "input", "anonymous")
		}
		return mayRecord, nil
	}
	self := core.ActorOf(ctx).Person
	if in.PersonID == nil || in.PersonID.Type == "Person" && in.PersonID.Key == self {
		if self == uuid.Nil {
			return "", core.Invalid(core.T("Your account belongs to no person: name who asked.", "К вашей учётной записи не привязан человек: укажите, кто спросил."), "input", "personId")
		}
		o.ApplicantID = &self
		if in.Public { // that it holds no personal data is for who records the meeting to vouch for
			return mayRecord, nil
		}
		return mayRegister, nil
	}
	person, err := seen[people.Person](ctx, s, tx, in.PersonID, "Person", "personId")
	o.ApplicantID = person
	return mayRecord, err
}

// beginning is the first words of a text, as a title.
func beginning(text string) string {
	const most = 100
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= most {
		return string(runes)
	}
	return string(runes[:most]) + "…"
}
