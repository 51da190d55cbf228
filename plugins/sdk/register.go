package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/veche-city/veche/plugins/contract"
)

// function answers a field.
type function struct {
	args, parent, value reflect.Type // parent: nil at a root
	list                bool         // a list that is never null
	resolve             func(c call, arguments []byte, parents [][]byte) ([]*contract.Item, error)
	listen              func(c call, arguments []byte, send func(*contract.Item) error) error
}

// Field registers the function of a field that the SDL adds to a core type, "District.parkingPermits".
// It is given as many districts as ask at once, and answers as many values in their order. A is a
// struct of the field's arguments by their names; struct{} where there are none.
func Field[A, V any](p *Plugin, coordinate string, resolve func(ctx context.Context, parents []Ref, a A) ([]V, error)) {
	Own(p, coordinate, resolve)
}

// Own registers the function of a field of the plugin's own type, "ParkingPermit.holder", that its
// values do not bear themselves. It is given the values again as they were returned.
func Own[P, A, V any](p *Plugin, coordinate string, resolve func(ctx context.Context, parents []P, a A) ([]V, error)) {
	f := &function{args: reflect.TypeFor[A](), parent: reflect.TypeFor[P](), value: reflect.TypeFor[V]()}
	f.resolve = func(c call, arguments []byte, raw [][]byte) ([]*contract.Item, error) {
		var a A
		if err := decode(arguments, &a); err != nil {
			return nil, err
		}
		parents := make([]P, len(raw))
		for i, one := range raw {
			if err := json.Unmarshal(one, &parents[i]); err != nil {
				return nil, fmt.Errorf("parent %d: %w", i, err)
			}
		}
		values, err := resolve(c, parents, a)
		return items(c, f, values, len(raw), err)
	}
	p.register(coordinate, f)
}

// Root registers the function of a field of Query or Mutation.
func Root[A, V any](p *Plugin, coordinate string, resolve func(ctx context.Context, a A) (V, error)) {
	f := &function{args: reflect.TypeFor[A](), value: reflect.TypeFor[V]()}
	f.resolve = func(c call, arguments []byte, _ [][]byte) ([]*contract.Item, error) {
		var a A
		if err := decode(arguments, &a); err != nil {
			return nil, err
		}
		value, err := resolve(c, a)
		if err != nil {
			return nil, err
		}
		return items(c, f, []V{value}, 1, nil)
	}
	p.register(coordinate, f)
}

// Stream registers the function of a field of Subscription: it gives each event to emit, until the
// context ends or emit says that nobody listens.
func Stream[A, V any](p *Plugin, coordinate string, listen func(ctx context.Context, a A, emit func(V) error) error) {
	f := &function{args: reflect.TypeFor[A](), value: reflect.TypeFor[V]()}
	f.listen = func(c call, arguments []byte, send func(*contract.Item) error) error {
		var a A
		if err := decode(arguments, &a); err != nil {
			return err
		}
		return listen(c, a, func(value V) error {
			one, err := items(c, f, []V{value}, 1, nil)
			if err != nil {
				return err
			}
			return send(one[0])
		})
	}
	p.register(coordinate, f)
}

// Before registers what is asked before an action of the core, a mutation's name that the manifest
// bears among its hooks. An Error, or Problems, refuses the action; paths lead into its arguments. A is
// a struct of as many of the arguments as matter.
func Before[A any](p *Plugin, action string, ask func(ctx context.Context, a A) error) {
	p.twice(p.before[action] != nil, "sdk.Before", action)
	p.before[action] = func(c call, arguments []byte) error {
		var a A
		if err := decode(arguments, &a); err != nil {
			return err
		}
		return ask(c, a)
	}
}

// Event is something that happened.
type Event struct {
	ID      string // the same however often it comes
	Name    string // Meeting.CREATED; of a plugin: parking.issued
	Object  ID
	Touched []ID
	At      time.Time
	Payload json.RawMessage // of a plugin's events
}

// On registers what hears an event that the manifest bears among hears. It comes at least once; an
// error has it brought again later (see Dead and RetryAfter), and those after it of its object wait.
func On(p *Plugin, event string, hear func(ctx context.Context, e Event) error) {
	p.twice(p.hear[event] != nil, "sdk.On", event)
	p.hear[event] = func(c call, e Event) error { return hear(c, e) }
}

// Job registers what does a job that the plugin schedules. It is done at least once; an error has it
// tried again, later each time.
func Job[A any](p *Plugin, kind string, do func(ctx context.Context, a A) error) {
	p.twice(p.jobs[kind] != nil, "sdk.Job", kind)
	p.jobs[kind] = func(c call, arguments []byte) error {
		var a A
		if err := decode(arguments, &a); err != nil {
			return err
		}
		return do(c, a)
	}
}

func (p *Plugin) register(coordinate string, f *function) {
	p.twice(p.functions[coordinate] != nil, "the function of", coordinate)
	p.functions[coordinate] = f
}

func (p *Plugin) twice(there bool, what, name string) {
	if there {
		p.problem("%s %s is registered twice", what, name)
	}
}

// items are a function's values and errors, one a parent.
func items[V any](c call, f *function, values []V, parents int, err error) ([]*contract.Item, error) {
	var single Errors
	if err != nil && !errors.As(err, &single) {
		return nil, err
	}
	if len(values) != parents {
		return nil, fmt.Errorf("the function answered %d values for %d parents: it answers one each, in their order", len(values), parents)
	}
	s := stateOf(c)
	all := make([]*contract.Item, parents)
	for i := range values {
		if one := single[i]; one != nil {
			all[i] = &contract.Item{Error: wire(one, s.info.Language)[0]}
			continue
		}
		text, err := s.plugin.encode(values[i])
		if err != nil {
			return nil, err
		}
		if f.list && string(text) == "null" {
			text = []byte("[]")
		}
		all[i] = &contract.Item{Value: text}
	}
	return all, nil
}
