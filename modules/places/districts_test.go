package places

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"github.com/riverqueue/river"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/events"
)

func relocationJob(district core.ID) *river.Job[relocation] {
	return &river.Job[relocation]{Args: relocation{District: district.Key}}
}

func TestDistrictRefused(t *testing.T) {
	h := open(t)
	first := h.district(1)
	create := CreateDistrictInput{Number: 2, Name: "Второй"}
	h.refused(core.CodeUnauthenticated)(h.Service.CreateDistrict(h.nobody(), create))
	h.refused(core.CodeForbidden)(h.Service.CreateDistrict(h.as("resident", nil), create))
	// A right in one district does not found another.
	h.refused(core.CodeForbidden)(h.Service.CreateDistrict(h.as("clerk", &first), create))
	for _, wrong := range []CreateDistrictInput{{Number: 0, Name: "x"}, {Number: 10000, Name: "x"}, {Number: 2}, {Number: 2, Name: "a\x00b"}} {
		h.refused(core.CodeBadUserInput)(h.Service.CreateDistrict(h.as("clerk", nil), wrong))
	}
	h.refused(core.CodeConflict)(h.Service.CreateDistrict(h.as("clerk", nil), CreateDistrictInput{Number: 1, Name: "Тоже первый"}))
	wrongType := core.ID{Type: "Person", Key: first.Key}
	h.refused(core.CodeBadUserInput)(h.Service.UpdateDistrict(h.system, UpdateDistrictInput{ID: wrongType, ExpectedVersion: 1}))
	h.refused(core.CodeNotFound)(h.Service.UpdateDistrict(h.system, UpdateDistrictInput{ID: core.ID{Type: "District", Key: core.NewID()}, ExpectedVersion: 1}))
	name := graphql.OmittableOf(ptr("Новое имя"))
	h.refused(core.CodeConflict)(h.Service.UpdateDistrict(h.system, UpdateDistrictInput{ID: first, ExpectedVersion: 7, Name: name}))
	h.refused(core.CodeBadUserInput)(h.Service.UpdateDistrict(h.system, UpdateDistrictInput{ID: first, ExpectedVersion: 1, Name: graphql.OmittableOf[*string](nil)}))
	// Another municipality sees nothing of it.
	abroad := core.WithMunicipality(h.system, coretest.Town(t, h.db, "achinsk"))
	h.refused(core.CodeNotFound)(h.Service.UpdateDistrict(abroad, UpdateDistrictInput{ID: first, ExpectedVersion: 1, Name: name}))

	h.done("District")(h.Service.CreateDistrict(h.as("clerk", nil), create))
	h.done("District")(h.Service.UpdateDistrict(h.as("clerk", &first), UpdateDistrictInput{ID: first, ExpectedVersion: 1, Name: name}))
	if got := value[string](h, "SELECT name FROM districts WHERE id = ?", first.Key); got != "Новое имя" {
		t.Errorf("is named %q", got)
	}
}

func TestExternalKey(t *testing.T) {
	h := open(t)
	in := CreateDistrictInput{ExternalKey: ptr("d1"), Number: 1, Name: "Первый"}
	if _, ok, err := h.Service.Known(h.system, "District", "d1"); ok || err != nil {
		t.Fatalf("known before it is: %v", err)
	}
	id := h.done("District")(h.Service.CreateDistrict(h.system, in))
	if got, ok, err := h.Service.Known(h.system, "District", "d1"); !ok || err != nil || got != id {
		t.Fatalf("got %v %v %v", got, ok, err)
	}
	in.Number = 2
	h.refused(core.CodeConflict)(h.Service.CreateDistrict(h.system, in))
}

func TestBoundaryOfADay(t *testing.T) {
	h := open(t)
	d := h.district(1)
	h.done("District")(h.draw(d, squareText(0, 0, 1000, 1000), day(time.May, 1)))
	h.done("District")(h.draw(d, squareText(0, 0, 2000, 1000), day(time.September, 1)))
	// A correction of the past goes in between and leaves its neighbours.
	h.done("District")(h.draw(d, squareText(0, 0, 1500, 1000), day(time.July, 1)))
	east := func(metres float64) Point {
		g := square(t, metres, 500, 1, 1)
		xy, _ := g.Envelope().Center().XY()
		return Point{xy.X, xy.Y}
	}
	for _, c := range []struct {
		on    core.Date
		reach float64
	}{{day(time.April, 30), 0}, {day(time.May, 1), 1000}, {day(time.June, 30), 1000}, {day(time.July, 1), 1500},
		{day(time.August, 31), 1500}, {day(time.September, 1), 2000}, {core.NewDate(2030, 1, 1), 2000}} {
		for _, metres := range []float64{500, 1250, 1750, 2500} {
			got, err := h.Service.DistrictAt(h.nobody(), east(metres), &c.on)
			if must(t, err); (got == d.Key) != (metres < c.reach) {
				t.Errorf("%s, %v m east: %v", c.on, metres, got)
			}
		}
	}
	// Drawn again for the same day, it is replaced.
	h.done("District")(h.draw(d, squareText(0, 0, 500, 500), day(time.July, 1)))
	if n := value[int](h, "SELECT count(*) FROM district_boundaries"); n != 3 {
		t.Errorf("%d boundaries", n)
	}
	if km2 := value[float64](h, "SELECT round(area_km2::numeric, 2) FROM district_boundaries WHERE starts_on = '2012-07-01'"); km2 != 0.25 {
		t.Errorf("%v km²", km2)
	}
}

