package sdk_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

const card = `
name: parking
version: 1.0.0
title: {ru: "Парковка", en: "Parking"}
schema: parking.graphqls
permissions: [{name: "parking:issue"}]
hooks: [{before: planMeeting}]
hears: [Meeting.CREATED]
sends: [{name: parking.issued}]
settings: settings.json
`

const sdl = `
extend type Council {
  parkingPermits(first: Int): [ParkingPermit!] @public
}
extend type Query {
  parkingPermit(id: ID!, on: Date): ParkingPermit @public
}
extend type Mutation {
  issueParkingPermit(input: ParkingIssueInput!): ParkingPermitPayload @can(permission: "parking:issue")
}
extend type Subscription {
  parkingPermitIssued: ParkingPermit @public
}
input ParkingIssueInput { plate: String! councilId: ID! kind: ParkingKind until: DateTime days: [Date!] note: String }
enum ParkingKind { CAR BUS }
type ParkingPermit { id: ID! plate: String! kind: ParkingKind! council: Council holder: Person tags: [String!]! until: DateTime }
type ParkingPermitPayload { permit: ParkingPermit userErrors: [UserError!]! }
`

func files(card, sdl string) fstest.MapFS {
	return fstest.MapFS{"plugin.yaml": {Data: []byte(card)}, "parking.graphqls": {Data: []byte(sdl)}, "settings.json": {Data: []byte("{}")}}
}

type permit struct {
	ID      sdk.ID     `json:"id"`
	Plate   string     `json:"plate"`
	Kind    string     `json:"kind"`
	Council *sdk.Ref   `json:"council"`
	Tags    []string   `json:"tags"`
	Until   *time.Time `json:"until"`
	Owner   string     `json:"_owner"`
}

type issue struct {
	Plate     string
	CouncilID sdk.ID
	Kind      *string
	Until     *time.Time
	Days      []sdk.Date
	Note      sdk.Opt[string]
}

type payload struct {
	Permit     *permit         `json:"permit"`
	UserErrors []sdk.UserError `json:"userErrors"`
}

type limits struct{ Most int }

type inputArgs struct{ Input issue }

// parking is a whole plugin whose functions a test may replace.
type parking struct {
	permits func(ctx context.Context, councils []sdk.Ref, a struct{ First *int }) ([][]permit, error)
	issue   func(ctx context.Context, a inputArgs) (*payload, error)
	hear    func(ctx context.Context, e sdk.Event) error
}

func (k parking) plugin() *sdk.Plugin {
	p := sdk.New(files(card, sdl))
	sdk.Field(p, "Council.parkingPermits", k.permits)
	sdk.Own(p, "ParkingPermit.holder", func(_ context.Context, permits []permit, _ struct{}) ([]*sdk.Ref, error) {
		refs := make([]*sdk.Ref, len(permits))
		for i, one := range permits {
			refs[i] = sdk.IDOf("Person", uuid.NewSHA1(uuid.Nil, []byte(one.Owner))).Ref()
		}
		return refs, nil
	})
	sdk.Root(p, "Query.parkingPermit", func(_ context.Context, a struct {
		ID sdk.ID
		On *sdk.Date
	}) (*permit, error) {
		if err := a.ID.Of("ParkingPermit", "id"); err != nil {
			return nil, err
		}
		return nil, sdk.NotFound("id")
	})
	sdk.Root(p, "Mutation.issueParkingPermit", k.issue)
	sdk.Stream(p, "Subscription.parkingPermitIssued", func(ctx context.Context, _ struct{}, emit func(permit) error) error {
		return sdk.Watch(ctx, func(e sdk.Event) error { return emit(permit{ID: e.Object, Plate: "A"}) }, "parking.issued")
	})
	sdk.Before(p, "planMeeting", func(ctx context.Context, a struct{ Input struct{ Title string } }) error {
		var problems sdk.Problems
		problems.Check(len(a.Input.Title) <= sdk.SettingsOf[limits](ctx).Most, sdk.T("Too long.", "Слишком длинно."), "input", "title")
		return problems.Err()
	})
	sdk.On(p, "Meeting.CREATED", k.hear)
	sdk.Job(p, "remind", func(_ context.Context, a struct{ Plate string }) error {
		if a.Plate == "" {
			panic("no plate")
		}
		return nil
	})
	sdk.Settings(p, func(_ context.Context, s limits) error {
		if s.Most < 0 {
			return sdk.Invalid(sdk.T("Below zero.", "Меньше нуля."), "most")
		}
		return nil
	})
	return p
}

