package identity

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func (h *house) setUp(i int, code string) error {
	_, err := h.SetUp(from(h.ctx, fmt.Sprintf("198.51.100.%d", i)), h.write, code,
		NewOwner{fmt.Sprintf("admin%d", i), goodPassword, "Administrator", Bearer})
	return err
}

func (h *house) code() string {
	h.t.Helper()
	code, err := h.EnsureSetupCode(h.ctx)
	must(h.t, err)
	return code
}

func TestSetUpRefused(t *testing.T) {
	h := newHouse(t)
	wantCode(t, h.setUp(1, newCode()), core.CodeBadUserInput) // no code was made
	old := h.code()
	h.pass(10 * time.Minute)
	code := h.code()
	if old == "" || code == "" || old == code {
		t.Fatalf("%q, %q", old, code)
	}
	wantCode(t, h.setUp(2, old), core.CodeBadUserInput)
	wantCode(t, h.setUp(3, ""), core.CodeBadUserInput)
	_, err := h.SetUp(from(h.town("second"), "192.0.2.1"), h.write, code, NewOwner{"admin", goodPassword, "A", Bearer})
	wantCode(t, err, core.CodeBadUserInput)
	_, err = h.SetUp(h.ctx, h.write, code, NewOwner{"admin", "short", "A", Bearer})
	wantCode(t, err, core.CodeBadUserInput)
	_, err = h.EnsureSetupCode(t.Context()) // of no municipality
	wantCode(t, err, core.CodeNotFound)

	must(t, h.setUp(4, code))
	wantCode(t, h.setUp(5, code), core.CodeBadUserInput)
	if again := h.code(); again != "" {
		t.Fatalf("a code although there is an administrator: %q", again)
	}
}

func TestOneOfManySetUpsWins(t *testing.T) {
	h := newHouse(t)
	// Three processes start at once: each prints a code, and each is good.
	codes := make([]string, 3)
	for _, err := range inParallel(3, func(i int) (err error) { codes[i], err = h.EnsureSetupCode(h.ctx); return err }) {
		must(t, err)
	}
	got := tally(inParallel(60, func(i int) error {
		if i%20 == 19 { // and further ones start meanwhile
			_, err := h.EnsureSetupCode(h.ctx)
			if err == nil {
				err = core.ErrNotFound
			}
			return err
		}
		return h.setUp(i, codes[i%3])
	}))
	if got["OK"] != 1 || got[core.CodeBadUserInput] != 56 || got[core.CodeNotFound] != 3 {
		t.Fatalf("one of 57 wins: %v", got)
	}
	for table, want := range map[string]int{"administrators": 1, "accounts": 1, "sessions": 1, "setup_codes": 0} {
		if n := h.count("SELECT count(*) FROM " + table); n != want {
			t.Errorf("%s has %d rows, not %d", table, n, want)
		}
	}
}

func TestEachOfTheCodesPrintedTogetherIsGood(t *testing.T) {
	for i := range 2 {
		h := newHouse(t)
		codes := []string{h.code(), h.code()}
		must(t, h.setUp(1, codes[i]))
		wantCode(t, h.setUp(2, codes[1-i]), core.CodeBadUserInput)
	}
}

// A mutation answers a form's errors in its payload and itself with nil.
func TestNothingOfAFailedSetUpIsHandedOver(t *testing.T) {
	h := newHouse(t)
	h.Service.hooks.MakeAdministrator = func(context.Context, postgres.Tx, uuid.UUID) error { return errors.New("no") }
	swallow := func(ctx context.Context, fn func(ctx context.Context, tx postgres.Tx) (core.Change, error)) error {
		_ = h.write(ctx, fn)
		return nil
	}
	out, err := h.SetUp(h.ctx, swallow, h.code(), NewOwner{"admin", goodPassword, "A", Bearer})
	if err == nil || out.Token != "" {
		t.Fatalf("a session that was rolled back is handed over: %v", err)
	}
	if n := h.count("SELECT count(*) FROM accounts"); n != 0 {
		t.Fatal("an account is left")
	}
}
