package house_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"iter"
	"slices"
	"sync"
	"testing"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/fields"
	card "github.com/veche-city/veche/plugins/manifest"
)

// parking is a plugin without a process: its values follow from what it is asked by a hash, so that
// the same question has the same answer, errors and nonsense among them.
const parkingSDL = `
extend type Query {
  "A permit by its number."
  parkingPermit(number: Int! = 7): ParkingPermit @public
  parkingAnything(seed: Int = 1): [ParkingThing] @public
  parkingLedger: String @can(permission: "audit:read")
}
extend type Mutation { parkingIssue(input: ParkingIssueInput!): ParkingIssuePayload @public }
extend type Subscription { parkingIssued(seed: Int): ParkingPermit @public }
extend type Council { parkingPermits(first: Int = 2, kind: ParkingKind): [ParkingPermit!] @public }
extend type Person { parkingCar: ParkingCar @public parkingFines: [Int!] @can(permission: "audit:read") }
extend type District { parkingStats(where: ParkingWhere = {year: 2012}): ParkingStats @public }

enum ParkingKind { RESIDENT GUEST }
interface ParkingPriced { fee: Int! }
union ParkingThing = ParkingPermit | ParkingCar | Person | Council
type ParkingPermit implements ParkingPriced {
  number: Int!
  plate: String
  kind: ParkingKind!
  fee: Int!
  issuedOn: Date
  holder: Person
  council: Council!
  car: ParkingCar
  neighbours(first: Int! = 1): [ParkingPermit!]!
  secret: String @can(permission: "audit:read")
}
type ParkingCar implements ParkingPriced { plate: ID! fee: Int! owners: [Person] district: District priced: ParkingPriced }
type ParkingStats { total: Int! year: Int! kinds: [ParkingKind!] largest: ParkingPermit }
input ParkingWhere { year: Int! = 2011 kinds: [ParkingKind!] = [GUEST] within: ParkingWhere }
input ParkingIssueInput { councilId: ID! plate: String }
type ParkingIssuePayload { permit: ParkingPermit userErrors: [UserError!]! clientMutationId: String }
`

var parkingFunctions = []string{"Query.parkingPermit", "Query.parkingAnything", "Query.parkingLedger", "Mutation.parkingIssue", "Subscription.parkingIssued",
	"Council.parkingPermits", "Person.parkingCar", "Person.parkingFines", "District.parkingStats", "ParkingPermit.neighbours", "ParkingPermit.car", "ParkingCar.owners"}

type parking struct {
	ids    map[string][]string // of core objects, for references
	mu     sync.Mutex
	rounds [][]*contract.FieldCall
	refuse func(action string, arguments json.RawMessage) error
	fail   error
}

func (p *parking) source() *fields.Source {
	s := &fields.Source{SDL: parkingSDL, Functions: map[string]bool{}, Hooks: map[string]bool{"createVenue": true}, Plugin: p, Manifest: &card.Manifest{
		Name: "parking", Version: "1.0.0", Contract: 1, Prefix: "Parking", Schema: "parking.graphqls",
		// The permission is one of the core's here, so that callers differ in it; a real plugin declares its own.
		Permissions: []card.Permission{{Name: "audit:read"}}}}
	for _, f := range parkingFunctions {
		s.Functions[f] = true
	}
	return s
}

func (p *parking) Resolve(_ context.Context, calls []*contract.FieldCall, _ bool) ([]*contract.FieldResult, error) {
	p.mu.Lock()
	p.rounds = append(p.rounds, calls)
	p.mu.Unlock()
	if p.fail != nil {
		return nil, p.fail
	}
	var all []*contract.FieldResult
	for _, call := range calls {
		r := &contract.FieldResult{}
		parents := call.Parents
		if parents == nil {
			parents = [][]byte{nil}
		}
		for _, parent := range parents {
			r.Items = append(r.Items, p.answer(call.Type, call.Field, call.Arguments, parent))
		}
		all = append(all, r)
	}
	return all, nil
}

func (p *parking) Listen(ctx context.Context, field string, arguments json.RawMessage, _ []string) iter.Seq2[*contract.Item, error] {
	return func(yield func(*contract.Item, error) bool) {
		for i := range 3 {
			if !yield(p.answer("Subscription", field, arguments, []byte{byte('0' + i)}), nil) {
				return
			}
		}
		yield(nil, &core.Error{Code: core.CodePluginUnavailable, Text: core.T("It went away.", "Ушло.")})
	}
}

func (p *parking) Before(_ context.Context, action string, arguments json.RawMessage) error {
	if p.refuse == nil {
		return nil
	}
	return p.refuse(action, arguments)
}

// dice are what a hash decides, one after another.
type dice uint64

func (d *dice) roll(n int) int {
	*d = *d*6364136223846793005 + 1442695040888963407
	return int(uint64(*d)>>33) % n
}

func diceOf(parts ...string) *dice {
	h := fnv.New64a()
	for _, p := range parts {
		_, _ = h.Write([]byte(p))
		_, _ = h.Write([]byte{0})
	}
	d := dice(h.Sum64())
	return &d
}