func whole() parking {
	return parking{
		permits: func(_ context.Context, councils []sdk.Ref, _ struct{ First *int }) ([][]permit, error) {
			all := make([][]permit, len(councils))
			for i, c := range councils {
				all[i] = []permit{{ID: sdk.NewID("ParkingPermit"), Plate: "A1", Kind: "CAR", Council: &c, Owner: c.ID.String()}}
			}
			return all, nil
		},
		issue: func(ctx context.Context, a inputArgs) (*payload, error) {
			if a.Input.Kind == nil {
				shown, err := sdk.UserErrors(ctx, sdk.Invalid(sdk.T("Which?", "Какой?"), "input", "kind"))
				return &payload{UserErrors: shown}, err
			}
			return &payload{Permit: &permit{ID: sdk.NewIDOnce(ctx, "ParkingPermit"), Plate: a.Input.Plate, Kind: *a.Input.Kind, Until: a.Input.Until}}, nil
		},
		hear: func(context.Context, sdk.Event) error { return nil },
	}
}

func TestIDsAreTheCores(t *testing.T) {
	for range 100 {
		id := sdk.NewID("ParkingPermit")
		same := core.ID{Type: id.Type, Key: id.Key}
		if id.String() != same.String() {
			t.Fatalf("%s, and the core's %s", id, same)
		}
		back, err := sdk.ParseID(same.String())
		if err != nil || back != id {
			t.Fatalf("%v came back as %v, %v", id, back, err)
		}
	}
	good := sdk.NewID("A").String()
	for _, bad := range []string{"", "x", good + "=", good[:len(good)-1], good + "\n", sdk.NewID("9A").String(), sdk.NewID("").String()} {
		_, err := sdk.ParseID(bad)
		if _, coreErr := core.ParseID(bad); err == nil || coreErr == nil {
			t.Errorf("%q is taken: %v, the core %v", bad, err, coreErr)
		}
	}
}

// TestWhatIsNoIDIsNoneForTheCoreEither bends ids and asks both readers.
func TestWhatIsNoIDIsNoneForTheCoreEither(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(sdk.NewID(rapid.StringMatching(`[A-Za-z_0-9:]{0,4}`).Draw(t, "type")).String())
		for range rapid.IntRange(0, 3).Draw(t, "bends") {
			at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
			text[at] = rapid.SampledFrom([]byte("AZaz09-_=+/\n ")).Draw(t, "byte")
		}
		ours, err := sdk.ParseID(string(text))
		theirs, coreErr := core.ParseID(string(text))
		if (err == nil) != (coreErr == nil) || err == nil && (ours.Type != theirs.Type || ours.Key != theirs.Key) {
			t.Fatalf("%q: %v, %v; the core: %v, %v", text, ours, err, theirs, coreErr)
		}
	})
}

