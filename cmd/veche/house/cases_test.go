package house_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/calendar"
)

// desk is a town with a department and its head, a clerk and a resident, by the door.
type desk struct {
	*town
	department string
}

func newDesk(t *testing.T) *desk {
	d := &desk{town: newTown(t)}
	d.department = at(d.done(d.admin, "createOrganisation", "organisation { id }", map[string]any{"kind": "MUNICIPAL_DEPARTMENT", "name": "Отдел благоустройства"}), "organisation", "id").(string)
	head := d.person(d.admin, "Дорожников")
	d.done(d.admin, "assignPost", "post { id }", map[string]any{"personId": head, "organisationId": d.department, "title": "Начальник отдела", "soleHolder": true, "startsOn": "2012-01-01"})
	d.account(d.admin, "head", head, "official", "")
	d.account(d.admin, "clerk", d.person(d.admin, "Приёмова"), "clerk", "")
	d.account(d.admin, "resident", d.person(d.admin, "Жителев"), "", "")
	d.account(d.admin, "stranger", d.person(d.admin, "Прохожев"), "", "")
	// The demonstration may have imported the years already.
	ctx := core.WithActor(core.WithMunicipality(t.Context(), d.Towns.ByKey("kansk")), core.Actor{Kind: core.System})
	for _, m := range d.Modules {
		if m, ok := m.(*calendar.Module); ok {
			must(t, m.Service.ImportRussian(ctx))
		}
	}
	return d
}

// handedIn is a case that the resident hands in.
func (d *desk) handedIn() (id, number, code string) {
	d.t.Helper()
	p := d.done("resident", "openCase", "case { id number publicState content { code } }", map[string]any{"title": "Яма", "text": "Во дворе яма"})
	return at(p, "case", "id").(string), at(p, "case", "number").(string), at(p, "case", "content", "code").(string)
}

const wholeCase = `query($id: ID!) { case(id: $id) { number publicState dueOn overdue signatoryCount
	kind { key name } state { key name } ownerOrganisation { name }
	content { title text applicant { name } } publication { title text answer }
	steps { nodes { kind text } } answers { totalCount nodes { text round } } notes { totalCount } signatories { totalCount nodes { contact } }
	clocks { nodes { kind dueOn outcome overdue } } } }`

// Each sees of one case what is theirs to see.
func TestACaseByTheDoor(t *testing.T) {
	d := newDesk(t)
	id, number, code := d.handedIn()
	for as, want := range map[string]string{"": "UNAUTHENTICATED", "stranger": "FORBIDDEN", "head": "FORBIDDEN"} {
		if got := d.came(as, "registerCase", map[string]any{"id": id}); got != want {
			t.Errorf("registered by %q: %q", as, got)
		}
	}
	if got := d.came("resident", "openCase", map[string]any{"title": "Яма", "text": "Яма", "channel": "PAPER"}); got != "FORBIDDEN" {
		t.Errorf("a resident on behalf: %q", got)
	}
	d.done("clerk", "registerCase", "case { id }", map[string]any{"id": id})
	d.done("clerk", "assignCase", "case { id }", map[string]any{"id": id, "ownerOrganisationId": d.department})
	d.done("head", "addCaseNote", "caseNote { text }", map[string]any{"caseId": id, "text": "Подрядчик другой"})
	d.done("head", "addCaseStep", "case { id }", map[string]any{"caseId": id, "text": "Осмотрели"})

	see := func(as string) (map[string]any, *answer) {
		a := d.send(request{as: as, Query: wholeCase, Variables: map[string]any{"id": id}})
		c, _ := at(a.Data, "case").(map[string]any)
		return c, a
	}
	for _, as := range []string{"", "stranger"} {
		if c, a := see(as); c != nil {
			t.Errorf("%q sees a case that was not published: %s", as, a.text)
		}
	}
	c, a := see("resident")
	if at(c, "content", "text") != "Во дворе яма" || at(c, "publicState") != "IN_PROGRESS" || at(c, "dueOn") != "2013-03-04" || at(c, "notes", "totalCount") != 0.0 || // 3 March is a Sunday
		at(c, "steps", "nodes", 3, "text") != "Осмотрели" || at(c, "signatories", "nodes", 0, "contact") != true {
		t.Errorf("the applicant: %s", a.text)
	}
	if c, a = see("head"); at(c, "notes", "totalCount") != 1.0 || at(c, "content", "text") == nil {
		t.Errorf("the owner: %s", a.text)
	}
	if a := d.send(request{as: "head", Query: `query($id: ID!) { case(id: $id) { content { code } } }`, Variables: map[string]any{"id": id}}); !slices.Equal(a.codes(), []string{"FORBIDDEN"}) || strings.Contains(a.text, code) {
		t.Errorf("the owner reads the code: %s", a.text)
	}
	d.done("head", "answerCase", "case { id }", map[string]any{"id": id, "text": "Засыпано"})
	d.done("clerk", "publishCase", "case { id }", map[string]any{"id": id, "title": "Яма", "text": "Яма во дворе", "answer": "Засыпана"})
	c, a = see("")
	if !cmp.Equal(at(c, "publication"), map[string]any{"title": "Яма", "text": "Яма во дворе", "answer": "Засыпана"}) || at(c, "content") != nil ||
		at(c, "answers", "totalCount") != 0.0 || at(c, "signatories", "totalCount") != 0.0 || at(c, "signatoryCount") != 1.0 || strings.Contains(a.text, "Осмотрели") || strings.Contains(a.text, "Жителев") {
		t.Errorf("the public: %s", a.text)
	}
	if !slices.Equal(a.codes(), []string{"UNAUTHENTICATED"}) { // at the steps' texts
		t.Errorf("the public: %v", a.codes())
	}
	receipt := d.ask(request{Query: `query($n: String!, $c: String!) { caseByNumber(number: $n, code: $c) { publicState answer objectUntil overdue steps { kind text } } }`,
		Variables: map[string]any{"n": number, "c": strings.ToLower(code)}})
	if at(receipt, "caseByNumber", "answer") != "Засыпано" || at(receipt, "caseByNumber", "publicState") != "ANSWERED" {
		t.Errorf("the slip: %v", receipt)
	}
	// By the person one finds only what is one's own, or one's work.
	mine := request{Query: `{ caseContents(filter: {search: "яма"}) { totalCount } viewer { account { id } } }`}
	for as, want := range map[string]any{"resident": 1.0, "clerk": 1.0, "head": 1.0, "stranger": 0.0} {
		mine.as = as
		if got := at(d.ask(mine), "caseContents", "totalCount"); got != want {
			t.Errorf("%s finds %v", as, got)
		}
	}
}