func (p *parking) answer(typ, field string, arguments, parent []byte) *contract.Item {
	d := diceOf(typ, field, string(arguments), string(parent))
	switch d.roll(12) {
	case 0:
		return &contract.Item{Error: &contract.Error{Code: "NOT_FOUND", Message: "нет стоянки", Path: []string{"input", "plate"}}}
	case 1:
		return &contract.Item{Error: &contract.Error{Code: "WHATEVER", Message: "a stack of the plugin's own"}}
	case 2:
		return &contract.Item{}
	}
	var args struct{ First *int }
	_ = json.Unmarshal(arguments, &args)
	v := p.value(d, typ+"."+field, args.First)
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return &contract.Item{Value: text}
}

func (p *parking) value(d *dice, at string, first *int) any {
	many := func(n int, one func() any) []any {
		if first != nil {
			n = min(max(*first, 0), 5)
		}
		all := make([]any, n)
		for i := range all {
			all[i] = one()
		}
		return all
	}
	switch at {
	case "Query.parkingLedger":
		return "книга"
	case "Mutation.parkingIssue":
		return map[string]any{"permit": p.permit(d), "userErrors": []any{}, "clientMutationId": nil}
	case "Query.parkingAnything":
		return many(4, func() any { return p.thing(d) })
	case "Council.parkingPermits", "ParkingPermit.neighbours":
		return many(2, func() any { return p.permit(d) })
	case "Person.parkingCar", "ParkingPermit.car":
		return p.car(d)
	case "Person.parkingFines":
		return []any{d.roll(9), d.roll(9)}
	case "ParkingCar.owners":
		return many(2, func() any { return p.ref(d, "Person") })
	case "District.parkingStats":
		stats := map[string]any{"total": d.roll(100), "year": 2012, "kinds": []string{"GUEST"}, "largest": p.permit(d)}
		if d.roll(4) == 0 {
			stats["kinds"] = []string{"GUEST", "LORRY"}
		}
		return stats
	}
	return p.permit(d)
}

func (p *parking) ref(d *dice, typ string) any {
	switch d.roll(10) {
	case 0:
		return nil
	case 1:
		return map[string]any{"__typename": typ, "id": core.ID{Type: typ}.String()} // of nothing
	case 2:
		return map[string]any{"__typename": typ, "id": "nonsense"}
	}
	return map[string]any{"__typename": typ, "id": p.ids[typ][d.roll(len(p.ids[typ]))]}
}

func (p *parking) permit(d *dice) any {
	v := map[string]any{"__typename": "ParkingPermit", "number": d.roll(1000), "plate": fmt.Sprintf("А%03dВК", d.roll(1000)), "kind": []string{"RESIDENT", "GUEST"}[d.roll(2)],
		"fee": d.roll(500), "issuedOn": "2012-05-09", "holder": p.ref(d, "Person"), "council": p.ref(d, "Council"), "secret": "тайна", "private": d.roll(10)}
	switch d.roll(12) {
	case 0:
		v["fee"] = nil
	case 1:
		v["kind"] = "LORRY"
	case 2:
		v["number"] = "семь"
	case 3:
		v["issuedOn"] = "вчера"
	case 4:
		v["car"] = p.car(d)
	case 5:
		delete(v, "plate")
	}
	return v
}

func (p *parking) car(d *dice) any {
	v := map[string]any{"__typename": "ParkingCar", "plate": d.roll(1 << 20), "fee": d.roll(90), "district": p.ref(d, "District")}
	if d.roll(3) == 0 {
		v["priced"] = p.permit(d)
	}
	if d.roll(9) == 0 {
		v["fee"] = 1.5
	}
	return v
}

func (p *parking) thing(d *dice) any {
	switch d.roll(5) {
	case 0:
		return p.permit(d)
	case 1:
		return p.car(d)
	case 2:
		return p.ref(d, "Person")
	case 3:
		return map[string]any{"__typename": "Lorry"}
	}
	return p.ref(d, "Council")
}

// calls are how often the plugin was called since the last time.
func (p *parking) calls() [][]*contract.FieldCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := p.rounds
	p.rounds = nil
	return all
}

// park has the plugin join the schema of the first town.
func park(t testing.TB, w *world, as string) *parking {
	p := &parking{ids: map[string][]string{}}
	data := w.ask(request{Query: `{ persons(first: 30) { nodes { id } } councils(first: 9) { nodes { id } } districts(first: 9) { nodes { id } } }`, as: as})
	for typ, list := range map[string]string{"Person": "persons", "Council": "councils", "District": "districts"} {
		for _, n := range at(data, list, "nodes").([]any) {
			p.ids[typ] = append(p.ids[typ], at(n, "id").(string))
		}
		slices.Sort(p.ids[typ])
	}
	set := &fields.Set{Key: "parking", Sources: []*fields.Source{p.source()}}
	if _, err := w.Graph.Compose(w.Towns.ByKey("kansk"), set); err != nil {
		t.Fatal(err)
	}
	w.Graph.Extend(func(m *core.Municipality) *fields.Set {
		if m.Key == "kansk" {
			return set
		}
		return nil
	}, w.Fresh)
	return p
}
