package core

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Municipality is the tenant: a town with its own data, rights, modules and clock. Every owned
// row belongs to exactly one, and no query sees two.
type Municipality struct {
	ID       uuid.UUID
	Key      string // short latin name, as in X-Municipality: kansk
	Name     Text
	Region   Text
	TimeZone string   // IANA name, e.g. Asia/Krasnoyarsk
	Hosts    []string // host names that lead to it
	// DisabledModules are switched off: their part of the schema is not there.
	DisabledModules []string

	location *time.Location // of TimeZone, once it was read
}

// SetTimeZone names the zone and reads its rules from this machine's disk, which Location would
// otherwise do at each call. It is for whoever makes the value, before others see it. "Local"
// would be the zone of whatever machine serves the request, and is refused.
func (m *Municipality) SetTimeZone(name string) error {
	loc, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return Invalid(Textf("%q is not a time zone of the IANA database, such as Asia/Krasnoyarsk.", "%q — не часовой пояс базы IANA, например Asia/Krasnoyarsk.", clip(name)), "timeZone")
	}
	m.TimeZone, m.location = name, loc
	return nil
}

// Location is the town's time zone; UTC when the name is unknown to this machine.
func (m *Municipality) Location() *time.Location {
	if m.location != nil && m.location.String() == m.TimeZone {
		return m.location
	}
	if loc, err := time.LoadLocation(m.TimeZone); err == nil {
		return loc
	}
	return time.UTC
}

// Today is the date in the town at that moment.
func (m *Municipality) Today(clock Clock) Date { return DateOf(clock().In(m.Location())) }

// Has says whether the module is switched on.
func (m *Municipality) Has(module string) bool { return !slices.Contains(m.DisabledModules, module) }

type municipalityKey struct{}

// WithMunicipality puts the tenant into the context.
func WithMunicipality(ctx context.Context, m *Municipality) context.Context {
	return context.WithValue(ctx, municipalityKey{}, m)
}

// nowhere owns no rows: its id is the nil UUID, which no municipality has.
var nowhere = &Municipality{TimeZone: "UTC"}

// MunicipalityOf is the tenant of this context. Without one it is a municipality that owns
// nothing, so that a forgotten WithMunicipality finds nothing instead of everything.
func MunicipalityOf(ctx context.Context) *Municipality {
	if m, ok := ctx.Value(municipalityKey{}).(*Municipality); ok {
		return m
	}
	return nowhere
}