// Guesses at numbers and codes are answered alike, and after ten not at all.
func TestGuessingByTheDoor(t *testing.T) {
	d := newDesk(t)
	_, number, code := d.handedIn()
	guess := func(number, code string) *answer {
		return d.send(request{Query: `query($n: String!, $c: String!) { caseByNumber(number: $n, code: $c) { number } }`, Variables: map[string]any{"n": number, "c": code}})
	}
	told := map[string]bool{}
	for n := range 10 {
		number, code := number, fmt.Sprintf("%012d", n)
		if n%2 == 1 {
			number = "2013-999"
		}
		a := guess(number, code)
		if !slices.Equal(a.codes(), []string{"NOT_FOUND"}) {
			t.Fatalf("guess %d: %s", n, a.text)
		}
		told[a.Errors[0].Message] = true
	}
	if len(told) != 1 {
		t.Errorf("the answers differ: %v", told)
	}
	if a := guess(number, code); !slices.Equal(a.codes(), []string{"RATE_LIMITED"}) {
		t.Errorf("after ten: %s", a.text)
	}
	if got := d.came("", "confirmAnswer", map[string]any{"number": number, "code": code}); got != "RATE_LIMITED" {
		t.Errorf("a confirmation after ten: %q", got)
	}
}

// An objection, by the slip and without an account, reopens the case and comes to the owner's inbox.
func TestAnObjectionComesToTheOwner(t *testing.T) {
	d := newDesk(t)
	id, number, code := d.handedIn()
	d.done("clerk", "registerCase", "case { id }", map[string]any{"id": id})
	d.done("clerk", "assignCase", "case { id }", map[string]any{"id": id, "ownerOrganisationId": d.department})
	d.done("head", "answerCase", "case { id }", map[string]any{"id": id, "text": "Засыпано"})
	heard := d.listen(d.socket, request{as: "head", Query: `subscription($id: ID) { caseChanged(id: $id) { kind case { publicState } } }`, Variables: map[string]any{"id": id}})
	if got := d.came("stranger", "objectToAnswer", map[string]any{"id": id, "text": "Нет"}); got != "NOT_FOUND" {
		t.Errorf("a stranger objects: %q", got)
	}
	p := d.done("", "objectToAnswer", "case { id }", map[string]any{"number": number, "code": code, "text": "Яма на месте"})
	if at(p, "case") != nil {
		t.Error("whoever has the slip alone sees the case itself")
	}
	if got := at(heard.next().Data, "caseChanged", "case", "publicState"); got != "REOPENED" {
		t.Errorf("heard %v", got)
	}
	d.handled()
	inbox := d.ask(request{as: "head", Query: `{ inbox(first: 1) { nodes { text subject { ... on Case { number } } } } }`})
	if text, _ := at(inbox, "inbox", "nodes", 0, "text").(string); !strings.Contains(text, "objects") || at(inbox, "inbox", "nodes", 0, "subject", "number") != number {
		t.Errorf("the owner was told %v", inbox)
	}
}

const overdueCases = `query($n: Int!, $on: Date, $owner: ID!) { cases(first: $n, filter: {overdue: {eq: true}, ownerOrganisation: {eq: $owner}}, orderBy: {field: DUE_ON}, asOf: $on) { totalCount
	nodes { number dueOn overdue(asOf: $on) ownerOrganisation { name } steps(first: 2) { nodes { kind } } clocks(filter: {kind: {eq: ANSWER}}, orderBy: {field: DUE_ON}) { nodes { dueOn } } } } }`

