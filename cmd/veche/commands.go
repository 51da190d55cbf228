package main

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/graph"
)

type migrateCommand struct{}

// Run migrates and stops; opening the house is what does it.
func (*migrateCommand) Run(ctx context.Context, s *Settings) error {
	return s.within(ctx, func(context.Context, *house.House, <-chan error) error {
		progress("the database is up to date")
		return nil
	})
}

type schemaCommand struct{}

// Run prints the schema; it needs no database.
func (*schemaCommand) Run() error {
	fmt.Print(graph.SDL())
	return nil
}

type municipalityCommand struct {
	Add  addMunicipality    `cmd:"" help:"Add a municipality."`
	List listMunicipalities `cmd:"" help:"List the municipalities."`
}

type addMunicipality struct {
	Key      string   `arg:"" help:"Short latin name: kansk."`
	NameRu   string   `required:"" help:"Name in Russian: город Канск."`
	NameEn   string   `required:"" help:"Name in English: City of Kansk."`
	RegionRu string   `help:"Region in Russian."`
	RegionEn string   `help:"Region in English."`
	TimeZone string   `required:"" help:"IANA name: Asia/Krasnoyarsk."`
	Host     []string `help:"Host names that lead to it."`
}

func (a *addMunicipality) Run(ctx context.Context, s *Settings) error {
	return s.alongside(ctx, func(ctx context.Context, h *house.House, _ <-chan error) error {
		town := &core.Municipality{Key: a.Key, Name: core.T(a.NameEn, a.NameRu), Region: core.T(a.RegionEn, a.RegionRu), TimeZone: a.TimeZone, Hosts: a.Host}
		if err := h.Towns.Add(ctx, town); err != nil {
			return err
		}
		progress("added " + a.Key)
		return h.Settle(ctx)
	})
}

type listMunicipalities struct{}

func (*listMunicipalities) Run(ctx context.Context, s *Settings) error {
	return s.alongside(ctx, func(_ context.Context, h *house.House, _ <-chan error) error {
		for _, town := range h.Towns.All() {
			fmt.Printf("%-20s %s (%s)\n", town.Key, town.Name.Ru, town.TimeZone)
		}
		return nil
	})
}