func TestAnIncompletePluginIsToldWhatItLacks(t *testing.T) {
	p := sdk.New(files(card+"extra: 1\n", sdl))
	type shown struct {
		ID    *sdk.ID `json:"id"`
		Plate int     `json:"plate"`
		Tags  string  `json:"tags"`
		Until []time.Time
	}
	sdk.Root(p, "Query.parkingPermit", func(context.Context, struct {
		ID    string
		On    sdk.Date
		Extra int
	}) (shown, error) {
		return shown{}, nil
	})
	sdk.Root(p, "Query.elsewhere", func(context.Context, struct{}) (int, error) { return 0, nil })
	sdk.On(p, "Meeting.ENDED", func(context.Context, sdk.Event) error { return nil })
	err := p.Check()
	for _, want := range []string{
		"Council.parkingPermits has no function: register one with sdk.Field",
		"Mutation.issueParkingPermit has no function: register one with sdk.Root",
		"Subscription.parkingPermitIssued has no function: register one with sdk.Stream",
		"Query.elsewhere has a function, and is not in the SDL",
		"Query.parkingPermit(on) may be null (Date): take *sdk.Date or sdk.Opt[sdk.Date]",
		"the member Extra of",
		"ParkingPermit.id is ID!, and *sdk.ID may be nil",
		"ParkingPermit.plate is String, which int is not",
		"ParkingPermit.kind: sdk_test.shown has no member of the json name kind",
		"ParkingPermit.tags is a list, [String!]!; string is none",
		"ParkingPermit.until: sdk_test.shown has no member",
		"plugin.yaml: hooks: planMeeting has no function: register one with sdk.Before",
		"plugin.yaml: hears: Meeting.CREATED has no function: register one with sdk.On",
		"plugin.yaml: hears does not name Meeting.ENDED",
		"plugin.yaml: settings names a file",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nobody says %q", want)
		}
	}
	if t.Failed() {
		t.Logf("%v", err)
	}
	if err := whole().plugin().Check(); err != nil {
		t.Errorf("the whole plugin: %v", err)
	}
	if err := sdk.New(fstest.MapFS{}).Check(); err == nil || !strings.Contains(err.Error(), "plugin.yaml") {
		t.Errorf("without files: %v", err)
	}
	unknown := sdk.New(files(card, strings.ReplaceAll(sdl, "parking:issue", "parking:other")))
	if err := unknown.Check(); err == nil || !strings.Contains(err.Error(), "@can names no permission of plugin.yaml") {
		t.Errorf("an undeclared permission: %v", err)
	}
}