// signingIn is the statements by which a caller is known: the session, and its roles of today.
const signingIn = 2

// Forty cases that were registered before New Year, asked on each day across the holidays: those past
// their day, by one statement, however many they are.
func TestOverdueAcrossNewYear(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	counted := func() float64 {
		data := d.ask(request{as: d.admin, Query: `{ indicators(from: "2012-01-01", to: "2013-01-10", keys: ["cases.overdue"]) { value } }`})
		return at(data, "indicators", 0, "value").(float64)
	}
	due, had := map[string]int{}, counted()
	for n := range 40 {
		on := core.NewDate(2012, 11, 20).AddDays(n).String()
		p := d.done("clerk", "openCase", "case { id dueOn }", map[string]any{"title": fmt.Sprint("Яма ", n), "text": "Яма", "receivedOn": on, "registeredOn": on, "ownerOrganisationId": d.department})
		due[at(p, "case", "dueOn").(string)]++
	}
	if due["2013-01-09"] != 11 { // those whose thirtieth day is 30 December to 9 January: all off but the last
		t.Errorf("due: %v", due)
	}
	for day := core.NewDate(2012, 12, 19); day.Before(core.NewDate(2013, 2, 1)); day = day.AddDays(1) {
		want := 0
		for on, n := range due {
			if on < day.String() {
				want += n
			}
		}
		var data map[string]any
		statements := d.statements.during(func() {
			data = d.ask(request{as: "clerk", Query: overdueCases, Variables: map[string]any{"n": 50, "on": day.String(), "owner": d.department}})
		})
		nodes := at(data, "cases", "nodes").([]any)
		if at(data, "cases", "totalCount") != float64(want) || len(nodes) != want {
			t.Errorf("on %s: %v, want %d", day, at(data, "cases", "totalCount"), want)
		}
		if len(statements) != 1+signingIn {
			t.Errorf("%d statements:\n%s", len(statements), strings.Join(statements, "\n"))
		}
		for _, n := range nodes {
			if at(n, "overdue") != true || at(n, "dueOn").(string) >= day.String() {
				t.Errorf("on %s: %v", day, n)
			}
		}
	}
	// By resolvers: the page, its total, organisations, steps, clocks; whatever the number of rows.
	for _, n := range []int{1, 10, 40} {
		statements := d.statements.during(func() {
			d.ask(request{as: "clerk", Query: overdueCases, Variables: map[string]any{"n": n, "on": "2013-02-01", "owner": d.department}, with: map[string]string{"X-Veche-Reads": house.Resolvers}})
		})
		if len(statements) != 5+signingIn {
			t.Errorf("%d cases by resolvers: %d statements:\n%s", n, len(statements), strings.Join(statements, "\n"))
		}
	}
	want := 0
	for on, n := range due {
		if on < "2013-01-10" {
			want += n
		}
	}
	if got := counted() - had; got != float64(want) {
		t.Errorf("the report counts %v overdue more, want %d", got, want)
	}
}

// What was handed in with a case is seen by who may read what it says, and not with its publication.
func TestFilesOfACase(t *testing.T) {
	d := newDesk(t)
	upload, address := d.prepare("resident", "яма.txt", 7)
	if status, text := d.put(address, []byte("Привет\n")[:7]); status >= 300 {
		t.Fatal(text)
	}
	in := map[string]any{"title": "Яма", "text": "Яма", "uploadIds": []any{upload}}
	if got := d.came("stranger", "openCase", in); got != "BAD_USER_INPUT uploadIds" {
		t.Errorf("another's upload: %q", got)
	}
	id := at(d.done("resident", "openCase", "case { id }", in), "case", "id").(string)
	d.done("clerk", "publishCase", "case { id }", map[string]any{"id": id, "title": "Яма", "text": "Яма во дворе"})
	see := request{Query: `query($id: ID!) { case(id: $id) { attachments { totalCount } content { attachments { nodes { id name } } } } }`, Variables: map[string]any{"id": id}}
	for as, want := range map[string]any{"resident": "яма.txt", "clerk": "яма.txt", "": nil, "stranger": nil} {
		see.as = as
		data := d.ask(see)
		if got := at(data, "case", "content", "attachments", "nodes", 0, "name"); got != want || at(data, "case", "attachments", "totalCount") != 0.0 {
			t.Errorf("%q: %v", as, data)
		}
	}
	file := at(d.ask(request{as: "clerk", Query: see.Query, Variables: see.Variables}), "case", "content", "attachments", "nodes", 0, "id")
	if got := at(d.ask(request{Query: `query($id: ID!) { node(id: $id) { id } }`, Variables: map[string]any{"id": file}}), "node"); got != nil {
		t.Error("the public finds the file by its id")
	}
}