func TestBoundaryOutsideOfTheDistrictsLife(t *testing.T) {
	h := open(t)
	founded := day(time.May, 1)
	d := h.done("District")(h.Service.CreateDistrict(h.system, CreateDistrictInput{Number: 1, Name: "Первый", FoundedOn: &founded}))
	h.refused(core.CodeBadUserInput)(h.draw(d, squareText(0, 0, 10, 10), day(time.April, 30)))
	h.refused(core.CodeBadUserInput)(h.draw(d, `{"type":"Polygon","coordinates":[[[0,0],[1,1],[1,0],[0,1],[0,0]]]}`, founded))
	h.done("District")(h.draw(d, squareText(0, 0, 1000, 1000), founded))
	later := day(time.June, 1)
	h.refused(core.CodeBadUserInput)(h.Service.UpdateDistrict(h.system, UpdateDistrictInput{ID: d, ExpectedVersion: 2, FoundedOn: graphql.OmittableOf(&later)}))

	before := day(time.April, 1)
	h.refused(core.CodeBadUserInput)(h.Service.AbolishDistrict(h.system, AbolishDistrictInput{ID: d, ExpectedVersion: 2, AbolishedOn: &before, Reason: "act 7"}))
	last := day(time.December, 31)
	h.done("District")(h.Service.AbolishDistrict(h.system, AbolishDistrictInput{ID: d, ExpectedVersion: 2, AbolishedOn: &last, Reason: "act 7"}))
	h.refused(core.CodeBadUserInput)(h.draw(d, squareText(0, 0, 10, 10), core.NewDate(2013, 1, 1)))
	// Its number and its ground are free from the next day on.
	heir := h.done("District")(h.Service.CreateDistrict(h.system, CreateDistrictInput{Number: 1, Name: "Преемник", FoundedOn: dayAfter(&last)}))
	h.done("District")(h.draw(heir, squareText(0, 0, 1000, 1000), core.NewDate(2013, 1, 1)))
	h.refused(core.CodeConflict)(h.Service.AbolishDistrict(h.system, AbolishDistrictInput{ID: d, ExpectedVersion: 3, Reason: "a mistake"}))
	h.done("District")(h.Service.UpdateDistrict(h.system, UpdateDistrictInput{ID: heir, ExpectedVersion: 2, Number: graphql.OmittableOf(ptr(2))}))
	e := h.refused(core.CodeBadUserInput)(h.Service.AbolishDistrict(h.system, AbolishDistrictInput{ID: d, ExpectedVersion: 3, Reason: "a mistake"}))
	if !strings.Contains(e.Message, "district 2 (Преемник)") {
		t.Errorf("says %q", e.Message)
	}
	earlier := day(time.November, 30)
	h.done("District")(h.Service.AbolishDistrict(h.system, AbolishDistrictInput{ID: d, ExpectedVersion: 3, AbolishedOn: &earlier, Reason: "act 8"}))
	if ends := value[time.Time](h, "SELECT ends_on FROM district_boundaries WHERE district_id = ?", d.Key); core.DateOf(ends) != earlier {
		t.Errorf("the boundary ends on %v", ends)
	}
}

func TestOverlapRefused(t *testing.T) {
	h := open(t)
	one, two := h.district(1), h.district(2)
	h.done("District")(h.draw(one, squareText(0, 0, 1000, 1000), day(time.May, 1)))
	e := h.refused(core.CodeBadUserInput)(h.draw(two, squareText(900, 0, 1000, 1000), day(time.June, 1)))
	if !strings.Contains(e.Message, "district 1 (Микрорайон)") || strings.Join(e.Path, ".") != "input.boundary" {
		t.Errorf("says %q at %v", e.Message, e.Path)
	}
	// A boundary of the past that would last into the other's days is refused too.
	h.refused(core.CodeBadUserInput)(h.draw(two, squareText(900, 0, 1000, 1000), day(time.April, 1)))
	h.done("District")(h.draw(two, squareText(1000, 0, 1000, 1000), day(time.May, 1)))
	// Up to the day on which the other came it may have held the ground.
	h.done("District")(h.draw(two, squareText(900, 0, 1000, 1000), day(time.April, 1)))
}

