package main

import (
	"context"

	"github.com/veche-city/veche/cmd/veche/demo"
	"github.com/veche-city/veche/cmd/veche/house"
)

type demoCommand struct{}

// Run loads the reference city, which changes nothing where it is loaded already, and serves.
func (*demoCommand) Run(ctx context.Context, s *Settings) error {
	return s.within(ctx, func(ctx context.Context, h *house.House, failed <-chan error) error {
		if err := demo.Load(ctx, h, progress); err != nil {
			return err
		}
		return s.serve(ctx, h, failed)
	})
}
