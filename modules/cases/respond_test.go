package cases

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// slip is the number and code of a case.
func (h *house) slip(of core.ID) (number, code string) {
	h.t.Helper()
	must(h.t, h.db.NewRaw("SELECT number, code FROM cases WHERE id = ?", of.Key).Scan(h.ctx(), &number, &code))
	return number, code
}

// An objection in time reopens the case, starts a term of its own and tells the owner; and only once.
func TestAnObjectionReopens(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task()
	if got := w.code(w.ObjectToAnswer(w.own, ObjectToAnswerInput{ID: &of, Text: "нет"})); got != "CONFLICT id" {
		t.Errorf("to nothing: %q", got)
	}
	w.answer(of)
	if got := w.code(w.ObjectToAnswer(w.own, ObjectToAnswerInput{ID: &of})); got != "BAD_USER_INPUT text" {
		t.Errorf("without words: %q", got)
	}
	if got := w.code(w.ObjectToAnswer(w.own, ObjectToAnswerInput{Text: "нет"})); got != "BAD_USER_INPUT id" {
		t.Errorf("to no case: %q", got)
	}
	w.on(2013, time.January, 9) // 2 January and the holidays
	w.done(w.ObjectToAnswer(w.own, ObjectToAnswerInput{ID: &of, Text: "Яма на месте"}))
	w.state(of, Reopened)
	w.toldOf(of, "objects", w.official)
	c := w.reread(of)
	if c.AnsweredOn != nil || c.DueOn.String() != "2013-02-08" || w.clocks(of)[ClockAnswer].EndedOn != nil {
		t.Errorf("%+v", c)
	}
	if got := w.code(w.ObjectToAnswer(w.own, ObjectToAnswerInput{ID: &of, Text: "нет"})); got != "CONFLICT id" {
		t.Errorf("twice: %q", got)
	}
	w.answer(of)
	w.done(w.CloseCase(w.asOfficial, CloseCaseInput{ID: of}))
	w.on(2013, time.February, 9) // the last day is 8 February
	if got := w.code(w.ObjectToAnswer(w.own, ObjectToAnswerInput{ID: &of, Text: "нет"})); got != "CONFLICT id" {
		t.Errorf("too late: %q", got)
	}
	w.on(2013, time.February, 8)
	number, code := w.slip(of)
	w.done(w.ObjectToAnswer(w.anonymous(), ObjectToAnswerInput{Number: &number, Code: &code, Text: "Опять"}))
	w.state(of, Reopened)
	var rounds []int
	must(t, w.db.NewSelect().Model((*CaseAnswer)(nil)).Column("round").Where("?TableAlias.case_id = ?", of.Key).Order("round").Scan(w.ctx(), &rounds))
	if !slices.Equal(rounds, []int{1, 2}) {
		t.Errorf("rounds %v", rounds)
	}
}

// A wrong number and a wrong code are answered alike, and not for ever; a right one goes on counting.
func TestGuessingIsBounded(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task()
	number, code := w.slip(of)
	receipt, err := w.Receipt(w.anonymous(), " "+number, strings.ToLower(code[:4]+" "+code[4:]))
	must(t, err)
	if receipt.Number != number || receipt.PublicState != InProgress || len(receipt.Steps) != 3 || receipt.SignatoryCount != 1 || receipt.Overdue {
		t.Errorf("%+v", receipt)
	}
	var told []string
	for _, c := range [][2]string{{number, "000000000000"}, {"2012-77", code}, {"2012-77", "000000000000"}, {number, ""}, {"", ""}, {"\x00", "\xff"}} {
		_, err := w.Receipt(w.anonymous(), c[0], c[1])
		if err == nil {
			t.Fatalf("%q was taken", c)
		}
		told = append(told, err.Error())
	}
	if len(slices.Compact(told)) != 1 {
		t.Errorf("different answers: %q", told)
	}
	_, err = w.Receipt(w.anonymous(), number, code) // which does not wash the guesses off
	must(t, err)
	for range 4 {
		if _, err := w.Receipt(w.anonymous(), number, "0"); core.CodeOf(err) != core.CodeNotFound {
			t.Fatal(err)
		}
	}
	for name, try := range map[string]func() error{
		"the receipt": func() error { _, err := w.Receipt(w.anonymous(), number, code); return err },
		"a claim":     func() error { _, err := w.ClaimCase(w.own, ClaimCaseInput{Number: number, Code: code}); return err },
		"confirmation": func() error {
			_, err := w.ConfirmAnswer(w.anonymous(), ConfirmAnswerInput{Number: &number, Code: &code})
			return err
		},
	} {
		if err := try(); core.CodeOf(err) != core.CodeRateLimited {
			t.Errorf("%s after ten wrong guesses: %v", name, err)
		}
	}
	elsewhere := identity.WithClient(w.anonymous(), identity.Client{Address: netip.MustParseAddr("198.51.100.7")})
	if _, err := w.Receipt(elsewhere, number, code); err != nil {
		t.Errorf("others pay for it: %v", err)
	}
}

