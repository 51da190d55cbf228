package places

import (
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
)

func (h *house) address(number string, at *PointInput) core.ID {
	h.Helper()
	return h.done("Address")(h.Service.CreateAddress(h.system, CreateAddressInput{Locality: "г. Канск", Street: "ул. Ленина", House: number, Point: at}))
}

// inside is a point of the square kilometre whose corner is that many metres east.
func inside(t *testing.T, east float64) *PointInput {
	t.Helper()
	xy, _ := square(t, east, 0, 1000, 1000).Envelope().Center().XY()
	return &PointInput{xy.X, xy.Y}
}

func TestAddressRefused(t *testing.T) {
	h := open(t)
	one, two := h.district(1), h.district(2)
	h.done("District")(h.draw(one, squareText(0, 0, 1000, 1000), day(time.May, 1)))
	h.done("District")(h.draw(two, squareText(1000, 0, 1000, 1000), day(time.May, 1)))
	good := CreateAddressInput{Locality: "г. Канск", Street: "ул. Ленина", House: "5", Point: inside(t, 0)}
	h.refused(core.CodeUnauthenticated)(h.Service.CreateAddress(h.nobody(), good))
	h.refused(core.CodeForbidden)(h.Service.CreateAddress(h.as("resident", nil), good))
	h.refused(core.CodeForbidden)(h.Service.CreateAddress(h.as("clerk", &two), good))
	for field, spoil := range map[string]func(in *CreateAddressInput){
		"street":      func(in *CreateAddressInput) { in.Street = " " },
		"house":       func(in *CreateAddressInput) { in.House = strings.Repeat("1", 21) },
		"postalIndex": func(in *CreateAddressInput) { in.PostalIndex = ptr("66360") },
		"fiasId":      func(in *CreateAddressInput) { in.FiasID = ptr("not a guid") },
		"point":       func(in *CreateAddressInput) { in.Point = &PointInput{56.2, 95.7} },
		"building":    func(in *CreateAddressInput) { in.Building = ptr("a\x00") },
	} {
		in := good
		spoil(&in)
		e := h.refused(core.CodeBadUserInput)(h.Service.CreateAddress(h.system, in))
		if strings.Join(e.Path, ".") != "input."+field {
			t.Errorf("%s: at %v", field, e.Path)
		}
	}
	good.FiasID = ptr("0C5B2444-70A0-4932-980C-B4DC0D3F02B5")
	id := h.done("Address")(h.Service.CreateAddress(h.as("clerk", &one), good))
	if got := h.districtOf("addresses", id); got != one.Key {
		t.Errorf("stands under %v", got)
	}
	same := good
	same.Street, same.FiasID = "УЛ.  ЛЕНИНА", nil
	h.refused(core.CodeConflict)(h.Service.CreateAddress(h.system, same))
	same.Street, same.FiasID = "ул. Мира", ptr("0c5b2444-70a0-4932-980c-b4dc0d3f02b5")
	h.refused(core.CodeConflict)(h.Service.CreateAddress(h.system, same))

	// Into a district where the clerk has no right it is not moved; with the right it is.
	move := UpdateAddressInput{ID: id, ExpectedVersion: 1, Point: graphql.OmittableOf(inside(t, 1000))}
	h.refused(core.CodeForbidden)(h.Service.UpdateAddress(h.as("clerk", &one), move))
	h.done("Address")(h.Service.UpdateAddress(h.as("clerk", nil), move))
	if got := h.districtOf("addresses", id); got != two.Key {
		t.Errorf("stands under %v", got)
	}
	h.refused(core.CodeForbidden)(h.Service.UpdateAddress(h.as("clerk", &one), UpdateAddressInput{ID: id, ExpectedVersion: 2, House: graphql.OmittableOf(ptr("6"))}))
	// Without its point it would lie in no district, where a right in one does not reach.
	h.refused(core.CodeForbidden)(h.Service.UpdateAddress(h.as("clerk", &two), UpdateAddressInput{ID: id, ExpectedVersion: 2, Point: graphql.OmittableOf[*PointInput](nil)}))
	h.done("Address")(h.Service.UpdateAddress(h.as("clerk", &two), UpdateAddressInput{ID: id, ExpectedVersion: 2, PostalIndex: graphql.OmittableOf(ptr("663600"))}))
}

func TestAddressWithoutPointLosesItsDistrict(t *testing.T) {
	h := open(t)
	one := h.district(1)
	h.done("District")(h.draw(one, squareText(0, 0, 1000, 1000), day(time.May, 1)))
	a := h.address("1", inside(t, 0))
	v := h.done("Venue")(h.Service.CreateVenue(h.system, CreateVenueInput{Kind: Library, Name: "Библиотека", AddressID: &a}))
	if got := h.districtOf("venues", v); got != one.Key {
		t.Errorf("the venue stands under %v", got)
	}
	h.done("Address")(h.Service.UpdateAddress(h.as("clerk", nil), UpdateAddressInput{ID: a, ExpectedVersion: 1, Point: graphql.OmittableOf[*PointInput](nil)}))
	if x, y := h.districtOf("addresses", a), h.districtOf("venues", v); x != uuid.Nil || y != uuid.Nil {
		t.Errorf("still under %v and %v", x, y)
	}
}

