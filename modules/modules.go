// Package modules lists the modules of the house, in the order in which they build on each other.
package modules

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/accounts"
	"github.com/veche-city/veche/modules/assemblies"
	"github.com/veche-city/veche/modules/audit"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/follow"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/permissions"
	"github.com/veche-city/veche/modules/places"
	"github.com/veche-city/veche/modules/reports"
)

// New makes every module. A new module is a line here.
func New(h *host.Host) ([]core.Module, error) {
	accounts, err := accounts.New(h)
	if err != nil {
		return nil, err
	}
	people, places := people.New(h), places.New(h)
	meetings := meetings.New(h, people)
	motions := motions.New(h, people, meetings)
	councils := councils.New(h, people, meetings)
	all := []core.Module{
		people,
		places,
		meetings,
		motions,
		councils,
		assemblies.New(h, people, meetings, motions, councils),
	}
	following, err := follow.New(h, all...)
	if err != nil {
		return nil, err
	}
	all = append(all, following, reports.New(h, all...)) // which tell of the others' objects and figures
	places.Others(all...)                                // and this switches them; what follows stays on
	all = append(all, accounts, audit.New(h))
	return append(all, permissions.New(h, all...)), nil
}
