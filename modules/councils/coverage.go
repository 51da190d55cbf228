package councils

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/places"
)

// Coverage says how many districts have an active body of that kind on that day, today when no
// day is given; of what the caller may see.
func (s *Service) Coverage(ctx context.Context, kind CouncilKind, asOf *core.Date) (*CouncilCoverage, error) {
	day := core.MunicipalityOf(ctx).Today(s.clock)
	if asOf != nil {
		day = *asOf
	}
	districts, err := read.Visible[places.District](ctx, s.reads, "district")
	if err != nil {
		return nil, err
	}
	bodies, err := read.Visible[Council](ctx, s.reads, "council")
	if err != nil {
		return nil, err
	}
	rows, err := s.reads.DB().QueryContext(ctx, `SELECT district.id, EXISTS (SELECT FROM councils AS council
			WHERE council.municipality_id = district.municipality_id AND council.district_id = district.id AND council.kind = ?0
			AND council.active_from <= ?1 AND (council.dissolved_on IS NULL OR council.dissolved_on >= ?1) AND ?2)
		FROM districts AS district
		WHERE (district.founded_on IS NULL OR district.founded_on <= ?1) AND (district.abolished_on IS NULL OR district.abolished_on >= ?1) AND ?3
		ORDER BY district.number`, kind, day, bodies, districts)
	if err != nil {
		return nil, fmt.Errorf("coverage: %w", err)
	}
	defer func() { _ = rows.Close() }()
	coverage := &CouncilCoverage{}
	for rows.Next() {
		var district uuid.UUID
		var covered bool
		if err := rows.Scan(&district, &covered); err != nil {
			return nil, fmt.Errorf("coverage: %w", err)
		}
		coverage.Total++
		if covered {
			coverage.Covered++
		} else {
			coverage.Uncovered = append(coverage.Uncovered, district)
		}
	}
	return coverage, rows.Err()
}
