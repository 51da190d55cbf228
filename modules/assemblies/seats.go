package assemblies

import (
	"context"
	"encoding/base64"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

// Seat is a seat on a day. It is no row: it follows from the charter and the bodies of the day.
type Seat struct {
	Rule       read.Ref[SeatRule]
	Number     int
	District   read.Ref[places.District]
	Council    read.Ref[councils.Council]
	State      SeatState
	Holder     read.Ref[Delegate]
	Membership read.Ref[councils.Membership]
	Substitute read.Ref[Delegate]
	Person     read.Ref[people.Person]
	Vacancy    *Vacancy
}

// SeatState is whether somebody sits.
type SeatState string

const (
	Filled SeatState = "FILLED"
	Vacant SeatState = "VACANT"
)

// Vacancy is why nobody sits.
type Vacancy struct {
	Reason        VacancyReason
	FormerHolder  read.Ref[Delegate]
	EndReason     *DelegateEndReason
	LeavingReason *councils.LeavingReason
}

// VacancyReason is why a seat is vacant.
type VacancyReason string

// SeatConditions narrows the seats of a day.
type SeatConditions struct {
	State      *SeatState
	Reason     *VacancyReason
	RuleID     *core.ID
	CouncilID  *core.ID
	DistrictID *core.ID
}

// seatRow is a row of assembly_seats.
type seatRow struct {
	Total         int
	Sorted        *string // nil: the page is empty
	RuleID        uuid.UUID
	Number        int
	DistrictID    uuid.NullUUID
	CouncilID     uuid.NullUUID
	HolderID      uuid.NullUUID
	MembershipID  uuid.NullUUID
	SubstituteID  uuid.NullUUID
	PersonID      uuid.NullUUID
	Filled        bool
	Reason        *VacancyReason
	FormerID      uuid.NullUUID
	EndReason     *DelegateEndReason
	LeavingReason *councils.LeavingReason
}

func (r *seatRow) seat() *Seat {
	s := &Seat{
		Rule: read.Ref[SeatRule](r.RuleID), Number: r.Number, District: read.Ref[places.District](r.DistrictID.UUID), Council: read.Ref[councils.Council](r.CouncilID.UUID),
		State: Filled, Holder: read.Ref[Delegate](r.HolderID.UUID), Membership: read.Ref[councils.Membership](r.MembershipID.UUID),
		Substitute: read.Ref[Delegate](r.SubstituteID.UUID), Person: read.Ref[people.Person](r.PersonID.UUID),
	}
	if !r.Filled {
		s.State = Vacant
		s.Vacancy = &Vacancy{Reason: *r.Reason, FormerHolder: read.Ref[Delegate](r.FormerID.UUID), EndReason: r.EndReason, LeavingReason: r.LeavingReason}
	}
	return s
}

// Seats is a page of an assembly's seats on a day, in one statement. It asks for no right: who asks was
// shown the assembly.
func (s *Service) Seats(ctx context.Context, assembly uuid.UUID, first *int, after *string, filter *SeatConditions, asOf *core.Date) (*read.Connection[Seat], error) {
	size := read.DefaultPage
	if first != nil {
		size = *first
	}
	if most := s.reads.MaxPage(); size < 0 || size > most {
		return nil, core.Invalid(core.Textf("first is from 0 to %d.", "first — от 0 до %d.", most), "first")
	}
	from, err := parseCursor(after)
	if err != nil {
		return nil, err
	}
	seats := s.reads.DB().NewSelect().TableExpr("assembly_seats(?, ?, ?) AS seat", core.MunicipalityOf(ctx).ID, assembly, s.day(ctx, asOf))
	if err := filter.apply(seats); err != nil {
		return nil, err
	}
	var rows []seatRow
	err = s.reads.DB().NewSelect().With("seat", seats.ColumnExpr("seat.*")).
		TableExpr("(SELECT count(*) AS total FROM seat) AS every").
		Join(`LEFT JOIN LATERAL (SELECT * FROM seat WHERE sorted COLLATE "C" > ? ORDER BY sorted COLLATE "C" LIMIT ?) AS page ON TRUE`, from, size+1).
		ColumnExpr("every.total, page.sorted, coalesce(page.rule_id, ?) AS rule_id, coalesce(page.number, 0) AS number, page.district_id, page.council_id, page.holder_id", uuid.Nil).
		ColumnExpr("page.membership_id, page.substitute_id, page.person_id, coalesce(page.filled, FALSE) AS filled, page.reason, page.former_id, page.end_reason, page.leaving_reason").
		OrderExpr(`page.sorted COLLATE "C"`).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("seats: %w", err)
	}
	return pageOf(rows, size, after != nil), nil
}

// apply puts the filter's conditions into the statement.
func (f *SeatConditions) apply(q *bun.SelectQuery) error {
	if f == nil {
		return nil
	}
	if f.State != nil {
		q.Where("seat.filled = ?", *f.State == Filled)
	}
	if f.Reason != nil {
		q.Where("seat.reason = ?", *f.Reason)
	}
	for _, c := range []struct {
		id                *core.ID
		typ, field, where string
	}{
		{f.RuleID, "SeatRule", "ruleId", "seat.rule_id = ?"}, {f.CouncilID, "Council", "councilId", "seat.council_id = ?"},
		{f.DistrictID, "District", "districtId", "seat.district_id = ?"},
	} {
		key, err := core.KeyOf(c.id, c.typ, "filter", c.field)
		if err != nil {
			return err
		}
		if key != nil {
			q.Where(c.where, *key)
		}
	}
	return nil
}

func pageOf(rows []seatRow, size int, beyond bool) *read.Connection[Seat] {
	page := &read.Connection[Seat]{Nodes: []*Seat{}, Edges: []*read.Edge[Seat]{}, PageInfo: &read.PageInfo{HasPreviousPage: beyond}}
	for i := range rows {
		r := &rows[i]
		page.TotalCount = r.Total
		if r.Sorted == nil {
			break
		}
		if page.PageInfo.HasNextPage = len(page.Nodes) == size; page.PageInfo.HasNextPage {
			break
		}
		seat := r.seat()
		page.Nodes = append(page.Nodes, seat)
		page.Edges = append(page.Edges, &read.Edge[Seat]{Cursor: base64.RawURLEncoding.EncodeToString([]byte(*r.Sorted)), Node: seat})
	}
	if n := len(page.Edges); n > 0 {
		page.PageInfo.StartCursor, page.PageInfo.EndCursor = &page.Edges[0].Cursor, &page.Edges[n-1].Cursor
	}
	return page
}

// parseCursor is the order's key of the last seat of the page before.
func parseCursor(after *string) (string, error) {
	if after == nil {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*after)
	if err != nil || !isText(raw) {
		return "", core.Invalid(core.T("This is not a cursor of this list. Start again from the first page.", "Это не курсор данного списка. Начните с первой страницы."), "after")
	}
	return string(raw), nil
}

// day is the day asked about, today when none is.
func (s *Service) day(ctx context.Context, asOf *core.Date) core.Date {
	if asOf != nil {
		return *asOf
	}
	return core.MunicipalityOf(ctx).Today(s.clock)
}
