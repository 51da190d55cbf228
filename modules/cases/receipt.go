package cases

import (
	"context"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// CaseReceipt is what whoever knows number and code sees of a case.
type CaseReceipt struct {
	Number         string
	PublicState    CasePublicState
	ReceivedOn     core.Date
	RegisteredOn   *core.Date
	DueOn          *core.Date
	Overdue        bool
	PausedOn       *core.Date
	AnsweredOn     *core.Date
	ClosedOn       *core.Date
	Refusal        *CaseRefusal
	Answer         *string
	ObjectUntil    *core.Date
	SignatoryCount int
	Steps          []CaseReceiptStep
}

// CaseReceiptStep is a step of a receipt.
type CaseReceiptStep struct {
	Kind CaseStepKind
	At   time.Time
	Text *string
}

// errWrongCode is the one answer to a wrong number and to a wrong code.
func errWrongCode() error {
	return &core.Error{Code: core.CodeNotFound, Text: core.T("There is no case with this number and code. Look at the slip again.",
		"Обращения с таким номером и кодом нет. Сверьте их с талоном."), Path: []string{"code"}}
}

// noCode is compared with where there is no case, so that both take the same way.
const noCode = "000000000000"

// find is the case with that number and code. Attempts are counted by address.
func (s *Service) find(ctx context.Context, number, code string) (uuid.UUID, error) {
	right, err := s.identity.Guess(ctx, "case")
	if err != nil {
		return uuid.Nil, err
	}
	var found []CaseContent
	number, code = bare(number), bare(code)
	if err := s.reads.DB().NewSelect().Model(&found).Column("id", "code").Where("?TableAlias.number = ?", number).Scan(ctx); err != nil {
		return uuid.Nil, err
	}
	kept := noCode
	if len(found) == 1 && found[0].Code != nil {
		kept = *found[0].Code
	}
	if match := subtle.ConstantTimeCompare([]byte(kept), []byte(code)); match != 1 || len(found) != 1 {
		return uuid.Nil, errWrongCode()
	}
	return found[0].ID, right(ctx)
}

// bare is a number or code as it is kept, whatever blanks and cases it was typed in.
func bare(typed string) string {
	return strings.ToUpper(strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == 0 {
			return -1
		}
		return r
	}, strings.ToValidUTF8(typed, "")))
}

// byCode is find where number and code were given; nil where neither was.
func (s *Service) byCode(ctx context.Context, number, code *string) (*uuid.UUID, error) {
	switch {
	case number == nil && code == nil:
		return nil, nil
	case number == nil:
		return nil, core.Invalid(core.T("Give the number too.", "Укажите и номер."), "input", "number")
	case code == nil:
		return nil, core.Invalid(core.T("Give the code too.", "Укажите и код."), "input", "code")
	}
	key, err := s.find(ctx, *number, *code)
	return &key, err
}

// Receipt is what the case with that number and code shows: NOT_FOUND where either is wrong.
func (s *Service) Receipt(ctx context.Context, number, code string) (*CaseReceipt, error) {
	key, err := s.find(ctx, number, code)
	if err != nil {
		return nil, err
	}
	r := new(CaseReceipt)
	today := core.MunicipalityOf(ctx).Today(s.clock)
	err = s.reads.DB().NewRaw(`SELECT c.number, c.public_state, c.received_on, c.registered_on, c.due_on, c.paused_on, c.answered_on, c.closed_on, c.refusal,
			EXISTS (SELECT FROM case_clocks AS k WHERE k.municipality_id = c.municipality_id AND k.case_id = c.id AND k.kind = 'ANSWER' AND k.overdue @> ?2::date) AS overdue,
			(SELECT count(*) FROM case_signatories AS s WHERE s.municipality_id = c.municipality_id AND s.case_id = c.id AND s.withdrawn_on IS NULL) AS signatory_count,
			a.text AS answer, a.object_until
		FROM cases AS c LEFT JOIN LATERAL (SELECT text, object_until FROM case_answers AS last WHERE last.municipality_id = c.municipality_id AND last.case_id = c.id
			ORDER BY round DESC LIMIT 1) AS a ON TRUE
		WHERE c.municipality_id = ?0 AND c.id = ?1`, core.MunicipalityOf(ctx).ID, key, today).Scan(ctx, r)
	if err != nil {
		return nil, err
	}
	err = s.reads.DB().NewRaw(`SELECT kind, at, text FROM case_steps WHERE municipality_id = ? AND case_id = ? ORDER BY at, id`, core.MunicipalityOf(ctx).ID, key).Scan(ctx, &r.Steps)
	return r, err
}