func TestBatchesAreCheckedAndErrorsStandAtTheirItems(t *testing.T) {
	k := whole()
	councils := []any{sdk.NewID("Council").Ref(), sdk.NewID("Council").Ref(), sdk.NewID("Council").Ref()}
	town := sdktest.New(t, k.plugin())
	values, err := sdktest.Ask[[]permit](town.Anonymous(), "Council.parkingPermits", map[string]any{"first": 2}, councils...)
	if err != nil || len(values) != 3 || values[1][0].Council.ID != councils[1].(*sdk.Ref).ID {
		t.Fatalf("%v, %v", values, err)
	}
	if values[0][0].Tags == nil {
		t.Error("a list that is never null is null")
	}
	holders, err := sdktest.Ask[*sdk.Ref](town.Anonymous(), "ParkingPermit.holder", nil, values[0][0], values[1][0])
	if err != nil || holders[0].ID == holders[1].ID {
		t.Errorf("the private member did not come back: %v, %v", holders, err)
	}

	k.permits = func(context.Context, []sdk.Ref, struct{ First *int }) ([][]permit, error) {
		return make([][]permit, 3), sdk.Errors{1: sdk.NotFound()}
	}
	_, err = sdktest.Ask[[]permit](sdktest.New(t, k.plugin()).Anonymous(), "Council.parkingPermits", nil, councils...)
	var each sdk.Errors
	if !errors.As(err, &each) || len(each) != 1 || !errors.Is(each[1], sdk.NotFound()) {
		t.Errorf("one of three: %v", err)
	}
	for name, bad := range map[string]func(context.Context, []sdk.Ref, struct{ First *int }) ([][]permit, error){
		"answered 2 values for 3 parents": func(context.Context, []sdk.Ref, struct{ First *int }) ([][]permit, error) {
			return make([][]permit, 2), nil
		},
		"panic: oh": func(context.Context, []sdk.Ref, struct{ First *int }) ([][]permit, error) { panic("oh") },
		"not today": func(context.Context, []sdk.Ref, struct{ First *int }) ([][]permit, error) {
			return nil, errors.New("not today")
		},
	} {
		k.permits = bad
		_, err := sdktest.Ask[[]permit](sdktest.New(t, k.plugin()).Anonymous(), "Council.parkingPermits", nil, councils...)
		if !errors.As(err, &each) || len(each) != 3 || !strings.Contains(each[2].Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestArgumentsAreReadByTheirTypes(t *testing.T) {
	var got issue
	k := whole()
	k.issue = func(_ context.Context, a inputArgs) (*payload, error) { got = a.Input; return &payload{}, nil }
	town := sdktest.New(t, k.plugin())
	council := sdk.NewID("Council")
	_, err := sdktest.Root[payload](town.Person(), "Mutation.issueParkingPermit", map[string]any{"input": map[string]any{
		"plate": "A1", "councilId": council, "kind": "BUS", "until": "2012-10-01T12:00:00+08:00", "days": []string{"2012-10-02"}, "note": nil,
	}})
	bus, until := "BUS", time.Date(2012, 10, 1, 4, 0, 0, 0, time.UTC)
	if err != nil || got.CouncilID != council || *got.Kind != bus || !got.Until.Equal(until) || got.Days[0] != "2012-10-02" || !got.Note.Set || got.Note.Value != nil {
		t.Errorf("%+v, %v", got, err)
	}
	for path, input := range map[string]map[string]any{
		"input councilId": {"plate": "A1", "councilId": "nonsense"},
		"input days":      {"plate": "A1", "councilId": council, "days": []string{"2012-13-01"}},
	} {
		_, err := sdktest.Root[payload](town.Person(), "Mutation.issueParkingPermit", map[string]any{"input": input})
		var e *sdk.Error
		if !errors.As(err, &e) || e.Code != sdk.CodeInvalid || strings.Join(e.Path, " ") != path {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestErrorsSpeakTheCallersLanguage(t *testing.T) {
	town := sdktest.New(t, whole().plugin())
	input := map[string]any{"input": map[string]any{"plate": "A1", "councilId": sdk.NewID("Council")}}
	for language, want := range map[string]string{"en": "Which?", "ru": "Какой?"} {
		c := town.Person()
		c.Language = language
		answer, err := sdktest.Root[payload](c, "Mutation.issueParkingPermit", input)
		want := []sdk.UserError{{Code: "BAD_USER_INPUT", Message: want, Path: []string{"input", "kind"}}}
		if diff := cmp.Diff(want, answer.UserErrors); err != nil || diff != "" {
			t.Errorf("%v %s", err, diff)
		}
	}
	_, err := sdktest.Root[*permit](town.Anonymous(), "Query.parkingPermit", map[string]any{"id": sdk.NewID("Person")})
	var e *sdk.Error
	if !errors.As(err, &e) || !strings.Contains(e.Text.En, "a ParkingPermit's id is wanted") {
		t.Errorf("an id of another type: %v", err)
	}
}

func TestTheSameIdempotencyKeyMakesTheSameID(t *testing.T) {
	town := sdktest.New(t, whole().plugin())
	input := map[string]any{"input": map[string]any{"plate": "A1", "councilId": sdk.NewID("Council"), "kind": "CAR"}}
	ask := func(c *sdktest.Caller) sdk.ID {
		answer, err := sdktest.Root[payload](c, "Mutation.issueParkingPermit", input)
		if err != nil {
			t.Fatal(err)
		}
		return answer.Permit.ID
	}
	one, other := town.Person(), town.Person()
	if first, second := ask(one), ask(one); first == second {
		t.Error("two calls without a key made one id")
	}
	one.IdempotencyKey, other.IdempotencyKey = "k", "k"
	if first, second := ask(one), ask(one); first != second || first == ask(other) {
		t.Error("a key makes one id for one caller")
	}
}

func TestSettingsAreCheckedAndOldOnesDoNotComeBack(t *testing.T) {
	town := sdktest.New(t, whole().plugin())
	long := map[string]any{"input": map[string]any{"title": "a long title"}}
	refused := func() bool { return town.Person().Before("planMeeting", long) != nil }
	for _, step := range []struct {
		most     int
		revision int64
		refuses  bool
	}{{3, 2, true}, {-1, 3, true}, {100, 4, false}, {3, 1, false}} {
		err := town.Configure(limits{step.most}, step.revision)
		if (err != nil) != (step.most < 0) || refused() != step.refuses {
			t.Errorf("%+v: %v", step, err)
		}
	}
}
