package cases

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/modules/calendar"
)

// Opening is what a case is opened from.
type Opening struct {
	Kind                string   // key of a case kind; empty: the municipality's default
	Origin              Origin   // where it came from
	Source              *core.ID // the object that it came from
	Title, Text         string   // without a text the title is the text
	ApplicantID         *uuid.UUID
	ConsentID           *uuid.UUID // to the processing of the applicant's data
	DistrictID          *uuid.UUID
	ParentID            *uuid.UUID
	OwnerOrganisationID *uuid.UUID
	OwnerPersonID       *uuid.UUID
	ReceivedOn          core.Date  // today when zero
	RegisteredOn        *core.Date // today when nil; what was written down on paper before is registered as of then
	DueOn               *core.Date // a day for the answer that was set, say by a resolution; nil: counted by the kind's terms
	// Public publishes the case at once under this title and text: for words that were spoken or
	// written in public and hold no personal data. It is the caller who vouches for that.
	Public  bool
	Channel Channel
	Uploads []core.ID // the caller's finished uploads, attached to the content: seen by who may read what the case says
	// Path is where in the caller's input the opening stands; "input" when empty.
	Path []string

	account  *uuid.UUID // the applicant's
	operator *uuid.UUID
	online   bool // handed in, and not registered yet
}

// at is the path of a field of the opening.
func (o *Opening) at(field string) []string {
	if len(o.Path) == 0 {
		return []string{"input", field}
	}
	return append(slices.Clone(o.Path), field)
}

// Open opens a case in the transaction of the module that it comes from, and registers it: the staff who
// write it down are the ones who register. Whether the caller may is that module's to decide. It takes
// the next number of the year of receipt; others who open a case in that year wait for the commit, so
// it is best called last.
func (s *Service) Open(ctx context.Context, tx *mutation.Tx, o Opening) (uuid.UUID, error) {
	if err := s.calendar.Hold(ctx, tx); err != nil {
		return uuid.Nil, err
	}
	kind, err := kindOf(ctx, tx, &o)
	if err != nil {
		return uuid.Nil, err
	}
	if err := s.settle(ctx, tx, &o, kind); err != nil {
		return uuid.Nil, err
	}
	entries, err := entriesOf(ctx, tx)
	if err != nil {
		return uuid.Nil, err
	}
	c := o.begin(tx, kind)
	if c.StateID, err = entryOf(entries, c.PublicState); err != nil {
		return uuid.Nil, err
	}
	code := newCode()
	if c.Year, c.Serial, err = nextNumber(ctx, tx, o.ReceivedOn); err != nil {
		return uuid.Nil, err
	}
	if err := insertCase(ctx, tx, c, &o, code); err != nil {
		return uuid.Nil, err
	}
	if err := s.follow(ctx, tx, c, &o, entries); err != nil {
		return uuid.Nil, err
	}
	if err := s.startAll(ctx, tx, c, &o, kind); err != nil {
		return uuid.Nil, err
	}
	if len(o.Uploads) > 0 {
		if err := s.files.Take(ctx, tx, core.ID{Type: "CaseContent", Key: c.ID}, o.Uploads, o.at("uploadIds")...); err != nil {
			return uuid.Nil, err
		}
	}
	return c.ID, s.opened(ctx, tx, c, &o)
}

// settle fills in what was left out, and refuses what cannot be.
func (s *Service) settle(ctx context.Context, tx *mutation.Tx, o *Opening, kind *CaseKind) error {
	if err := o.complete(tx, kind); err != nil {
		return err
	}
	return s.stand(ctx, tx, o)
}

