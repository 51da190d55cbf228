package house

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/permissions"
	"github.com/veche-city/veche/plugins/host"
)

// keeper has merges, erasures and exports of persons reach the plugins' tables.
func keeper(runner *host.Host) people.Keeper {
	return people.Keeper{
		Move: func(ctx context.Context, tx *mutation.Tx, from, to uuid.UUID) ([]people.Elsewhere, error) {
			moved, err := runner.MovePerson(ctx, tx, from, to)
			all := make([]people.Elsewhere, len(moved))
			for i, m := range moved {
				all[i] = people.Elsewhere(m)
			}
			return all, err
		},
		MoveBack: func(ctx context.Context, tx *mutation.Tx, back people.Elsewhere, from, to uuid.UUID) error {
			return runner.MoveBack(ctx, tx, host.Moved(back), from, to)
		},
		Erase: func(ctx context.Context, tx *mutation.Tx, persons []uuid.UUID) error {
			return runner.ErasePersons(ctx, tx, persons)
		},
		Export: runner.ExportPersons,
	}
}

// keptByPlugins are the sorts of personal data that plugins keep in the context's municipality.
func (h *House) keptByPlugins(ctx context.Context) ([]permissions.Kept, error) {
	plugins, err := h.Plugins.Kept(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	var all []permissions.Kept
	for _, p := range plugins {
		for _, c := range p.Manifest.DataClasses {
			k := permissions.Kept{By: p.Name, DataClass: core.DataClass{Key: c.Key, Title: c.Title.Core(), Basis: c.Basis.Core(), KeepMonths: c.KeepMonths}}
			for _, person := range c.Persons {
				k.Fields = append(k.Fields, person.Table+"."+person.Column)
			}
			all = append(all, k)
		}
	}
	return all, nil
}
