package house_test

import (
	"fmt"
	"sync"
	"testing"
)

// at once runs fn n times side by side and counts the answers by what tells them apart.
func atOnce(n int, fn func(i int) string) map[string]int {
	var mu sync.Mutex
	var group sync.WaitGroup
	start, counts := make(chan struct{}), map[string]int{}
	for i := range n {
		group.Go(func() {
			<-start
			got := fn(i)
			mu.Lock()
			defer mu.Unlock()
			counts[got]++
		})
	}
	close(start)
	group.Wait()
	return counts
}

// outcome is done, or the first user error's code, or the first error's.
func outcome(a *answer, mutation string) string {
	if codes := a.codes(); len(codes) > 0 {
		return "error " + codes[0]
	}
	if code, ok := at(a.Data, mutation, "userErrors", 0, "code").(string); ok {
		return code
	}
	return "done"
}

const addMember = `mutation($in: AddMemberInput!) { addMember(input: $in) { membership { id } userErrors { code message path } } }`

func (w *world) newCouncil(as, name string, seats int) string {
	w.t.Helper()
	p := w.do(request{as: as, Query: `mutation($in: CreateCouncilInput!) { createCouncil(input: $in) { council { id } userErrors { message path } } }`,
		Variables: map[string]any{"in": map[string]any{"kind": "COORDINATION_COUNCIL", "name": name, "foundingAct": "Постановление № 1", "foundedOn": "2013-01-01", "activeFrom": "2013-01-01", "seatLimit": seats}}})
	return at(p, "council", "id").(string)
}

func TestTwoHundredAtOneSeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.administrator("kansk")
	data := w.ask(request{as: admin, Query: `{ persons(first: 100) { nodes { id } } }`})
	person := func(i int) any { return at(data, "persons", "nodes", i%100, "id") }
	seat := func(council, post string, who func(i int) any) map[string]int {
		return atOnce(200, func(i int) string {
			return outcome(w.send(request{as: admin, Query: addMember, Variables: map[string]any{"in": map[string]any{
				"councilId": council, "personId": who(i), "post": post, "basis": "ACTIVE_CITIZEN", "startsOn": "2013-01-15"}}}), "addMember")
		})
	}
	if got := seat(w.newCouncil(admin, "Два председателя", 500), "CHAIR", person); got["done"] != 1 || got["CONFLICT"] != 199 {
		t.Errorf("two chairs: %v", got)
	}
	if got := seat(w.newCouncil(admin, "Один человек", 500), "MEMBER", func(int) any { return person(0) }); got["done"] != 1 || got["CONFLICT"] != 199 {
		t.Errorf("one person twice: %v", got)
	}
	if got := seat(w.newCouncil(admin, "Семь мест", 7), "MEMBER", func(i int) any { return person(i % 100) }); got["done"] != 7 || got["CONFLICT"] != 193 {
		t.Errorf("seven seats: %v", got)
	}
}

func TestOneKeyOneEffect(t *testing.T) {
	w := newWorld(t)
	admin := w.administrator("kansk")
	create := func(key, name string) *answer {
		return w.send(request{as: admin, with: map[string]string{"Idempotency-Key": key},
			Query:     `mutation($in: CreateCouncilInput!) { createCouncil(input: $in) { council { id name } userErrors { code } } }`,
			Variables: map[string]any{"in": map[string]any{"kind": "COORDINATION_COUNCIL", "name": name, "foundingAct": "Постановление", "foundedOn": "2013-01-01"}}})
	}
	got := atOnce(50, func(int) string {
		return fmt.Sprint(at(create("k1", "Однажды").Data, "createCouncil", "council", "id"))
	})
	if len(got) != 1 || got["<nil>"] > 0 {
		t.Errorf("one key, several answers: %v", got)
	}
	if total := at(w.ask(request{as: admin, Query: `{ councils(filter: {search: "Однажды"}) { totalCount } }`}), "councils", "totalCount"); total != 1.0 {
		t.Errorf("one key made %v councils", total)
	}
	if got := outcome(create("k1", "Другой"), "createCouncil"); got != "CONFLICT" {
		t.Errorf("the key with another input: %s", got)
	}
}
