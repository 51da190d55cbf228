package identity

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/core/postgres"
)

// forgetAfter is when an attempt's row without a success is of no use: longer than any rule's window.
const forgetAfter = 2 * day

// Purge deletes, for all municipalities, what has run out: sessions, invitations, and counts of
// attempts that no rule looks at. It is a job's work, safe to run anywhere, any number of times.
func (s *Service) Purge(ctx context.Context, db *postgres.DB) error {
	now := s.now()
	steps := []struct {
		what, statement string
		args            []any
	}{
		{"sessions", `DELETE FROM sessions WHERE expires_at <= ?`, []any{now}},
		{"invitations", `DELETE FROM account_invitations WHERE expires_at <= ?`, []any{now}},
		{"attempts", `DELETE FROM attempts WHERE last_at <= ? AND (succeeded_at IS NULL OR succeeded_at <= ?)`,
			[]any{now.Add(-forgetAfter), now.Add(-knownFor)}},
	}
	for _, step := range steps {
		if _, err := db.NewRaw(step.statement, step.args...).Exec(ctx); err != nil {
			return fmt.Errorf("purging %s: %w", step.what, err)
		}
	}
	return nil
}