func TestClaim(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.open(Opening{})
	number, code := w.slip(of)
	if got := w.code(w.ClaimCase(w.anonymous(), ClaimCaseInput{Number: number, Code: code})); got != "UNAUTHENTICATED" {
		t.Errorf("nobody: %q", got)
	}
	if got := w.code(w.ClaimCase(w.own, ClaimCaseInput{Number: number, Code: "000000000000"})); got != "NOT_FOUND" {
		t.Errorf("a wrong code: %q", got)
	}
	w.done(w.ClaimCase(w.own, ClaimCaseInput{Number: number, Code: code}))
	if !w.sees(w.own, of) {
		t.Error("does not see what they claimed")
	}
	if got := w.code(w.ClaimCase(w.as(w.person("Второй")), ClaimCaseInput{Number: number, Code: code})); got != "CONFLICT number" {
		t.Errorf("a second: %q", got)
	}
}

// Of many who sign, some of them twice and at once, each counts once.
func TestEachSignsOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.open(Opening{ApplicantID: &w.resident, Public: true})
	if got := w.code(w.AddCaseSignatory(w.as(uuid.Nil), AddCaseSignatoryInput{CaseID: of})); got != "CONFLICT personId" {
		t.Errorf("an account that is nobody's: %q", got)
	}
	if got := w.code(w.AddCaseSignatory(w.own, AddCaseSignatoryInput{CaseID: of})); got != "CONFLICT personId" {
		t.Errorf("the applicant again: %q", got)
	}
	hidden := w.open(Opening{ApplicantID: &w.resident})
	stranger := w.as(w.person("Соседова"))
	if got := w.code(w.AddCaseSignatory(stranger, AddCaseSignatoryInput{CaseID: hidden})); got != "NOT_FOUND" {
		t.Errorf("what was not published: %q", got)
	}
	var wait sync.WaitGroup
	var lock sync.Mutex
	outcomes := map[string]int{}
	for range 10 {
		ctx := w.as(w.person("Подписант"))
		for range 3 {
			wait.Go(func() {
				got := "?"
				if p, err := w.AddCaseSignatory(ctx, AddCaseSignatoryInput{CaseID: of}); err == nil {
					got = ""
					if len(p.UserErrors) > 0 {
						got = string(p.UserErrors[0].Code)
					}
				}
				lock.Lock()
				defer lock.Unlock()
				outcomes[got]++
			})
		}
	}
	wait.Wait()
	if outcomes[""] != 10 || outcomes["CONFLICT"] != 20 {
		t.Errorf("%v", outcomes)
	}
	everybody, err := behind(w.ctx(), w.db, of.Key)
	must(t, err)
	if len(everybody) != 11 {
		t.Errorf("%d stand behind the case", len(everybody))
	}
}

