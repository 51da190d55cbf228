package identity

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/veche-city/veche/core"
)

func TestParallelGuessesDoNotPassTheLimit(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	got := tally(inParallel(200, func(i int) error {
		_, err := h.signIn(h.ctx, []string{"ann", "ANN", " ann "}[i%3], fmt.Sprintf("guess number %d", i))
		return err
	}))
	if got[core.CodeBadUserInput] != 5 || got[core.CodeRateLimited] != 195 {
		t.Fatalf("five of 200 guesses are looked at: %v", got)
	}
	_, err := h.signIn(h.ctx, "ann", goodPassword)
	wantCode(t, err, core.CodeRateLimited)
}

func TestGuessesAtUnknownLoginsAreLimitedAlike(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	var known, unknown []string
	for i := range 8 {
		_, err := h.signIn(from(h.ctx, "192.0.2.7"), "ann", fmt.Sprint("wrong guess ", i))
		known = append(known, err.Error())
		_, err = h.signIn(from(h.ctx, "192.0.2.8"), "bob", fmt.Sprint("wrong guess ", i))
		unknown = append(unknown, err.Error())
	}
	if strings.Join(known, "|") != strings.Join(unknown, "|") {
		t.Fatalf("a stranger can tell who has an account:\n%v\n%v", known, unknown)
	}
}

func TestRateLimitedSaysWhenToComeBack(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	for range 5 {
		_, err := h.signIn(h.ctx, "ann", "a wrong password")
		wantCode(t, err, core.CodeBadUserInput)
	}
	h.pass(time.Second)
	_, err := h.signIn(h.ctx, "ann", goodPassword)
	var limited *RateLimited
	if !errors.As(err, &limited) || limited.Seconds() != 9 {
		t.Fatalf("want 9 seconds, got %v", err)
	}
	var shown *core.Error
	if !errors.As(err, &shown) || !strings.Contains(shown.Text.En, "9") || !strings.Contains(shown.Text.Ru, "9") {
		t.Fatalf("both languages name the seconds: %v", shown)
	}
	h.pass(9 * time.Second)
	_, err = h.signIn(h.ctx, "ann", "a wrong password") // the sixth doubles the wait
	wantCode(t, err, core.CodeBadUserInput)
	h.pass(19 * time.Second)
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	wantCode(t, err, core.CodeRateLimited)
	h.pass(time.Second)
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	for range 5 { // the owner begins anew
		_, err := h.signIn(h.ctx, "ann", "a wrong password")
		wantCode(t, err, core.CodeBadUserInput)
	}
}

func TestStrangersDoNotLockTheOwnerOut(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "ann")
	_, err := h.signIn(h.ctx, "ann", goodPassword)
	must(t, err)
	var last error
	for i := range 60 {
		_, last = h.signIn(from(h.ctx, fmt.Sprintf("198.51.100.%d", i)), "ann", "a stranger's guess")
	}
	wantCode(t, last, core.CodeRateLimited)
	_, err = h.signIn(h.ctx, "ann", goodPassword)
	must(t, err) // where the owner has been before, at once
	elsewhere := from(h.ctx, "203.0.113.5")
	_, err = h.signIn(elsewhere, "ann", goodPassword)
	wantCode(t, err, core.CodeRateLimited)
	h.pass(time.Minute)
	_, err = h.signIn(elsewhere, "ann", goodPassword)
	must(t, err) // elsewhere within a minute
}

func TestOneAddressTryingManyLoginsIsLimited(t *testing.T) {
	h := newHouse(t)
	h.account(h.ctx, "mallory")
	refused := 0
	for i := range 40 {
		// Each request from another address of one /64, which is one subscriber.
		ctx := from(h.ctx, fmt.Sprintf("2001:db8:0:1::%x", i+1))
		_, err := h.signIn(ctx, fmt.Sprintf("victim%d", i), "the same password")
		if core.CodeOf(err) == core.CodeRateLimited {
			refused++
		}
		if i == 10 { // an account of one's own washes nothing off
			_, err := h.signIn(ctx, "mallory", goodPassword)
			must(t, err)
		}
	}
	if refused != 20 {
		t.Fatalf("20 of 40 are looked at; %d were refused", refused)
	}
	_, err := h.signIn(from(h.ctx, "2001:db8:0:2::1"), "victim0", "the same password")
	wantCode(t, err, core.CodeBadUserInput)
}

func TestAttemptsKeepNeitherLoginsNorAddresses(t *testing.T) {
	h := newHouse(t)
	_, err := h.signIn(h.ctx, "ann@town.example", "a wrong password")
	wantCode(t, err, core.CodeBadUserInput)
	if n := h.count("SELECT count(*) FROM attempts"); n != 3 {
		t.Fatalf("one attempt is counted three ways, not %d", n)
	}
	if n := h.count("SELECT count(*) FROM attempts a WHERE a::text LIKE '%192.0.2%' OR a::text LIKE '%ann%'"); n != 0 {
		t.Fatal("attempts hold personal data")
	}
}
