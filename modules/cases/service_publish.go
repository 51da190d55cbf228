package cases

import (
	"context"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
)

// PublishCase shows a case to everybody, in words that are given anew: what the applicant wrote is never
// copied. Words that bear a signatory's family name, a telephone number or an e-mail address are refused;
// whoever publishes answers for the rest.
func (s *Service) PublishCase(ctx context.Context, in PublishCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "publishCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayPublish, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if err := s.clean(ctx, tx, c, in); err != nil {
			return uuid.Nil, err
		}
		before, now := c.facts(), tx.Now()
		title, text := strings.TrimSpace(in.Title), strings.TrimSpace(in.Text)
		c.PublishedAt, c.PublishedTitle, c.PublishedText, c.PublishedAnswer = &now, &title, &text, core.Trimmed(in.Answer)
		if err := save(ctx, tx, c, "published_at", "published_title", "published_text", "published_answer"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Case", ID: c.ID, Before: before, After: c.facts(), Touched: c.touched(), Notice: &core.Notice{
			Text: core.Textf("Case %s was published.", "Обращение %s опубликовано.", c.Number)}})
		return c.ID, nil
	})
}

// contacts are telephone numbers and e-mail addresses.
var contacts = regexp.MustCompile(`[\pL\pN._%+-]+@[\pL\pN-]+\.[\pL\pN]+|(?:\+?\d[\s()-]*){10,}`)

// clean refuses words that tell who the applicant is, as far as a program sees that.
func (s *Service) clean(ctx context.Context, tx *mutation.Tx, c *Case, in PublishCaseInput) error {
	var p core.Problems
	p.Words(in.Title, 300, "input", "title")
	p.Words(in.Text, 20_000, "input", "text")
	if in.Answer != nil {
		p.Words(*in.Answer, 20_000, "input", "answer")
		p.Check(c.AnsweredOn != nil || c.PublicState == Refused, core.T("The case was not answered yet.", "На обращение ещё нет ответа."), "input", "answer")
	}
	if err := p.Err(); err != nil {
		return err
	}
	content := new(CaseContent)
	if err := tx.NewSelect().Model(content).Column("text").Where("?TableAlias.id = ?", c.ID).Scan(ctx); err != nil {
		return err
	}
	p.Check(strings.TrimSpace(in.Text) != content.Text, core.T("This is the applicant's own text. Tell in other words what it is about.",
		"Это текст самого заявителя. Изложите суть другими словами."), "input", "text")
	given := map[string]string{"title": in.Title, "text": in.Text}
	if in.Answer != nil {
		given["answer"] = *in.Answer
	}
	for _, field := range []string{"title", "text", "answer"} {
		p.Check(!contacts.MatchString(given[field]), core.T("Leave out telephone numbers and e-mail addresses.", "Уберите телефоны и адреса электронной почты."), "input", field)
		named, err := names(ctx, tx, c.ID, given[field])
		if err != nil {
			return err
		}
		p.Check(!named, core.T("Leave out the names of those who signed.", "Уберите фамилии подписавших."), "input", field)
	}
	return p.Err()
}

// names says whether the text bears the family name of somebody who stands behind the case.
func names(ctx context.Context, tx *mutation.Tx, of uuid.UUID, text string) (named bool, err error) {
	err = tx.NewRaw(`SELECT EXISTS (SELECT FROM case_signatories AS s JOIN persons AS p ON p.municipality_id = s.municipality_id AND p.id = s.person_id
		WHERE s.municipality_id = ? AND s.case_id = ? AND length(p.family_name) > 2 AND strpos(fold_name(?), fold_name(p.family_name)) > 0)`,
		core.MunicipalityOf(ctx).ID, of, text).Scan(ctx, &named)
	return named, err
}

// UnpublishCase takes a publication back.
func (s *Service) UnpublishCase(ctx context.Context, in UnpublishCaseInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "unpublishCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		c, err := s.lock(ctx, tx, in.ID, mayPublish, in.ExpectedVersion, "id")
		if err != nil {
			return uuid.Nil, err
		}
		if c.PublishedAt == nil {
			return uuid.Nil, core.Conflict(core.T("The case is not published.", "Обращение не опубликовано."), "input", "id")
		}
		before := c.facts()
		c.PublishedAt, c.PublishedTitle, c.PublishedText, c.PublishedAnswer = nil, nil, nil, nil
		if err := save(ctx, tx, c, "published_at", "published_title", "published_text", "published_answer"); err != nil {
			return uuid.Nil, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Case", ID: c.ID, Before: before, After: c.facts()})
		return c.ID, nil
	})
}
