// Package councilwork holds what councils do: the questions put to them for consultation, the
// recommendations that they adopt and the answers to these, the members whom they second to commissions,
// and the public expertise that is asked of them.
//
// It owns questions (ConsultationQuestion), recommendations (Recommendation) with their numbers,
// secondments (Secondment) and the reports back (SecondmentReport), expertises (PublicExpertise) with
// experts, conclusion and proposals. It needs councils (whose work it is), people (who puts, answers, is
// sent, examines), meetings (where it is done), calendar (by when), files (what is attached), and cases: a
// recommendation that is sent is a case in its addressee's hands, and a proposal of an expertise may be.
//
// What the public sees is what a body has made public: a question that it accepted, a recommendation that
// it sent, an expertise that it announced, a conclusion that it published, and every answer.
//
// Reads are declared (declare*.go). Writes go through Service. Order of locks: the calendar
// (calendar.Hold), the body, the row, and the case last, whose number of the year is taken.
package councilwork

import (
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// words cleans a text in place and checks that it says something, in at most so many characters.
func words(p *core.Problems, text *string, most int, field string) {
	*text = strings.TrimSpace(*text)
	p.Words(*text, most, "input", field)
}

// short cleans a text in place that may be empty.
func short(p *core.Problems, text *string, most int, field string) {
	*text = strings.TrimSpace(*text)
	p.Short(text, most, "input", field)
}

// optional is words for a text that may be left out; it leaves the caller's own as it is.
func optional(p *core.Problems, text **string, most int, field string) {
	if *text != nil {
		own := **text
		words(p, &own, most, field)
		*text = &own
	}
}

// ofCouncil are the objects whose watchers care about a body's work.
func ofCouncil(council uuid.UUID) []core.ID { return []core.ID{{Type: "Council", Key: council}} }

// past checks a day on which something was done.
func past(p *core.Problems, day, today core.Date, field string) {
	p.Check(!today.Before(day), core.T("That day is still to come.", "Этот день ещё не наступил."), "input", field)
}

// ahead checks a day by which something is to be done.
func ahead(p *core.Problems, day *core.Date, today core.Date, field string) {
	p.Check(day == nil || !day.Before(today), core.T("That day has passed: give today or a later one.", "Этот день уже прошёл: укажите сегодняшний или более поздний."), "input", field)
}

// Words that many checks say.
var (
	textReasons   = core.T("Say why: a refusal, in whole or in part, gives its reasons.", "Укажите причины: отказ, полный или частичный, мотивируют.")
	textNoReasons = core.T("What is accepted as a whole needs no reasons: leave them out.", "Принятому полностью причины не нужны: не указывайте их.")
)

// RecommendationOutcome is how a recommendation, or a proposal of an expertise, was answered.
type RecommendationOutcome string

const (
	Accepted RecommendationOutcome = "ACCEPTED"
	Partly   RecommendationOutcome = "PARTLY"
	Refused  RecommendationOutcome = "REFUSED"
)

// reasoned holds the rule of reasons: a refusal says why, and nothing else does.
func (o RecommendationOutcome) reasoned(p *core.Problems, reasons **string, path ...string) {
	if *reasons != nil {
		own := strings.TrimSpace(**reasons)
		*reasons = &own
		if own == "" {
			*reasons = nil
		}
	}
	p.Check(o == Accepted || *reasons != nil, textReasons, path...)
	p.Check(o != Accepted || *reasons == nil, textNoReasons, path...)
	p.Check(*reasons == nil || utf8.RuneCountInString(**reasons) <= mostReasons, core.Textf("At most %d characters.", "Не более %d знаков.", mostReasons), path...)
}

// Limits of texts, in characters.
const (
	mostTitle   = 300
	mostReasons = 4_000
	mostText    = 20_000
	mostPaper   = 100_000 // of an act or a conclusion
)