// complete is settle but for the persons and bodies that are named.
func (o *Opening) complete(tx *mutation.Tx, kind *CaseKind) error {
	o.Title, o.Text = strings.TrimSpace(o.Title), strings.TrimSpace(o.Text)
	if o.Text == "" {
		o.Text = o.Title
	}
	if o.ReceivedOn.IsZero() {
		o.ReceivedOn = tx.Today()
	}
	if o.RegisteredOn == nil && !o.online {
		today := tx.Today()
		o.RegisteredOn = &today
	}
	var p core.Problems
	p.Words(o.Title, 300, o.at("title")...)
	p.Words(o.Text, 20_000, o.at("text")...)
	p.Check(!tx.Today().Before(o.ReceivedOn), core.T("That day is still to come.", "Этот день ещё не наступил."), o.at("receivedOn")...)
	if o.RegisteredOn != nil {
		p.Check(!tx.Today().Before(*o.RegisteredOn), core.T("That day is still to come.", "Этот день ещё не наступил."), o.at("registeredOn")...)
		p.Check(!o.RegisteredOn.Before(o.ReceivedOn), core.T("A case is registered on the day of receipt or later.", "Обращение регистрируют в день поступления или позже."), o.at("registeredOn")...)
	}
	if o.DueOn != nil {
		p.Check(o.RegisteredOn == nil || !o.DueOn.Before(*o.RegisteredOn), core.T("The answer cannot be due before the case is registered.", "Срок ответа не может быть раньше регистрации."), o.at("dueOn")...)
	}
	p.Check(kind.RetiredOn == nil || o.ReceivedOn.Before(*kind.RetiredOn), core.T("Cases of this kind are no longer opened. Choose another kind.",
		"Обращения этого вида больше не открывают. Выберите другой вид."), o.at("kind")...)
	return p.Err()
}

// stand refuses persons and bodies that are no more.
func (s *Service) stand(ctx context.Context, tx *mutation.Tx, o *Opening) error {
	if o.ApplicantID != nil {
		if err := s.people.PersonStands(ctx, tx, *o.ApplicantID, o.at("applicantId")...); err != nil {
			return err
		}
	}
	return s.ownerStands(ctx, tx, o.OwnerOrganisationID, o.OwnerPersonID, o.at("ownerOrganisationId"), o.at("ownerPersonId"))
}

// begin is the case as it is on its first day.
func (o *Opening) begin(tx *mutation.Tx, kind *CaseKind) *Case {
	c := &Case{
		ID: core.NewID(), KindID: kind.ID, Origin: o.Origin, Channel: o.Channel, DistrictID: o.DistrictID, ParentID: o.ParentID,
		OwnerOrganisationID: o.OwnerOrganisationID, OwnerPersonID: o.OwnerPersonID, PublicState: Received,
		ReceivedOn: o.ReceivedOn, RegisteredOn: o.RegisteredOn, OpenedAt: tx.Now(), Version: 1,
	}
	if o.Source != nil {
		c.SourceType, c.SourceID = &o.Source.Type, &o.Source.Key
	}
	if o.RegisteredOn != nil {
		c.PublicState = Registered
		if c.owned() {
			c.PublicState = InProgress
		}
	}
	if o.Public {
		now := tx.Now()
		c.PublishedAt, c.PublishedTitle, c.PublishedText = &now, &o.Title, &o.Text
	}
	return c
}

// firstSteps are the steps of a fresh case.
func (c *Case) firstSteps(tx *mutation.Tx, entries map[CasePublicState]uuid.UUID) []CaseStep {
	first := func(kind CaseStepKind, state CasePublicState, organisation *uuid.UUID) CaseStep {
		id, err := entryOf(entries, state)
		if err != nil {
			id = c.StateID
		}
		return CaseStep{ID: core.NewID(), CaseID: c.ID, Kind: kind, StateID: id, OrganisationID: organisation, At: tx.Now()}
	}
	steps := []CaseStep{first(StepOpened, Received, nil)}
	if c.RegisteredOn != nil {
		steps = append(steps, first(StepRegistered, Registered, nil))
		if c.owned() {
			steps = append(steps, first(StepAssigned, InProgress, c.OwnerOrganisationID))
		}
	}
	return steps
}

// follow writes the first steps, and the applicant as the first signatory.
func (s *Service) follow(ctx context.Context, tx *mutation.Tx, c *Case, o *Opening, entries map[CasePublicState]uuid.UUID) error {
	steps := c.firstSteps(tx, entries)
	if _, err := tx.NewInsert().Model(&steps).Exec(ctx); err != nil {
		return err
	}
	if o.ApplicantID == nil {
		return nil
	}
	_, err := tx.NewInsert().Model(&CaseSignatory{ID: core.NewID(), CaseID: c.ID, PersonID: *o.ApplicantID, SignedOn: o.ReceivedOn}).Exec(ctx)
	return err
}

