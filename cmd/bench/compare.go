package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/veche-city/veche/cmd/bench/load"
)

// compared is how many values of each operation and municipality are compared.
const compared = 40

// run is an operation ready to be measured: what is sent to either server.
type run struct {
	operation
	veche, floor load.Target
	bytes        int    // of an answer, on average
	free         *seats // of an operation that takes them
}

// prepare finds the operations' values and sees to it that both servers give the same answers.
func prepare(ctx context.Context, s *stage, chosen []operation) ([]run, error) {
	var runs []run
	for _, o := range chosen {
		ready := o.ready
		if o.seats != nil {
			ready = o.readySeats
		}
		r, err := ready(ctx, &client{address: s.veche.address}, &client{address: s.floor.address})
		if err != nil {
			return nil, err
		}
		r.operation, r.veche.Address, r.floor.Address = o, s.veche.address, s.floor.address
		runs = append(runs, r)
	}
	return runs, nil
}

// ready prepares an operation that reads.
func (o operation) ready(ctx context.Context, veche, floor *client) (r run, err error) {
	if r.bytes, err = compare(ctx, veche, floor, o); err != nil {
		return r, err
	}
	values, err := o.values(ctx, veche, firstTown)
	if err != nil {
		return r, fmt.Errorf("values of %s: %w", o.Key, err)
	}
	for _, v := range values {
		body, err := o.body(v)
		if err != nil {
			return r, err
		}
		r.veche.Requests = append(r.veche.Requests, veche.request(firstTown, body))
		r.floor.Requests = append(r.floor.Requests, floor.request(firstTown, body))
	}
	return r, nil
}

// readySeats prepares an operation that changes something. Both servers take from the same seats,
// since their data is one.
func (o operation) readySeats(ctx context.Context, veche, floor *client) (r run, err error) {
	if r.free, err = o.seats(ctx, veche, firstTown); err != nil {
		return r, fmt.Errorf("values of %s: %w", o.Key, err)
	}
	veche.token, floor.token = clerkToken, clerkToken
	if r.bytes, err = compareShapes(ctx, veche, floor, o, r.free); err != nil {
		return r, err
	}
	r.veche.Fresh, r.floor.Fresh = o.fresh(veche, r.free), o.fresh(floor, r.free)
	return r, nil
}

func (o operation) fresh(c *client, free *seats) func() ([]byte, error) {
	return func() ([]byte, error) {
		v, err := free.next()
		if err != nil {
			return nil, err
		}
		body, err := o.body(v)
		return c.request(firstTown, body), err
	}
}

// compare asks both servers the same of both municipalities, with values of either: what belongs
// to the other one must be hidden alike. It answers the first municipality's average size.
func compare(ctx context.Context, veche, floor *client, o operation) (int, error) {
	sizes := map[string]int{}
	for _, from := range []string{firstTown, secondTown} {
		values, err := o.values(ctx, veche, from)
		if err != nil {
			return 0, fmt.Errorf("values of %s: %w", o.Key, err)
		}
		values = spread(values, compared)
		for _, town := range []string{firstTown, secondTown} {
			for _, v := range values {
				size, err := same(ctx, veche, floor, o, town, v)
				if err != nil {
					return 0, err
				}
				if town == from {
					sizes[town] += size
				}
			}
		}
		if len(values) == 0 {
			return 0, fmt.Errorf("%s: %s has nothing to ask for", o.Key, from)
		}
		sizes[from] /= len(values)
	}
	return sizes[firstTown], nil
}

func same(ctx context.Context, veche, floor *client, o operation, town string, v variables) (int, error) {
	body, err := o.body(v)
	if err != nil {
		return 0, err
	}
	a, err := veche.ask(ctx, town, body)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", o.Key, err)
	}
	b, err := floor.ask(ctx, town, body)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", o.Key, err)
	}
	if !bytes.Equal(a, b) {
		at := differ(a, b)
		return 0, fmt.Errorf("%s in %s with %v: the answers differ at byte %d:\nveche …%s\nfloor …%s", o.Key, town, v, at, around(a, at), around(b, at))
	}
	return len(a), nil
}

// spread takes n of the values, evenly from the first to the last.
func spread(values []variables, n int) []variables {
	if len(values) <= n {
		return values
	}
	some := make([]variables, n)
	for i := range some {
		some[i] = values[i*(len(values)-1)/(n-1)]
	}
	return some
}

// differ is the first place where two texts are not the same.
func differ(a, b []byte) int {
	for at := range min(len(a), len(b)) {
		if a[at] != b[at] {
			return at
		}
	}
	return min(len(a), len(b))
}

func around(text []byte, at int) []byte { return text[max(0, at-60):min(len(text), at+100)] }
