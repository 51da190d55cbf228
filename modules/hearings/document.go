package hearings

import (
	"context"
	"fmt"
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/meetings"
)

// said is a proposal as the conclusion shows it.
type said struct {
	Number   int
	Standing HearingStanding
	Clause   *string
	Text     string `bun:"published_text"`
	Outcome  HearingOutcome
	Reasons  string
}

var outcomeWords = map[HearingOutcome]string{Accepted: "Учтено", Partly: "Учтено частично", Refused: "Отклонено"}

// draw writes the conclusion as it is published. What residents of the area proposed stands apart from what
// others did (Urban Planning Code, article 5.1, on the content of a conclusion).
func draw(ctx context.Context, tx *mutation.Tx, h *PublicHearing, sessions []session, n *HearingCounts, text string) (string, error) {
	var proposals []said
	err := tx.NewRaw(`SELECT proposal.number, made.standing, proposal.clause, proposal.published_text, proposal.outcome, proposal.reasons
		FROM hearing_proposals AS proposal JOIN hearing_statements AS made ON made.municipality_id = proposal.municipality_id AND made.id = proposal.statement_id
		WHERE proposal.municipality_id = ? AND proposal.hearing_id = ? ORDER BY proposal.number`, core.MunicipalityOf(ctx).ID, h.ID).Scan(ctx, &proposals)
	if err != nil {
		return "", fmt.Errorf("proposals of hearing %s: %w", h.ID, err)
	}
	var names struct{ Organiser, Where string }
	err = tx.NewRaw(`SELECT o.name AS organiser, coalesce((SELECT string_agg(d.name, ', ' ORDER BY d.number) FROM hearing_districts AS a
			JOIN districts AS d ON d.municipality_id = a.municipality_id AND d.id = a.district_id WHERE a.municipality_id = h.municipality_id AND a.hearing_id = h.id), '') AS "where"
		FROM public_hearings AS h JOIN organisations AS o ON o.municipality_id = h.municipality_id AND o.id = h.organiser_id
		WHERE h.municipality_id = ? AND h.id = ?`, core.MunicipalityOf(ctx).ID, h.ID).Scan(ctx, &names)
	if err != nil {
		return "", fmt.Errorf("names of hearing %s: %w", h.ID, err)
	}
	var b strings.Builder
	h.head(&b, sessions, names.Organiser, names.Where)
	fmt.Fprintf(&b, "\nУчастники, подавшие предложения и замечания: %d, из них проживающих на территории — %d, иных — %d.\n",
		n.ResidentParticipants+n.OtherParticipants, n.ResidentParticipants, n.OtherParticipants)
	fmt.Fprintf(&b, "Поступило обращений: %d, из них от проживающих на территории — %d, от иных — %d. Отмечено на собраниях: %d чел.\n",
		n.ResidentStatements+n.OtherStatements, n.ResidentStatements, n.OtherStatements, n.Attended)
	fmt.Fprintf(&b, "Учтено — %d, учтено частично — %d, отклонено — %d.\n", n.Accepted, n.Partly, n.Refused)
	list(&b, "Предложения и замечания проживающих на территории", proposals, ResidentOfArea)
	list(&b, "Предложения и замечания иных участников", proposals, Other)
	fmt.Fprintf(&b, "\nРекомендации организатора: %s\n", text)
	return b.String(), nil
}

func (h *PublicHearing) head(b *strings.Builder, sessions []session, organiser, where string) {
	what := "публичных слушаний"
	if h.Form == Discussion {
		what = "общественных обсуждений"
	}
	fmt.Fprintf(b, "Заключение о результатах %s\n\nПроект: %s\nОснование: %s\nОрганизатор: %s\n", what, h.Subject, h.AppointingAct, organiser)
	if h.WholeTown {
		where = "вся территория муниципального образования"
	}
	fmt.Fprintf(b, "Территория: %s\nОповещение: %s\nЭкспозиция: %s–%s, %s\nПредложения и замечания принимались: %s–%s\n", where, day(*h.AnnouncedOn),
		day(h.DisplayFrom), day(h.DisplayTo), h.DisplayPlace, day(h.IntakeFrom), day(h.IntakeTo))
	for i := range sessions {
		if sessions[i].State != meetings.Cancelled {
			fmt.Fprintf(b, "Собрание № %d: %s\n", sessions[i].Number, day(sessions[i].StartsOn))
		}
	}
}

func list(b *strings.Builder, title string, proposals []said, of HearingStanding) {
	fmt.Fprintf(b, "\n%s:\n", title)
	any := false
	for i := range proposals {
		p := &proposals[i]
		if p.Standing != of {
			continue
		}
		any = true
		clause := ""
		if p.Clause != nil {
			clause = " (" + *p.Clause + ")"
		}
		fmt.Fprintf(b, "№ %d%s. %s\n  %s: %s\n", p.Number, clause, p.Text, outcomeWords[p.Outcome], p.Reasons)
	}
	if !any {
		b.WriteString("не поступали.\n")
	}
}