// startAll starts the clocks of a fresh case.
func (s *Service) startAll(ctx context.Context, tx *mutation.Tx, c *Case, o *Opening, kind *CaseKind) error {
	if err := start(ctx, tx, kind.untilRegistered(c)); err != nil || c.RegisteredOn == nil {
		return err
	}
	return s.startRegistered(ctx, tx, c, kind, o.DueOn)
}

// untilRegistered is the clock that runs from receipt.
func (k *CaseKind) untilRegistered(c *Case) *CaseClock {
	registration := k.clock(c.ID, ClockRegistration, c.ReceivedOn)
	if c.RegisteredOn != nil {
		registration.end(*c.RegisteredOn, Met)
	}
	return registration
}

// startRegistered starts the clocks that run from registration on.
func (s *Service) startRegistered(ctx context.Context, tx *mutation.Tx, c *Case, kind *CaseKind, fixed *core.Date) error {
	forwarding, answer := kind.fromRegistered(c, fixed)
	if err := start(ctx, tx, forwarding); err != nil {
		return err
	}
	return s.startAnswer(ctx, tx, c, answer)
}

// fromRegistered are the clocks that run from registration, one of them to a fixed day where there is one.
func (k *CaseKind) fromRegistered(c *Case, fixed *core.Date) (forwarding, answer *CaseClock) {
	forwarding = k.clock(c.ID, ClockForwarding, *c.RegisteredOn)
	if c.owned() {
		forwarding.end(*c.RegisteredOn, Stopped)
	}
	answer = k.clock(c.ID, ClockAnswer, *c.RegisteredOn)
	if fixed != nil {
		answer.FixedOn, answer.Days, answer.Unit = fixed, daysFrom(*c.RegisteredOn, *fixed), calendar.Calendar
	}
	return forwarding, answer
}

// startAnswer starts a clock for the answer; the case shows its day.
func (s *Service) startAnswer(ctx context.Context, tx *mutation.Tx, c *Case, answer *CaseClock) error {
	if err := start(ctx, tx, answer); err != nil {
		return err
	}
	c.DueOn = &answer.DueOn
	_, err := tx.NewUpdate().Model(c).Column("due_on").WherePK().Exec(ctx)
	return err
}

// opened says what happened.
func (s *Service) opened(ctx context.Context, tx *mutation.Tx, c *Case, o *Opening) error {
	tell, err := ownersOf(ctx, tx, c, tx.Today())
	if err != nil {
		return err
	}
	tx.Changed(c.opening(o, tell))
	return nil
}

// opening is what is told of a fresh case, to its owners among others.
func (c *Case) opening(o *Opening, tell []uuid.UUID) core.Change {
	text := core.Textf("Case %s was opened.", "Открыто обращение %s.", c.Number)
	if c.RegisteredOn != nil {
		text = core.Textf("Case %[1]s was registered; an answer is due by %[2]s.", "Обращение %[1]s зарегистрировано, срок ответа — %[2]s.", c.Number, *c.DueOn)
	}
	if o.ApplicantID != nil {
		tell = append(tell, *o.ApplicantID)
	}
	return core.Change{Kind: core.Created, Type: "Case", ID: c.ID, After: c.facts(), Touched: c.touched(), Notice: &core.Notice{Text: text, Tell: tell}}
}

// insertCase writes the row, content and all.
func insertCase(ctx context.Context, tx *mutation.Tx, c *Case, o *Opening, code string) error {
	_, err := tx.NewInsert().Model(c).
		Value("title", "?", o.Title).Value("text", "?", o.Text).Value("code", "?", code).
		Value("applicant_id", "?", o.ApplicantID).Value("account_id", "?", o.account).
		Value("operator_id", "?", o.operator).Value("consent_id", "?", o.ConsentID).Exec(ctx)
	return postgres.Conflicts(err, broken)
}
