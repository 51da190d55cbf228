package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
)

// accessLog notes who saw whose personal data (152-FZ, article 19, part 2, point 8: all actions with
// personal data are registered and accounted for).
type accessLog struct {
	db    bun.IDB
	clock core.Clock
}

// read is told by the reader, before the rows are shown: one INSERT for all of them. What a person
// reads of their own is theirs; the version is not personal.
func (l *accessLog) read(ctx context.Context, persons []uuid.UUID, columns []string) error {
	columns = slices.DeleteFunc(slices.Clone(columns), func(c string) bool { return c == "version" })
	self := core.ActorOf(ctx).Person
	others := slices.DeleteFunc(slices.Clone(persons), func(p uuid.UUID) bool { return p == self })
	if len(columns) == 0 || len(others) == 0 {
		return nil
	}
	return l.write(ctx, l.db, ActionRead, others, columns)
}

func (l *accessLog) write(ctx context.Context, db bun.IDB, action PersonalDataAction, persons []uuid.UUID, columns []string) error {
	actor := core.ActorOf(ctx)
	rows := make([]*PersonalDataAccess, len(persons))
	for i, person := range persons {
		rows[i] = &PersonalDataAccess{
			ID: core.NewID(), PersonID: person, Action: action, Columns: columns,
			ReaderKind:    PersonalDataReader(strings.ToUpper(string(actor.Kind))),
			ReaderAccount: unlessNil(actor.Account), ReaderPersonID: unlessNil(actor.Person),
			At: moment(l.clock()), RequestID: core.RequestIDOf(ctx),
		}
	}
	if _, err := db.NewInsert().Model(&rows).Exec(ctx); err != nil {
		return fmt.Errorf("log of access to personal data: %w", err)
	}
	return nil
}

// unlessNil is nil for the nil UUID.
func unlessNil(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}
