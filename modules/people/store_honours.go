package people

import (
	"context"

	"github.com/google/uuid"
)

// HasHonour says whether the person bears an honour of that kind; importers ask it.
func (s *Service) HasHonour(ctx context.Context, person uuid.UUID, kind HonourKind) (bool, error) {
	var honours int
	err := s.host.DB.NewSelect().Model((*Honour)(nil)).ColumnExpr("count(*)").
		Where("person_id = ?", person).Where("kind = ?", kind).Scan(ctx, &honours)
	return honours > 0, err
}