// The contact who leaves hands the case to the next who signed; the last does not leave.
func TestTheContactLeaves(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task()
	second := w.person("Второв")
	signed := w.done(w.AddCaseSignatory(w.clerk, AddCaseSignatoryInput{CaseID: of, PersonID: human(second)}))
	as := w.as(second)
	if !w.sees(as, of) {
		t.Error("a signatory does not see the case")
	}
	var first CaseSignatory
	must(t, w.db.NewSelect().Model(&first).Where("?TableAlias.person_id = ?", w.resident).Scan(w.ctx()))
	if seen, err := read.Sees[CaseSignatory](as, w.reads, first.ID); err != nil || seen {
		t.Errorf("a signatory sees who else signed: %v", err)
	}
	withdraw := func(ctx context.Context, key uuid.UUID) string {
		return w.code(w.WithdrawCaseSignatory(ctx, WithdrawCaseSignatoryInput{ID: core.ID{Type: "CaseSignatory", Key: key}}))
	}
	if got := withdraw(as, first.ID); got != "NOT_FOUND" {
		t.Errorf("another's: %q", got)
	}
	if got := withdraw(w.own, first.ID); got != "" {
		t.Errorf("one's own: %q", got)
	}
	content := new(CaseContent)
	must(t, w.db.NewSelect().Model(content).Where("?TableAlias.id = ?", of.Key).Scan(w.ctx()))
	if *content.ApplicantID != second || w.sees(w.own, of) {
		t.Error("the next is not the contact, or who left still sees the case")
	}
	if got := withdraw(as, signed); got != "CONFLICT id" {
		t.Errorf("the last: %q", got)
	}
	if got := withdraw(w.clerk, first.ID); got != "CONFLICT id" {
		t.Errorf("twice: %q", got)
	}
}