func TestMerge(t *testing.T) {
	h := open(t)
	kept, first, second, top := h.address("1", nil), h.address("2", nil), h.address("3", nil), h.address("4", nil)
	venue := h.done("Venue")(h.Service.CreateVenue(h.system, CreateVenueInput{Kind: School, Name: "Школа", AddressID: &first}))
	at := func() uuid.UUID {
		return value[uuid.UUID](h, "SELECT address_id FROM venues WHERE id = ?", venue.Key)
	}
	merge := func(into core.ID, ids ...core.ID) (*core.Payload, error) {
		return h.Service.MergeAddresses(h.as("clerk", nil), MergeAddressesInput{KeptID: into, DuplicateIds: ids})
	}
	undo := func(id core.ID) (*core.Payload, error) {
		return h.Service.UndoMergeAddresses(h.as("clerk", nil), UndoMergeAddressesInput{ID: id})
	}
	h.refused(core.CodeForbidden)(h.Service.MergeAddresses(h.as("resident", nil), MergeAddressesInput{KeptID: kept, DuplicateIds: []core.ID{first}}))
	h.refused(core.CodeBadUserInput)(merge(kept))
	h.refused(core.CodeBadUserInput)(merge(kept, kept))
	h.refused(core.CodeBadUserInput)(merge(kept, first, first))
	h.refused(core.CodeNotFound)(merge(kept, core.ID{Type: "Address", Key: core.NewID()}))
	h.refused(core.CodeConflict)(undo(first))

	if got := h.done("Address")(merge(kept, first, second)); got != kept || at() != kept.Key {
		t.Fatalf("kept %v, the venue is at %v", got, at())
	}
	h.refused(core.CodeConflict)(merge(top, first))
	h.refused(core.CodeConflict)(merge(first, top))
	h.refused(core.CodeConflict)(h.Service.UpdateAddress(h.system, UpdateAddressInput{ID: first, ExpectedVersion: 2}))
	h.refused(core.CodeBadUserInput)(h.Service.CreateVenue(h.system, CreateVenueInput{Kind: School, Name: "Школа", AddressID: &first}))

	// Merges on merges are undone in the other order.
	h.done("Address")(merge(top, kept))
	h.refused(core.CodeConflict)(undo(first))
	h.done("Address")(undo(kept))
	if at() != kept.Key {
		t.Errorf("the venue is at %v", at())
	}
	// Somebody entered the duplicate again: it cannot come back until that one is gone.
	again := h.address("3", nil)
	h.refused(core.CodeConflict)(undo(second))
	h.done("Address")(merge(kept, again))
	h.done("Address")(undo(second))
	h.done("Address")(undo(first))
	if at() != first.Key {
		t.Errorf("the venue is at %v", at())
	}
}

func TestVenue(t *testing.T) {
	h := open(t)
	one, two := h.district(1), h.district(2)
	h.done("District")(h.draw(one, squareText(0, 0, 1000, 1000), day(time.May, 1)))
	h.done("District")(h.draw(two, squareText(1000, 0, 1000, 1000), day(time.May, 1)))
	a := h.address("1", inside(t, 0))
	good := CreateVenueInput{Kind: HouseOfCulture, Name: "ГДК", AddressID: &a, Capacity: ptr(400)}
	h.refused(core.CodeUnauthenticated)(h.Service.CreateVenue(h.nobody(), good))
	h.refused(core.CodeForbidden)(h.Service.CreateVenue(h.as("clerk", &two), good))
	for _, spoil := range []func(in *CreateVenueInput){
		func(in *CreateVenueInput) { in.Kind = "CASTLE" },
		func(in *CreateVenueInput) { in.Name = "" },
		func(in *CreateVenueInput) { in.Capacity = ptr(0) },
		func(in *CreateVenueInput) { in.AddressID = &one },
		func(in *CreateVenueInput) { in.Accessibility = ptr(strings.Repeat("я", 2001)) },
	} {
		in := good
		spoil(&in)
		h.refused(core.CodeBadUserInput)(h.Service.CreateVenue(h.system, in))
	}
	v := h.done("Venue")(h.Service.CreateVenue(h.as("clerk", &one), good))
	// A point of its own goes before the address's.
	h.done("Venue")(h.Service.UpdateVenue(h.as("clerk", nil), UpdateVenueInput{ID: v, ExpectedVersion: 1, Point: graphql.OmittableOf(inside(t, 1000))}))
	if got := h.districtOf("venues", v); got != two.Key {
		t.Errorf("stands under %v", got)
	}
	last := day(time.October, 1)
	closing := CloseVenueInput{ID: v, ExpectedVersion: 2, ClosedOn: last, Reason: "Ремонт"}
	h.refused(core.CodeForbidden)(h.Service.CloseVenue(h.as("clerk", &one), closing))
	h.done("Venue")(h.Service.CloseVenue(h.as("clerk", &two), closing))
	h.refused(core.CodeConflict)(h.Service.CloseVenue(h.as("clerk", &two), closing))
	h.done("Venue")(h.Service.UpdateVenue(h.system, UpdateVenueInput{ID: v, ExpectedVersion: 3, ClosedOn: graphql.OmittableOf[*core.Date](nil)}))
}

