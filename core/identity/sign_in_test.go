package identity

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

func TestSignInRefused(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	_, err := h.CreateAccount(h.ctx, h.write, NewAccount{Login: "invited", DisplayName: "Invited"})
	must(t, err)
	other := from(h.town("second"), "192.0.2.1")
	for name, try := range map[string]func() error{
		"unknown login":        func() error { _, err := h.signIn(h.ctx, "nobody", goodPassword); return err },
		"impossible login":     func() error { _, err := h.signIn(h.ctx, "", goodPassword); return err },
		"wrong password":       func() error { _, err := h.signIn(h.ctx, "ann", "another good password"); return err },
		"no password":          func() error { _, err := h.signIn(h.ctx, "ann", ""); return err },
		"no password set":      func() error { _, err := h.signIn(h.ctx, "invited", ""); return err },
		"another municipality": func() error { _, err := h.signIn(other, "ann", goodPassword); return err },
		"outside of any":       func() error { return h.signInNowhere(t) },
	} {
		err := try()
		if err == nil || name != "outside of any" && err.Error() != errWrongCredentials().Error() {
			t.Errorf("%s: %v", name, err)
		}
	}
	must(t, h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		_, c, err := h.DisableAccount(ctx, tx, ann.ID, nil)
		return c, err
	}))
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	wantCode(t, err, core.CodeForbidden)
	_, err = h.signIn(h.ctx, "ann", "another good password")
	wantCode(t, err, core.CodeBadUserInput)
	if n := h.count("SELECT count(*) FROM sessions"); n != 0 {
		t.Fatalf("refusals opened %d sessions", n)
	}
}

func (h *house) signInNowhere(t *testing.T) error {
	_, err := h.signIn(t.Context(), "ann", goodPassword)
	return err
}

func TestCookieNeedsAnAnswerToTravelWith(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	for _, kind := range []SessionKind{Cookie, "", "jwt"} {
		_, err := h.SignIn(h.ctx, h.Passwords(), Credentials{"ann", goodPassword}, kind)
		wantCode(t, err, core.CodeBadUserInput)
	}
	if n := h.count("SELECT count(*) FROM sessions"); n != 0 {
		t.Fatal("a session was opened that nobody has")
	}
}

func TestTemporaryPasswordRunsOut(t *testing.T) {
	h := newHouse(t)
	_, err := h.CreateAccount(h.ctx, h.write, NewAccount{Login: "ann", DisplayName: "Ann", Password: goodPassword, Temporary: true})
	must(t, err)
	in, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	if !in.Account.MustChangePassword() {
		t.Fatal("the owner is not told to change it")
	}
	h.pass(7 * day)
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	wantCode(t, err, core.CodeBadUserInput)
}

func TestSignInRehashesAtTodaysCost(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	hash := func() (phc string) {
		must(t, h.db.NewRaw("SELECT password_hash FROM accounts").Scan(t.Context(), &phc))
		return phc
	}
	before := hash()
	_, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	if hash() != before {
		t.Fatal("rehashed without need")
	}
	h.hasher.cost.Passes = 2
	_, err = h.signIn(h.ctx, "ann", "a wrong password")
	wantCode(t, err, core.CodeBadUserInput)
	if hash() != before {
		t.Fatal("rehashed for a stranger")
	}
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	if cost, _, _, err := decodePHC(hash()); err != nil || cost != h.hasher.cost {
		t.Fatalf("not rehashed: %v, %v", cost, err)
	}
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
}

// With no place to hash left, whoever would have answered without hashing shows.
func TestSignInHashesWhateverIsWrong(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	must(t, h.hasher.slots.Acquire(t.Context(), int64(h.settings.Hashings)))
	for _, login := range []string{"ann", "nobody", "", "no such login"} {
		ctx, cancel := context.WithCancel(h.ctx)
		ended := make(chan error, 1)
		go func() {
			_, err := h.Passwords().Verify(ctx, Credentials{login, "a wrong password"})
			ended <- err
		}()
		for h.hasher.slots.TryAcquire(0) { // fails as soon as somebody waits
			if len(ended) > 0 {
				t.Fatalf("%q was answered without hashing: %v", login, <-ended)
			}
			runtime.Gosched()
		}
		cancel()
		wantCode(t, <-ended, core.CodeUnavailable)
	}
}

func TestSignInLosesToAChangeOfPassword(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	proven, err := h.Passwords().Verify(h.ctx, Credentials{"ann", goodPassword})
	must(t, err)
	must(t, h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		_, c, err := h.ResetPassword(ctx, tx, ann.ID, nil)
		return c, err
	}))
	err = h.inTx(h.ctx, func(ctx context.Context, tx postgres.Tx) error {
		_, err := h.openSession(ctx, tx, proven, Bearer)
		return err
	})
	wantCode(t, err, core.CodeBadUserInput)
}

// Sign-ins race a reset of the password: whichever order they take, none outlives it.
func TestNoSessionOutlivesAReset(t *testing.T) {
	h := newHouse(t)
	ann := h.account(h.ctx, "ann")
	for range 3 {
		_, err := h.db.NewUpdate().Model((*Account)(nil)).Set("password_hash = ?", h.hashed(goodPassword)).Where("account.id = ?", ann.ID).Exec(h.ctx)
		must(t, err)
		inParallel(21, func(i int) error {
			if i == 10 {
				return h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
					_, c, err := h.ResetPassword(ctx, tx, ann.ID, nil)
					return c, err
				})
			}
			_, err := h.signIn(from(h.ctx, "192.0.2."+string(rune('0'+i%10))), "ann", goodPassword)
			return err
		})
		if n := h.count("SELECT count(*) FROM sessions"); n != 0 {
			t.Fatalf("%d sessions outlived the reset", n)
		}
		h.pass(2 * time.Hour)
	}
}

func (h *house) hashed(password string) string {
	phc, err := h.hasher.hash(h.ctx, password)
	must(h.t, err)
	return phc
}
