package assemblies

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/places"
)

// Figures are how many seats are expected and what became of them.
type Figures struct{ Expected, Fillable, Filled, Vacant int }

// Composition is the figures of an assembly on a day.
type Composition struct {
	AsOf    core.Date
	Charter read.Ref[Charter]
	Figures
	ByRule       []*RuleComposition
	Vacancies    []*Vacancies
	VacantPlaces []*VacantPlace
}

// RuleComposition is the figures of one rule.
type RuleComposition struct {
	Rule read.Ref[SeatRule]
	Name string
	Figures
}

// Vacancies are the seats that are vacant for one reason.
type Vacancies struct {
	Reason VacancyReason
	Count  int
}

// VacantPlace is one whose seats are vacant.
type VacantPlace struct {
	Reason   VacancyReason
	Rule     read.Ref[SeatRule]
	District read.Ref[places.District]
	Council  read.Ref[councils.Council]
	Count    int
}

// part is the seats of one rule that are filled, or those of one place that are vacant for one reason.
type part struct {
	CharterID, RuleID          uuid.UUID
	Name                       string
	Reason                     *VacancyReason
	DistrictID, CouncilID      uuid.NullUUID
	Expected, Fillable, Filled int
}

const partsOf = `SELECT charter.id AS charter_id, part.rule_id, part.name, seat.reason,
		CASE WHEN seat.reason IS NOT NULL THEN seat.district_id END AS district_id, CASE WHEN seat.reason IS NOT NULL THEN seat.council_id END AS council_id,
		count(seat.rule_id) AS expected, count(*) FILTER (WHERE seat.fillable) AS fillable, count(*) FILTER (WHERE seat.filled) AS filled
	FROM assembly_charters AS charter
	JOIN charter_rules AS part ON part.municipality_id = charter.municipality_id AND part.charter_id = charter.id
	LEFT JOIN assembly_seats(?0, ?1, ?2) AS seat ON seat.rule_id = part.rule_id
	WHERE charter.municipality_id = ?0 AND charter.assembly_id = ?1 AND charter.starts_on <= ?2 AND (charter.ends_on IS NULL OR charter.ends_on >= ?2)
	GROUP BY charter.id, part.rule_id, part.name, part.position, seat.reason, 5, 6
	ORDER BY part.position, min(seat.sorted COLLATE "C")`

// Composition is the figures of an assembly on a day, in one statement. It asks for no right: who asks
// was shown the assembly.
func (s *Service) Composition(ctx context.Context, assembly uuid.UUID, asOf *core.Date) (*Composition, error) {
	return compositionOn(ctx, s.reads.DB(), assembly, s.day(ctx, asOf))
}

func compositionOn(ctx context.Context, db bun.IDB, assembly uuid.UUID, on core.Date) (*Composition, error) {
	var parts []part
	if err := db.NewRaw(partsOf, core.MunicipalityOf(ctx).ID, assembly, on).Scan(ctx, &parts); err != nil {
		return nil, fmt.Errorf("composition on %s: %w", on, err)
	}
	c := &Composition{AsOf: on, ByRule: []*RuleComposition{}, Vacancies: []*Vacancies{}, VacantPlaces: []*VacantPlace{}}
	for _, p := range parts {
		c.add(p)
	}
	slices.SortStableFunc(c.Vacancies, func(a, b *Vacancies) int { return b.Count - a.Count })
	return c, nil
}

// add counts one part; those of a rule come one after another.
func (c *Composition) add(p part) {
	c.Charter = read.Ref[Charter](p.CharterID)
	n := len(c.ByRule)
	if n == 0 || c.ByRule[n-1].Rule != read.Ref[SeatRule](p.RuleID) {
		c.ByRule = append(c.ByRule, &RuleComposition{Rule: read.Ref[SeatRule](p.RuleID), Name: p.Name})
		n++
	}
	for _, f := range []*Figures{&c.Figures, &c.ByRule[n-1].Figures} {
		f.Expected += p.Expected
		f.Fillable += p.Fillable
		f.Filled += p.Filled
		f.Vacant += p.Expected - p.Filled
	}
	if p.Reason == nil {
		return
	}
	at := slices.IndexFunc(c.Vacancies, func(v *Vacancies) bool { return v.Reason == *p.Reason })
	if at < 0 {
		at = len(c.Vacancies)
		c.Vacancies = append(c.Vacancies, &Vacancies{Reason: *p.Reason})
	}
	c.Vacancies[at].Count += p.Expected
	c.VacantPlaces = append(c.VacantPlaces, &VacantPlace{
		Reason: *p.Reason, Rule: read.Ref[SeatRule](p.RuleID), District: read.Ref[places.District](p.DistrictID.UUID), Council: read.Ref[councils.Council](p.CouncilID.UUID), Count: p.Expected,
	})
}

// isText says whether Postgres takes the bytes for a text.
func isText(raw []byte) bool { return utf8.Valid(raw) && !bytes.Contains(raw, []byte{0}) }