func TestBoundariesDrawnAtOnce(t *testing.T) {
	h := open(t)
	const districts = 8
	var wait sync.WaitGroup
	won := make([]bool, districts)
	for i := range districts {
		d := h.district(i + 1)
		wait.Go(func() {
			p, err := h.draw(d, squareText(float64(i), 0, 1000, 1000), day(time.May, 1))
			if err != nil {
				t.Error(err)
			}
			won[i] = err == nil && len(p.UserErrors) == 0
		})
	}
	wait.Wait()
	if n := count(won); n != 1 {
		t.Errorf("%d districts hold the same ground", n)
	}

	// The same version drawn by many: one wins, others are told that it moved on.
	d := h.district(100)
	won = make([]bool, districts)
	for i := range districts {
		wait.Go(func() {
			p, err := h.Service.SetDistrictBoundary(h.system, SetDistrictBoundaryInput{DistrictID: d, ExpectedVersion: 1,
				Boundary: GeoJSON(squareText(5000, 0, 100+float64(i), 100)), StartsOn: day(time.May, i+1)})
			if err != nil {
				t.Error(err)
			}
			if won[i] = err == nil && len(p.UserErrors) == 0; !won[i] && err == nil && p.UserErrors[0].Code != core.CodeConflict {
				t.Errorf("refused by %+v", p.UserErrors)
			}
		})
	}
	wait.Wait()
	if n := count(won); n != 1 {
		t.Errorf("%d of one version", n)
	}
}

func count(all []bool) (n int) {
	for _, b := range all {
		if b {
			n++
		}
	}
	return n
}

func TestAddressesFollowABoundary(t *testing.T) {
	h := open(t)
	one, two := h.district(1), h.district(2)
	var addresses []core.ID
	for i := range 7 {
		xy, _ := square(t, float64(100+200*i), 50, 1, 1).Envelope().Center().XY()
		addresses = append(addresses, h.address(string(rune('1'+i)), &PointInput{xy.X, xy.Y}))
	}
	venue := h.done("Venue")(h.Service.CreateVenue(h.system, CreateVenueInput{Kind: School, Name: "Школа № 1", AddressID: &addresses[6]}))
	expect := func(h *house, want ...uuid.UUID) {
		t.Helper()
		for i, a := range addresses {
			if got := h.districtOf("addresses", a); got != want[i] {
				t.Errorf("address %d stands under %v, want %v", i, got, want[i])
			}
		}
		if got := h.districtOf("venues", venue); got != want[6] {
			t.Errorf("the venue stands under %v", got)
		}
	}
	none := uuid.Nil
	h.done("District")(h.draw(one, squareText(0, 0, 1000, 100), day(time.May, 1)))
	h.relocated(one)
	expect(h, one.Key, one.Key, one.Key, one.Key, one.Key, none, none)
	h.done("District")(h.draw(two, squareText(1000, 0, 1000, 100), day(time.May, 1)))
	h.relocated(two)
	expect(h, one.Key, one.Key, one.Key, one.Key, one.Key, two.Key, two.Key)

	// A change of a later day waits for it: the job is put off, and does nothing before.
	h.done("District")(h.draw(one, squareText(0, 0, 500, 100), day(time.November, 1)))
	h.relocated(one)
	expect(h, one.Key, one.Key, one.Key, one.Key, one.Key, two.Key, two.Key)
	if n := value[int](h, "SELECT count(*) FROM river_job WHERE kind = 'places.relocate' AND scheduled_at = '2012-10-31T16:00:00Z'"); n != 1 {
		t.Errorf("%d jobs for midnight of 1 November in Krasnoyarsk", n)
	}
	november := h.on(coretest.Noon(2012, time.November, 1))
	november.relocated(one)
	expect(h, one.Key, one.Key, none, none, none, two.Key, two.Key)
}