// A case is not closed before those below it, whoever closes and opens at the same moment.
func TestChildrenFirst(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	for range 10 {
		parent, child := w.task(), w.task()
		w.answer(parent)
		var wait sync.WaitGroup
		var closed, linked *core.Payload
		wait.Go(func() { closed, _ = w.CloseCase(w.asOfficial, CloseCaseInput{ID: parent}) })
		wait.Go(func() { linked, _ = w.LinkCase(w.asOfficial, LinkCaseInput{ID: child, ParentID: &parent}) })
		wait.Wait()
		if closed == nil || linked == nil || len(closed.UserErrors)+len(linked.UserErrors) != 1 {
			t.Fatalf("closed: %+v, linked: %+v", closed, linked)
		}
		if len(linked.UserErrors) > 0 {
			continue
		}
		w.answer(child)
		w.done(w.ConfirmAnswer(w.own, ConfirmAnswerInput{ID: &parent})) // which closes nothing while the child is open
		w.state(parent, Answered)
		w.done(w.CloseCase(w.asOfficial, CloseCaseInput{ID: child}))
		w.done(w.CloseCase(w.asOfficial, CloseCaseInput{ID: parent}))
		if got := w.code(w.ReopenCase(w.asOfficial, ReopenCaseInput{ID: child, Reason: "а"})); got != "CONFLICT" {
			t.Errorf("reopened below a closed one: %q", got)
		}
	}
	a, b, c := w.task(), w.task(), w.task()
	link := func(below, above core.ID) string {
		return w.code(w.LinkCase(w.asOfficial, LinkCaseInput{ID: below, ParentID: &above}))
	}
	for name, got := range map[string]string{"b below a": link(b, a), "c below b": link(c, b)} {
		if got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, got := range map[string]string{"a below a": link(a, a), "a below c": link(a, c)} {
		if got != "BAD_USER_INPUT parentId" {
			t.Errorf("%s: %q", name, got)
		}
	}
	w.done(w.LinkCase(w.asOfficial, LinkCaseInput{ID: c}))
	if w.reread(b).OpenChildren != 0 || w.reread(a).OpenChildren != 1 {
		t.Error("open children are counted wrong")
	}
}

func TestPublishing(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.open(Opening{ApplicantID: &w.resident, Title: "Яма", Text: "Я, Жителев, упал в яму"})
	in := PublishCaseInput{ID: of, Title: "Яма", Text: "Во дворе дома 5 яма"}
	with := func(change func(*PublishCaseInput)) PublishCaseInput { in := in; change(&in); return in }
	for name, c := range map[string]struct {
		in   PublishCaseInput
		want string
	}{
		"nothing":               {PublishCaseInput{ID: of}, "BAD_USER_INPUT title"},
		"the applicant's words": {with(func(in *PublishCaseInput) { in.Text = "Я, Жителев, упал в яму" }), "BAD_USER_INPUT text"},
		"a name":                {with(func(in *PublishCaseInput) { in.Text = "Гражданин Жителева просит" }), "BAD_USER_INPUT text"},
		"a name in the title":   {with(func(in *PublishCaseInput) { in.Title = "Жалоба ЖИТЕЛЕВА" }), "BAD_USER_INPUT title"},
		"a telephone":           {with(func(in *PublishCaseInput) { in.Text = "Звонить 8 (913) 123-45-67" }), "BAD_USER_INPUT text"},
		"an address":            {with(func(in *PublishCaseInput) { in.Text = "Писать ivan@example.ru" }), "BAD_USER_INPUT text"},
		"an answer to come":     {with(func(in *PublishCaseInput) { in.Answer = ptr("Засыплем") }), "BAD_USER_INPUT answer"},
	} {
		if got := w.code(w.PublishCase(w.clerk, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	if got := w.code(w.UnpublishCase(w.clerk, UnpublishCaseInput{ID: of})); got != "CONFLICT id" {
		t.Errorf("taken back before: %q", got)
	}
	w.done(w.PublishCase(w.clerk, in))
	if !w.sees(w.anonymous(), of) {
		t.Error("nobody sees it")
	}
	w.done(w.UnpublishCase(w.clerk, UnpublishCaseInput{ID: of}))
	if w.sees(w.anonymous(), of) {
		t.Error("everybody still sees it")
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	boss := w.as(w.mayor, "administrator")
	of := id(w.done(w.OpenCase(w.own, OpenCaseInput{Title: "а", Text: "а"})))
	if got := w.code(w.RefuseCase(boss, RefuseCaseInput{ID: of, Ground: "ABUSE"})); got != "BAD_USER_INPUT text" {
		t.Errorf("without words: %q", got)
	}
	w.done(w.RefuseCase(boss, RefuseCaseInput{ID: of, Ground: "ABUSE", Text: "ч. 3 ст. 11"}))
	c := w.reread(of)
	if c.PublicState != Refused || *c.Refusal != "ABUSE" || c.ClosedOn == nil {
		t.Errorf("%+v", c)
	}
	w.done(w.ReopenCase(boss, ReopenCaseInput{ID: of, Reason: "ошибка"}))
	if c = w.reread(of); c.PublicState != Reopened || c.Refusal != nil || c.RegisteredOn == nil || c.DueOn == nil {
		t.Errorf("%+v", c)
	}
}

// Another town sees nothing, and numbers its own.
func TestAnotherTown(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	of := w.task()
	number, code := w.slip(of)
	other := coretest.Town(t, w.db, "achinsk")
	in := func(ctx context.Context) context.Context { return core.WithMunicipality(ctx, other) }
	if w.sees(in(w.ctx()), of) {
		t.Error("another town's system sees the case")
	}
	if got := w.code(w.AnswerCase(in(w.ctx()), AnswerCaseInput{ID: of, Text: "а"})); got != "NOT_FOUND" {
		t.Errorf("answered from another town: %q", got)
	}
	if _, err := w.Receipt(in(w.anonymous()), number, code); core.CodeOf(err) != core.CodeNotFound {
		t.Errorf("its slip is taken in another town: %v", err)
	}
	key := w.done(w.writer.Do(in(w.ctx()), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		return w.Open(ctx, tx, Opening{Title: "а", Origin: OriginQuestion, Channel: ChannelMeeting})
	}))
	c := new(Case)
	must(t, w.db.NewSelect().Model(c).Where("?TableAlias.id = ?", key).Scan(in(w.ctx())))
	if c.Number != "2012-1" || c.DueOn.String() != "2013-01-09" { // by the Labour Code, since no calendar was imported there
		t.Errorf("%s, due on %s", c.Number, c.DueOn)
	}
}
