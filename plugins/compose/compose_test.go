package compose_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/plugins/compose"
	"github.com/veche-city/veche/plugins/fields"
	"github.com/veche-city/veche/plugins/manifest"
)

const coreSDL = `
directive @can(permission: String!) on FIELD_DEFINITION
directive @public on FIELD_DEFINITION
interface Node { id: ID! }
type Query { council(id: ID!): Council nodes(ids: [ID!]!): [Node]! }
type Mutation { planMeeting(input: PlanMeetingInput!): MeetingPayload! }
input PlanMeetingInput { title: String! }
type MeetingPayload { userErrors: [String!]! }
type Council implements Node { id: ID! name: String! kind: CouncilKind! }
enum CouncilKind { CITY COMMUNITY }
union Body = Council
`

func core(t *testing.T) *ast.Schema {
	t.Helper()
	s, err := gqlparser.LoadSchema(&ast.Source{Name: "core.graphqls", Input: coreSDL})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plugin is one with functions for all that its SDL adds to the core's types.
func plugin(name, prefix, sdl string) *fields.Source {
	s := &fields.Source{SDL: sdl, Functions: map[string]bool{}, Manifest: &manifest.Manifest{
		Name: name, Prefix: prefix, Schema: name + ".graphqls", Permissions: []manifest.Permission{{Name: name + ":see"}},
	}}
	typ := ""
	for line := range strings.SplitSeq(sdl, "\n") {
		words := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" :(!", r) })
		if strings.HasPrefix(line, "extend type ") {
			typ = words[2]
		} else if typ != "" && strings.HasPrefix(line, "  ") && len(words) > 1 {
			s.Functions[typ+"."+words[0]] = true
		} else {
			typ = ""
		}
	}
	return s
}

const good = `extend type Council {
  parkingPermits(first: Int): [ParkingPermit!] @can(permission: "parking:see")
}
extend type Query {
  parkingBodies: [Body!] @public
}
extend type Subscription {
  parkingIssued: ParkingPermit! @public
}
type ParkingPermit { plate: String! council: Council! kind: CouncilKind }
input ParkingInput { title: String! }
enum ParkingColour { RED }
union ParkingThing = ParkingPermit | Council
`

func TestCompose(t *testing.T) {
	base := core(t)
	joined, err := compose.Compose(base, &fields.Set{Sources: []*fields.Source{plugin("parking", "Parking", good)}})
	if err != nil {
		t.Fatal(err)
	}
	if joined.Types["ParkingPermit"] == nil || joined.Owner("Council", "parkingPermits") == nil || joined.Owner("Council", "name") != nil {
		t.Errorf("owners: %v %v", joined.Fields, joined.Types)
	}
	if joined.Schema.Query.Fields.ForName("parkingBodies") == nil || joined.Schema.Subscription == nil {
		t.Error("fields at the roots are missing")
	}
	if base.Types["Council"].Fields.ForName("parkingPermits") != nil || base.Subscription != nil {
		t.Error("the core was changed")
	}
}