func TestQueueMovesAddresses(t *testing.T) {
	h := open(t)
	d := h.district(1)
	xy, _ := square(t, 50, 50, 1, 1).Envelope().Center().XY()
	a := h.address("5", &PointInput{xy.X, xy.Y})
	ctx, stop := context.WithCancel(h.system)
	var wait sync.WaitGroup
	wait.Go(func() { h.host.Events.Run(ctx) })
	moves := h.host.Events.Subscribe(ctx, events.Filter{Type: "Address", Object: a.Key})
	must(t, h.host.Jobs.Start(ctx))
	h.done("District")(h.draw(d, squareText(0, 0, 100, 100), day(time.May, 1)))
	for e := range moves.Events() {
		if e.Kind == core.Updated {
			break
		}
	}
	if got := h.districtOf("addresses", a); got != d.Key {
		t.Errorf("stands under %v", got)
	}
	must(t, h.host.Jobs.Stop(h.system))
	stop()
	wait.Wait()
	for range moves.Events() {
		t.Log("one more event while stopping")
	}
}

// Addresses entered and moved while the boundary is drawn are all found by the job that it leaves.
func TestAddressesEnteredMeanwhile(t *testing.T) {
	h := open(t)
	d := h.district(1)
	old := h.address("0", inside(t, 5000))
	var wait sync.WaitGroup
	for i := range 12 {
		wait.Go(func() {
			in := CreateAddressInput{Locality: "г. Канск", Street: "ул. Мира", House: strconv.Itoa(i), Point: inside(t, 0)}
			if p, err := h.Service.CreateAddress(h.system, in); err != nil || len(p.UserErrors) > 0 {
				t.Error(p, err)
			}
		})
	}
	wait.Go(func() {
		in := UpdateAddressInput{ID: old, ExpectedVersion: 1, Point: graphql.OmittableOf(inside(t, 0))}
		if p, err := h.Service.UpdateAddress(h.system, in); err != nil || len(p.UserErrors) > 0 {
			t.Error(p, err)
		}
	})
	wait.Go(func() {
		if p, err := h.draw(d, squareText(0, 0, 1000, 1000), day(time.May, 1)); err != nil || len(p.UserErrors) > 0 {
			t.Error(p, err)
		}
	})
	wait.Wait()
	h.relocated(d)
	if n := value[int](h, "SELECT count(*) FROM addresses WHERE district_id = ?", d.Key); n != 13 {
		t.Errorf("%d of 13 addresses stand under the district", n)
	}
}

func TestIndicatorCountsMappedDistricts(t *testing.T) {
	h := open(t)
	h.district(1)
	h.done("District")(h.draw(h.district(2), squareText(0, 0, 1000, 1000), day(time.May, 1)))
	for until, want := range map[string]int{"2012-04-30": 0, "2012-05-01": 1, "2012-12-31": 1} {
		rows := strings.NewReplacer("?municipality", "'"+h.town.ID.String()+"'", "?to", "'"+until+"'").Replace(Info().Indicators[0].Rows)
		if got := value[int](h, "SELECT count(*) FROM ("+rows+") AS counted"); got != want {
			t.Errorf("%s: %d", until, got)
		}
	}
}

func TestMapOfADay(t *testing.T) {
	h := open(t)
	founded := day(time.May, 1)
	one := h.done("District")(h.Service.CreateDistrict(h.system, CreateDistrictInput{Number: 2, Name: "Второй", FoundedOn: &founded}))
	h.district(1)
	h.done("District")(h.draw(one, squareText(0, 0, 1000, 1000), founded))
	read := func(ctx context.Context, on *core.Date) (numbers []int, drawn int) {
		raw, err := h.Service.DistrictsGeoJSON(ctx, on)
		must(t, err)
		var all struct {
			Type     string
			Features []struct {
				ID         string
				Geometry   *struct{ Type string }
				Properties struct{ Number int }
			}
		}
		must(t, json.Unmarshal(raw, &all))
		for _, f := range all.Features {
			numbers = append(numbers, f.Properties.Number)
			if f.Geometry != nil && f.Geometry.Type == "Polygon" {
				drawn++
			}
		}
		return numbers, drawn
	}
	april := day(time.April, 1)
	for _, c := range []struct {
		ctx     context.Context
		on      *core.Date
		numbers int
		drawn   int
	}{
		{h.nobody(), nil, 2, 1}, {h.nobody(), &april, 1, 0},
		{core.WithMunicipality(h.system, coretest.Town(t, h.db, "achinsk")), nil, 0, 0},
		{core.WithActor(h.system, core.Actor{Kind: core.Service}), nil, 0, 0},
	} {
		if numbers, drawn := read(c.ctx, c.on); len(numbers) != c.numbers || drawn != c.drawn {
			t.Errorf("%v: %v, %d drawn", c.on, numbers, drawn)
		}
	}
}

func ptr[T any](v T) *T { return &v }
