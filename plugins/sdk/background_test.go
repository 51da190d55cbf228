package sdk_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/veche-city/veche/plugins/contract"
	"github.com/veche-city/veche/plugins/sdk"
	"github.com/veche-city/veche/plugins/sdk/sdktest"
)

// What a plugin is brought in the background: events and jobs.

func TestEventsOfAnObjectKeepTheirOrder(t *testing.T) {
	k, bad := whole(), sdk.NewID("Meeting")
	var mu sync.Mutex
	var heard []sdk.ID
	k.hear = func(_ context.Context, e sdk.Event) error {
		mu.Lock()
		defer mu.Unlock()
		heard = append(heard, e.Object)
		switch {
		case e.Object == bad:
			return sdk.RetryAfter(time.Minute, errors.New("later"))
		case len(e.Touched) > 0:
			return sdk.Dead(errors.New("never"))
		}
		return nil
	}
	good := sdk.NewID("Meeting")
	event := func(id sdk.ID, touched ...string) *contract.Event {
		return &contract.Event{Name: "Meeting.CREATED", Object: id.String(), Touched: touched}
	}
	acks := sdktest.New(t, k.plugin()).Deliver(event(bad), event(good), event(bad), event(good, good.String()), &contract.Event{Name: "Other.CREATED"})
	var outcomes []contract.Ack_Outcome
	for _, a := range acks {
		outcomes = append(outcomes, a.Outcome)
	}
	retry, done, dead := contract.Ack_OUTCOME_RETRY, contract.Ack_OUTCOME_DONE, contract.Ack_OUTCOME_DEAD
	if diff := cmp.Diff([]contract.Ack_Outcome{retry, done, retry, dead, dead}, outcomes); diff != "" {
		t.Error(diff)
	}
	if len(heard) != 3 || acks[0].After.AsDuration() != time.Minute {
		t.Errorf("heard %d, %v", len(heard), acks[0])
	}
}

func TestAPanicOfAJobIsItsErrorAlone(t *testing.T) {
	town := sdktest.New(t, whole().plugin())
	if err := town.Run("remind", struct{}{}); err == nil || !strings.Contains(err.Error(), "no plate") {
		t.Errorf("%v", err)
	}
	if err := town.Run("remind", map[string]string{"plate": "A1"}); err != nil {
		t.Error(err)
	}
}
