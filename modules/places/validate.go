package places

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// words is a text on one line that must say something: spaces folded, no control characters.
func words(p *core.Problems, text string, most int, field string) string {
	clean := strings.Join(strings.Fields(text), " ")
	n := utf8.RuneCountInString(clean)
	p.Check(n >= 1 && n <= most && printable(clean), core.Textf("From 1 to %[1]d characters, none of them a control character.",
		"От 1 до %[1]d знаков, без управляющих символов.", most), "input", field)
	return clean
}

// perhaps is words for a text that may be absent; an empty one is absent.
func perhaps(p *core.Problems, text *string, most int, field string) *string {
	if text == nil || strings.TrimSpace(*text) == "" {
		return nil
	}
	clean := words(p, *text, most, field)
	return &clean
}

func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// assign sets a value that an update names; null is refused where the value must stand.
func assign[T any](p *core.Problems, to *T, in graphql.Omittable[*T], field string) {
	value, set := in.ValueOK()
	if !set {
		return
	}
	p.Check(value != nil, core.T("This cannot be empty; leave the field out to keep it as it is.", "Это поле не может быть пустым; чтобы не менять его, не указывайте его."), "input", field)
	if value != nil {
		*to = *value
	}
}

// replace sets a value that an update names and that may be emptied by null.
func replace[T any](to **T, in graphql.Omittable[*T]) {
	if value, set := in.ValueOK(); set {
		*to = value
	}
}

func (d *District) validate() error {
	var p core.Problems
	d.Name = words(&p, d.Name, 200, "name")
	d.ExternalKey = perhaps(&p, d.ExternalKey, 200, "externalKey")
	p.Check(d.Number >= 1 && d.Number <= 9999, core.T("From 1 to 9,999.", "От 1 до 9999."), "input", "number")
	p.Check(d.FoundedOn == nil || d.AbolishedOn == nil || !d.AbolishedOn.Before(*d.FoundedOn),
		core.T("The last day is before the first.", "Последний день раньше первого."), "input", "abolishedOn")
	return p.Err()
}

var postalForm = regexp.MustCompile(`^[0-9]{6}$`)

// validate checks the address; p holds what was already wrong with its input.
func (a *Address) validate(p core.Problems) error {
	a.Locality = words(&p, a.Locality, 200, "locality")
	a.Street = words(&p, a.Street, 200, "street")
	a.House = words(&p, a.House, 20, "house")
	a.Building = perhaps(&p, a.Building, 20, "building")
	a.ExternalKey = perhaps(&p, a.ExternalKey, 200, "externalKey")
	a.PostalIndex = perhaps(&p, a.PostalIndex, 6, "postalIndex")
	p.Check(a.PostalIndex == nil || postalForm.MatchString(*a.PostalIndex),
		core.T("A postal index is six digits.", "Почтовый индекс — шесть цифр."), "input", "postalIndex")
	if a.FiasID != nil {
		id, err := uuid.Parse(strings.TrimSpace(*a.FiasID))
		p.Check(err == nil && len(strings.TrimSpace(*a.FiasID)) == 36, core.T("Write the GUID of the address register as 8-4-4-4-12 hexadecimal digits.",
			"Запишите GUID адреса из ГАР в виде 8-4-4-4-12 шестнадцатеричных цифр."), "input", "fiasId")
		text := id.String()
		a.FiasID = &text
	}
	return p.Err()
}

// validate checks the venue; p holds what was already wrong with its input.
func (v *Venue) validate(p core.Problems) error {
	v.Name = words(&p, v.Name, 200, "name")
	v.ExternalKey = perhaps(&p, v.ExternalKey, 200, "externalKey")
	v.Accessibility = perhaps(&p, v.Accessibility, 2000, "accessibility")
	p.Check(v.Capacity == nil || *v.Capacity >= 1 && *v.Capacity <= 1_000_000,
		core.T("From 1 to 1,000,000.", "От 1 до 1 000 000."), "input", "capacity")
	p.Check(v.Kind.known(), core.T("There is no such kind of venue.", "Такого вида площадок нет."), "input", "kind")
	return p.Err()
}

func (k VenueKind) known() bool {
	switch k {
	case HouseOfCulture, Library, School, SportsHall, Administration, ReceptionOffice, Hospital, OpenAir, OtherVenue:
		return true
	}
	return false
}

// assignText sets a text that must stand in both languages.
func assignText(p *core.Problems, to *core.Text, in graphql.Omittable[*core.Text], field string) {
	var given core.Text
	assign(p, &given, in, field)
	if value, set := in.ValueOK(); set && value != nil {
		*to = core.T(words(p, given.En, 200, field), words(p, given.Ru, 200, field))
	}
}
