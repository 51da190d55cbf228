// Package modules lists the modules of the house, in the order in which they build on each other.
package modules

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/accounts"
	"github.com/veche-city/veche/modules/assemblies"
	"github.com/veche-city/veche/modules/audit"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/councilwork"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/follow"
	"github.com/veche-city/veche/modules/gatherings"
	"github.com/veche-city/veche/modules/hearings"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/motions"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/permissions"
	"github.com/veche-city/veche/modules/places"
	"github.com/veche-city/veche/modules/plugins"
	"github.com/veche-city/veche/modules/reports"
	"github.com/veche-city/veche/plugins/catalog"
)

// New makes every module; plugged is what is known of plugins. A new module is a line in the list, after those that it builds on.
func New(h *host.Host, plugged *catalog.Catalog) ([]core.Module, error) {
	accounts, err := accounts.New(h)
	if err != nil {
		return nil, err
	}
	people, places, calendar := people.New(h), places.New(h), calendar.New(h)
	files, err := files.New(h, people)
	if err != nil {
		return nil, err
	}
	cases, err := cases.New(h, people, calendar, files)
	if err != nil {
		return nil, err
	}
	meetings := meetings.New(h, people, files, cases)
	motions := motions.New(h, people, meetings)
	councils := councils.New(h, people, files, meetings)
	all := []core.Module{
		people,
		places,
		calendar,
		files,
		cases,
		meetings,
		motions,
		councils,
		councilwork.New(h, councilwork.Parts{People: people, Councils: councils, Calendar: calendar, Cases: cases, Files: files}),
		assemblies.New(h, people, meetings, motions, councils),
		gatherings.New(h, people, files, cases, meetings),
		hearings.New(h, people, files, meetings),
	}
	following, err := follow.New(h, all...)
	if err != nil {
		return nil, err
	}
	all = append(all, following, reports.New(h, all...)) // which tell of the others' objects and figures
	places.Others(all...)                                // and this switches them; what follows stays on
	plugins, err := plugins.New(h, plugged)
	if err != nil {
		return nil, err
	}
	all = append(all, accounts, audit.New(h), plugins)
	return append(all, permissions.New(h, all...)), nil
}