func TestMunicipality(t *testing.T) {
	h := open(t)
	h.Others(h.Module, named("councils"))
	coretest.Town(t, h.db, "achinsk")
	_, err := h.db.Exec("UPDATE municipalities SET hosts = '{achinsk.example}' WHERE key = 'achinsk'")
	must(t, err)
	admin := h.as("administrator", nil)
	answer := func(p *UpdateMunicipalityPayload, err error) (*core.Payload, error) {
		if err != nil {
			return nil, err
		}
		all := &core.Payload{}
		for _, e := range p.UserErrors {
			all.UserErrors = append(all.UserErrors, *e)
		}
		return all, nil
	}
	zone := UpdateMunicipalityInput{ExpectedVersion: 1, TimeZone: graphql.OmittableOf(ptr("Europe/Moscow"))}
	h.refused(core.CodeUnauthenticated)(answer(h.Service.UpdateMunicipality(h.nobody(), zone)))
	h.refused(core.CodeForbidden)(answer(h.Service.UpdateMunicipality(h.as("clerk", nil), zone)))
	for field, wrong := range map[string]UpdateMunicipalityInput{
		"timeZone":          {TimeZone: graphql.OmittableOf(ptr("Mars/Olympus"))},
		"name":              {Name: graphql.OmittableOf(&core.Text{Ru: "Канск"})},
		"hosts.0":           {Hosts: graphql.OmittableOf([]string{"https://kansk.example"})},
		"disabledModules.0": {DisabledModules: graphql.OmittableOf([]string{"places"})},
		"disabledModules.1": {DisabledModules: graphql.OmittableOf([]string{"councils", "receptions"})},
	} {
		wrong.ExpectedVersion = 1
		e := h.refused(core.CodeBadUserInput)(answer(h.Service.UpdateMunicipality(admin, wrong)))
		if strings.Join(e.Path, ".") != "input."+field {
			t.Errorf("%s: at %v", field, e.Path)
		}
	}
	for _, local := range []string{"", "Local"} {
		h.refused(core.CodeBadUserInput)(answer(h.Service.UpdateMunicipality(admin, UpdateMunicipalityInput{ExpectedVersion: 1, TimeZone: graphql.OmittableOf(&local)})))
	}
	h.refused(core.CodeConflict)(answer(h.Service.UpdateMunicipality(admin, UpdateMunicipalityInput{ExpectedVersion: 1, Hosts: graphql.OmittableOf([]string{"Achinsk.example"})})))
	h.refused(core.CodeConflict)(answer(h.Service.UpdateMunicipality(admin, UpdateMunicipalityInput{ExpectedVersion: 9, TimeZone: zone.TimeZone})))

	heard := listen(t, h)
	p, err := h.Service.UpdateMunicipality(admin, UpdateMunicipalityInput{ExpectedVersion: 1, TimeZone: zone.TimeZone,
		Name:  graphql.OmittableOf(&core.Text{Ru: "Канск", En: "Kansk"}),
		Hosts: graphql.OmittableOf([]string{"kansk.example", "Kansk.example"}), DisabledModules: graphql.OmittableOf([]string{"councils"})})
	must(t, err)
	if m := p.Municipality; m == nil || m.Name(core.WithLanguage(t.Context(), core.Russian)) != "Канск" || m.TimeZone() != "Europe/Moscow" ||
		len(m.Hosts()) != 1 || m.Modules(t.Context())[1].Enabled || !m.Modules(t.Context())[0].Enabled {
		t.Errorf("answers %+v", p)
	}
	if got := heard(); got != "veche_municipality" {
		t.Errorf("heard %q", got)
	}
	if version, err := (MunicipalityResolver{h.Module}).Version(h.system, nil); err != nil || version != 2 {
		t.Errorf("version %d, %v", version, err)
	}
}

type named string

func (n named) Info() core.Info { return core.Info{Name: string(n)} }

// listen hears what other replicas hear.
func listen(t *testing.T, h *house) (next func() string) {
	t.Helper()
	conn, err := h.db.Pool.Acquire(t.Context())
	must(t, err)
	t.Cleanup(conn.Release)
	_, err = conn.Exec(t.Context(), "LISTEN veche_municipality")
	must(t, err)
	return func() string {
		n, err := conn.Conn().WaitForNotification(t.Context())
		must(t, err)
		return n.Channel
	}
}
