package kit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/veche-city/veche/plugins/contract"
)

// The two municipalities of the trial; their names occur nowhere else.
const alpha, beta = "alphatown", "betaville"

// configures gives both municipalities the settings' defaults.
func (t *trial) configures() (string, error) {
	settings, err := t.defaults()
	if err != nil {
		return "", err
	}
	var remark string
	for _, one := range []string{alpha, beta} {
		call := t.host.call(one)
		err = t.plugin.Call(t.ctx, false, func(ctx context.Context, c contract.PluginClient) error {
			answer, err := c.Configure(ctx, &contract.ConfigureRequest{Call: call, Settings: settings, Revision: 1})
			if n := len(answer.GetErrors()); n > 0 {
				remark = fmt.Sprintf("it refuses the settings' defaults: %s", answer.GetErrors()[0].GetMessage())
			}
			return err
		})
		t.host.forget(call.GetToken())
		if err != nil && status.Code(err) != codes.Unimplemented {
			return "", err
		}
	}
	return remark, nil
}

// defaults are those of the settings' JSON Schema, at its top.
func (t *trial) defaults() ([]byte, error) {
	values := map[string]any{}
	if t.program.Manifest.Settings != "" {
		content, err := os.ReadFile(filepath.Join(t.program.Dir, t.program.Manifest.Settings))
		if err != nil {
			return nil, err
		}
		var schema struct {
			Properties map[string]struct {
				Default any `json:"default"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(content, &schema); err != nil {
			return nil, fmt.Errorf("%s: %w", t.program.Manifest.Settings, err)
		}
		for name, one := range schema.Properties {
			if one.Default != nil {
				values[name] = one.Default
			}
		}
	}
	return text(values), nil
}

// asked are the functions but for subscriptions.
func (t *trial) asked() (all []string) {
	for _, one := range t.functions {
		if !strings.HasPrefix(one, "Subscription.") && t.schema.field(one) != nil {
			all = append(all, one)
		}
	}
	return all
}

// batches asks each function, and all of them together.
func (t *trial) batches() (string, error) {
	var wrong []error
	var together []*contract.FieldCall
	var failed []string
	for _, one := range t.asked() {
		call := t.schema.call(one, 3, t.functions, alpha)
		if !strings.HasPrefix(one, "Mutation.") {
			together = append(together, call)
		}
		answer, err := t.ask(t.ctx, alpha, call)
		if err == nil {
			err = t.fits(one, call, answer, 1, 0)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", one, err))
			continue
		}
		if items := answer.GetResults()[0].GetItems(); len(items) > 0 && items[0].GetError() != nil {
			failed = append(failed, one+" ("+items[0].GetError().GetCode()+")")
		}
	}
	answer, err := t.ask(t.ctx, alpha, together...)
	for i, call := range together {
		if err == nil {
			err = t.fits(call.GetType()+"."+call.GetField(), call, answer, len(together), i)
		}
	}
	if err != nil && len(together) > 0 {
		wrong = append(wrong, fmt.Errorf("all at once: %w", err))
	}
	if failed != nil {
		return "answered by errors, which a host without a database may cause: " + strings.Join(failed, ", "), errors.Join(wrong...)
	}
	return "", errors.Join(wrong...)
}

// fits checks the nth result of an answer.
func (t *trial) fits(coordinate string, call *contract.FieldCall, answer *contract.ResolveResponse, results, n int) error {
	if got := len(answer.GetResults()); got != results {
		return fmt.Errorf("%d results for %d calls", got, results)
	}
	want := len(call.GetParents())
	if isRoot(call.GetType()) {
		want = 1
	}
	items := answer.GetResults()[n].GetItems()
	if len(items) != want {
		return fmt.Errorf("%d items for %d parents", len(items), want)
	}
	for i, item := range items {
		if item.GetError() != nil {
			if len(item.GetValue()) > 0 {
				return fmt.Errorf("item %d is an error and a value", i)
			}
			continue
		}
		var value any
		if len(item.GetValue()) > 0 {
			if err := json.Unmarshal(item.GetValue(), &value); err != nil {
				return fmt.Errorf("item %d is no JSON: %w", i, err)
			}
		}
		if err := t.schema.fits(t.schema.field(coordinate).Type, value, t.functions, "value"); err != nil {
			return fmt.Errorf("item %d: %w", i, err)
		}
	}
	return nil
}

func (t *trial) oddParents() (string, error) {
	var wrong []error
	for _, one := range t.asked() {
		if typ, _, _ := strings.Cut(one, "."); isRoot(typ) {
			continue
		}
		for name, parents := range map[string][][]byte{"no parents": nil, "null": {[]byte("null")}, "an empty object": {[]byte("{}")}, "an empty parent": {{}}} {
			call := t.schema.call(one, 0, t.functions, alpha)
			call.Parents = parents
			answer, err := t.ask(t.ctx, alpha, call)
			if err != nil && !t.alive() {
				return "", fmt.Errorf("%s with %s brings it down: %w", one, name, err)
			}
			if err == nil && (len(answer.GetResults()) != 1 || len(answer.GetResults()[0].GetItems()) != len(parents)) {
				wrong = append(wrong, fmt.Errorf("%s with %s: not as many items as parents", one, name))
			}
		}
	}
	return "", errors.Join(wrong...)
}

// alive says whether it answers at all.
func (t *trial) alive() bool {
	return t.plugin.Call(t.ctx, false, func(ctx context.Context, c contract.PluginClient) error {
		_, err := c.Describe(ctx, &contract.DescribeRequest{})
		return err
	}) == nil
}

func (t *trial) unknownField() (string, error) {
	answer, err := t.ask(t.ctx, alpha, &contract.FieldCall{Type: "Query", Field: "nobodyHasThisField", Arguments: []byte("{}")})
	if !t.alive() {
		return "", fmt.Errorf("it brings it down: %w", err)
	}
	for _, result := range answer.GetResults() {
		for _, item := range result.GetItems() {
			if item.GetError() == nil {
				return "", errors.New("it answers Query.nobodyHasThisField with a value")
			}
		}
	}
	return "", nil
}

func (t *trial) listens() (string, error) {
	for _, one := range t.functions {
		name, ok := strings.CutPrefix(one, "Subscription.")
		if !ok || t.schema.field(one) == nil {
			continue
		}
		call, sample := t.host.call(alpha), t.schema.call(one, 0, t.functions, alpha)
		ctx, cancel := context.WithTimeout(t.ctx, 300*time.Millisecond)
		err := t.plugin.Stream(ctx, func(ctx context.Context, c contract.PluginClient) error {
			items, err := c.Listen(ctx, &contract.ListenRequest{Call: call, Field: name, Arguments: sample.GetArguments(), Selects: sample.GetSelects()})
			for err == nil {
				var item *contract.Item
				if item, err = items.Recv(); err == nil {
					err = t.fits(one, sample, &contract.ResolveResponse{Results: []*contract.FieldResult{{Items: []*contract.Item{item}}}}, 1, 0)
				}
			}
			return err
		})
		over := ctx.Err() != nil || status.Code(err) == codes.DeadlineExceeded
		cancel()
		t.host.forget(call.GetToken())
		if !over {
			return "", fmt.Errorf("%s ends before its caller does: %w", one, err)
		}
	}
	return "", nil
}

// hooks asks without arguments, which Veche never does: that the plugin answers is what counts.
func (t *trial) hooks() (string, error) {
	var remarks []string
	for _, one := range t.program.Manifest.Hooks {
		call := t.host.call(alpha)
		err := t.plugin.Call(t.ctx, false, func(ctx context.Context, c contract.PluginClient) error {
			answer, err := c.Before(ctx, &contract.BeforeRequest{Call: call, Action: one.Before, Arguments: []byte("{}")})
			if len(answer.GetErrors()) > 0 {
				remarks = append(remarks, one.Before+": refused")
			}
			return err
		})
		t.host.forget(call.GetToken())
		switch status.Code(err) {
		case codes.OK:
		case codes.Unimplemented, codes.Unavailable, codes.DeadlineExceeded:
			return "", fmt.Errorf("%s: %w", one.Before, err)
		default:
			remarks = append(remarks, fmt.Sprintf("%s: %s", one.Before, status.Convert(err).Message()))
		}
	}
	if remarks != nil {
		return "without arguments it answers: " + strings.Join(remarks, "; "), nil
	}
	return "", nil
}

// duplicates brings each kind of event twice.
func (t *trial) duplicates() (string, error) {
	var remark string
	for _, name := range t.program.Manifest.Hears {
		typ, _, _ := strings.Cut(name, ".")
		event := &contract.Event{Id: id("Event", name), Name: name, Object: id(typ, alpha), At: timestamppb.Now(), Payload: []byte("{}")}
		deliver := func() (*contract.Ack, error) {
			call := t.host.call(alpha)
			defer t.host.forget(call.GetToken())
			call.Actor = &contract.Actor{Kind: contract.Actor_KIND_PLUGIN}
			var ack *contract.Ack
			return ack, t.plugin.Call(t.ctx, false, func(ctx context.Context, c contract.PluginClient) error {
				answer, err := c.Deliver(ctx, &contract.DeliverRequest{Call: call, Events: []*contract.Event{event}})
				if err == nil && len(answer.GetAcks()) != 1 {
					return fmt.Errorf("%s: %d answers for one event", name, len(answer.GetAcks()))
				}
				if err == nil {
					ack = answer.GetAcks()[0]
				}
				return err
			})
		}
		t.host.taken()
		outcomes := [2]*contract.Ack{}
		for i := range outcomes {
			if i == 1 {
				t.host.taken()
			}
			ack, err := deliver()
			if err != nil {
				return "", fmt.Errorf("%s: %w", name, err)
			}
			outcomes[i] = ack
		}
		if again := t.host.taken(); outcomes[0].GetOutcome() == contract.Ack_OUTCOME_DONE && len(again) > 0 {
			return "", fmt.Errorf("%s is done again: %s", name, strings.Join(again, ", "))
		}
		switch {
		case outcomes[0].GetOutcome() == contract.Ack_OUTCOME_UNSPECIFIED:
			return "", fmt.Errorf("%s: it does not say whether it is done", name)
		case outcomes[0].GetOutcome() != contract.Ack_OUTCOME_DONE:
			remark = fmt.Sprintf("%s is answered %s (%s), which a host without a database may cause", name, outcomes[0].GetOutcome(), outcomes[0].GetReason())
		case outcomes[1].GetOutcome() != contract.Ack_OUTCOME_DONE:
			return "", fmt.Errorf("%s, done before, is answered %s", name, outcomes[1].GetOutcome())
		}
	}
	return remark, nil
}

// leaks asks for both municipalities at the same time; neither's answers may name the other.
func (t *trial) leaks() (string, error) {
	var mu sync.Mutex
	var wrong []error
	var under sync.WaitGroup
	for _, one := range t.asked() {
		if strings.HasPrefix(one, "Mutation.") {
			continue
		}
		for i := range 20 {
			mine, other := alpha, beta
			if i%2 == 1 {
				mine, other = beta, alpha
			}
			under.Go(func() {
				call := t.schema.call(one, 3, t.functions, mine)
				answer, err := t.ask(t.ctx, mine, call)
				if err != nil { // found by the check of batches
					return
				}
				if slices.ContainsFunc(answer.GetResults(), func(r *contract.FieldResult) bool { return t.names(r, one, other) }) {
					mu.Lock()
					wrong = append(wrong, fmt.Errorf("%s answers %s with what is %s's", one, mine, other))
					mu.Unlock()
				}
			})
		}
	}
	under.Wait()
	t.host.mu.Lock()
	defer t.host.mu.Unlock()
	for _, one := range t.host.wrongs {
		wrong = append(wrong, errors.New(one))
	}
	if len(wrong) > 0 {
		return "", wrong[0]
	}
	return "", nil
}

// names says whether an answer bears a municipality's name or one of its sample ids.
func (t *trial) names(r *contract.FieldResult, coordinate, municipality string) bool {
	marks := []string{municipality}
	typ, _, _ := strings.Cut(coordinate, ".")
	for i := range 3 {
		marks = append(marks, id(typ, fmt.Sprint(municipality, i)))
	}
	for _, item := range r.GetItems() {
		if slices.ContainsFunc(marks, func(mark string) bool { return strings.Contains(string(item.GetValue()), mark) }) {
			return true
		}
	}
	return false
}