// Every rule has its refusal, which names the plugin, the file and the line.
func TestWhatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ sdl, want string }{
		"nonsense":           {"type {", "plugin parking: parking.graphqls:1: "},
		"a field that is":    {"extend type Council {\n  name: String @public\n}", "parking.graphqls:2: Council.name is a field of the core"},
		"a type that is":     {"type Council { a: Int }", "parking.graphqls:1: Council is a type of the core"},
		"no prefix":          {"type Car { a: Int }", "parking.graphqls:1: Car: the names of its types begin with Parking"},
		"non-null":           {"extend type Council {\n  parking: Int! @public\n}", "parking.graphqls:2: Council.parking may not be Int!"},
		"non-null at a root": {"extend type Mutation {\n  parking: Int! @public\n}", "parking.graphqls:2: Mutation.parking may not be Int!"},
		"no @can":            {"extend type Council {\n  parking: Int\n}", "parking.graphqls:2: Council.parking does not say who may use it"},
		"a foreign right":    {"extend type Council {\n  parking: Int @can(permission: \"people:erase\")\n}", `parking.graphqls:2: Council.parking: the permission "people:erase" is not among`},
		"an enum's value":    {"extend enum CouncilKind { SPORT }", "parking.graphqls:1: CouncilKind: only objects are extended"},
		"a union's member":   {"extend union Body = ParkingCar\ntype ParkingCar { a: Int }", "parking.graphqls:1: Body: only objects are extended"},
		"an input's field":   {"extend input PlanMeetingInput { parking: Int! }", "parking.graphqls:1: PlanMeetingInput: only objects"},
		"no id":              {"extend type MeetingPayload {\n  parking: Int @public\n}", "parking.graphqls:1: MeetingPayload has no id"},
		"no such type":       {"extend type Committee {\n  parking: Int @public\n}", "parking.graphqls:1: there is no type Committee"},
		"an unknown type":    {"extend type Council {\n  parking: Lorry @public\n}", "parking.graphqls:2: Undefined type Lorry"},
		"a directive":        {"directive @x on FIELD_DEFINITION", "parking.graphqls:1: @x: a plugin brings no directives"},
		"a Node":             {"type ParkingCar implements Node { id: ID! }", "parking.graphqls:1: ParkingCar: only objects of the core are a Node"},
		"the core's names":   {"extend type Council {\n  _extension: Int @public\n}", "parking.graphqls:2: Council._extension: names that begin with _"},
		"another root":       {"schema { query: ParkingQuery }\ntype ParkingQuery { a: Int }", "parking.graphqls:1: the roots are Query"},
		"twice":              {"extend type Council {\n  parking: Int @public\n  parking: Int @public\n}", "parking.graphqls:3: Council.parking is defined twice"},
		"its own":            {"type ParkingCar { a: Int }\nextend type ParkingCar {\n  b: Int\n}", "parking.graphqls:2: ParkingCar is its own type"},
	} {
		_, err := compose.Compose(core(t), &fields.Set{Sources: []*fields.Source{plugin("parking", "Parking", c.sdl)}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "plugin parking: ") {
			t.Errorf("%s: %v; wanted: %s", name, err, c.want)
		}
	}
}

func TestPluginsDoNotTouchOneAnother(t *testing.T) {
	for sdl, want := range map[string]string{
		"extend type ParkingPermit {\n  snow: Int @public\n}":                     "plugin snow: snow.graphqls:1: ParkingPermit is a type of the plugin parking",
		"extend type Council {\n  parkingPermits: Int @public\n}":                 "plugin snow: snow.graphqls:2: Council.parkingPermits is a field of the plugin parking",
		"type ParkingPermit { a: Int }":                                           "plugin snow: snow.graphqls:1: ParkingPermit is a type of the plugin parking",
		"extend type Council {\n  snow: Int @can(permission: \"parking:see\")\n}": "plugin snow: snow.graphqls:2: Council.snow: the permission",
	} {
		_, err := compose.Compose(core(t), &fields.Set{Sources: []*fields.Source{plugin("parking", "Parking", good), plugin("snow", "Snow", sdl)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; wanted %s", err, want)
		}
	}
}

// Functions and schema agree, and the manifest asks for what is there; all problems come at once.
func TestTheManifestIsHeldToTheCore(t *testing.T) {
	p := plugin("parking", "Parking", good)
	delete(p.Functions, "Council.parkingPermits")
	p.Functions["ParkingPermit.colour"] = true
	p.Manifest.Reads = []string{"Council.name", "Council.budget"}
	p.Manifest.Actions = []string{"planMeeting", "dropMeeting"}
	p.Manifest.Hooks = []manifest.Hook{{Before: "visit"}}
	p.Manifest.Indicators = []manifest.Indicator{{Type: "ParkingYear"}}
	_, err := compose.Compose(core(t), &fields.Set{Sources: []*fields.Source{p}})
	var problems compose.Problems
	if !errors.As(err, &problems) || len(problems) != 6 {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{
		"Council.parkingPermits has no function", "a function for ParkingPermit.colour", "plugin.yaml: reads[1]: there is no Council.budget",
		"plugin.yaml: actions[1]: the core has no mutation dropMeeting", "plugin.yaml: hooks[0].before", "plugin.yaml: indicators[0].type",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing of\n%v", want, err)
		}
	}
}
