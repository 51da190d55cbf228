// Package demo loads the reference city: Kansk in 2012, as the city reported it. The facts (how
// many districts, councils, seats, on which grounds, which officials) are in kansk-2012.yaml, with
// the source's own gaps; what the source does not say is made up so that nobody can take it for
// real: people are called after specimens (Образцов, Примеров), districts are numbered squares.
//
// Everything goes through the modules' services, as any importer would, as the system actor. Each
// thing carries an external key, so that loading again, also after a break in the middle, adds
// only what is missing.
package demo

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"

	"github.com/goccy/go-yaml"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/assemblies"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/gatherings"
	"github.com/veche-city/veche/modules/people"
	"github.com/veche-city/veche/modules/places"
)

//go:embed kansk-2012.yaml
var facts []byte

// city is what is read of the facts.
type city struct {
	Municipality struct {
		Key      string    `yaml:"key"`
		Name     core.Text `yaml:"name"`
		Region   core.Text `yaml:"region"`
		TimeZone string    `yaml:"time_zone"`
	} `yaml:"municipality"`
	Districts struct {
		Total       int `yaml:"total"`
		WithCouncil int `yaml:"with_community_council"`
	} `yaml:"districts"`
	Bodies     []body `yaml:"bodies"`
	Receptions struct {
		JointWeeks []struct {
			Officials []string `yaml:"officials"`
		} `yaml:"joint_weeks"`
	} `yaml:"receptions"`
}

type body struct {
	Key     string    `yaml:"key"`
	Name    core.Text `yaml:"name"`
	PartOf  core.Text `yaml:"part_of"`
	Members int       `yaml:"members"`
	Grounds []string  `yaml:"member_bases"`
	Founded string    `yaml:"founded"`

	Composition []struct {
		From      string `yaml:"from"`
		SeatsEach int    `yaml:"seats_each"`
		Seats     int    `yaml:"seats"`
	} `yaml:"composition"`
}

// loader brings the city in, step by step.
type loader struct {
	city     city
	people   *people.Service
	places   *places.Service
	councils *councils.Service
	names    *names

	assemblies *assemblies.Service
	calendar   *calendar.Service
	gatherings *gatherings.Service

	posts []held // the officials', in the order of the facts
}

// Load brings the reference city in; what is there already is left as it is.
func Load(ctx context.Context, h *house.House, progress func(string)) error {
	l := &loader{names: &names{}}
	if err := yaml.NewDecoder(bytes.NewReader(facts)).Decode(&l.city); err != nil {
		return fmt.Errorf("kansk-2012.yaml: %w", err)
	}
	for _, m := range h.Modules {
		switch m := m.(type) {
		case *people.Module:
			l.people = m.Service
		case *places.Module:
			l.places = m.Service
		case *councils.Module:
			l.councils = m.Service
		case *assemblies.Module:
			l.assemblies = m.Service
		case *calendar.Module:
			l.calendar = m.Service
		case *gatherings.Module:
			l.gatherings = m.Service
		}
	}
	town, err := l.town(ctx, h)
	if err != nil {
		return err
	}
	ctx = core.WithActor(core.WithMunicipality(ctx, town), core.Actor{Kind: core.System})
	for _, step := range []struct {
		what string
		run  func(context.Context) error
	}{
		{"the production calendar", l.days}, {"districts", l.districts}, {"organisations and officials", l.officials}, {"the public chamber", l.chamber},
		{"the mayor's council", l.mayorsCouncil}, {"community councils", l.communityCouncils}, {"commissions", l.commissions},
		{"the city assembly", l.assembly}, {"citizens' gatherings", l.meetResidents},
	} {
		progress("loading Kansk 2012: " + step.what)
		if err := step.run(ctx); err != nil {
			return fmt.Errorf("loading %s: %w", step.what, err)
		}
	}
	return nil
}

func (l *loader) town(ctx context.Context, h *house.House) (*core.Municipality, error) {
	m := l.city.Municipality
	if town := h.Towns.ByKey(m.Key); town != nil {
		return town, nil
	}
	town := &core.Municipality{Key: m.Key, Name: m.Name, Region: m.Region, TimeZone: m.TimeZone}
	if err := h.Towns.Add(ctx, town); err != nil {
		return nil, err
	}
	return h.Towns.ByKey(m.Key), h.Settle(ctx)
}

func (l *loader) body(key string) body {
	for _, b := range l.city.Bodies {
		if b.Key == key {
			return b
		}
	}
	return body{}
}

// saved is the payload's key, or the payload's own errors as one.
func saved(p *core.Payload, err error) (core.ID, error) { return savedAs("", p, err) }

func savedAs(typ string, p *core.Payload, err error) (core.ID, error) {
	if err != nil {
		return core.ID{}, err
	}
	if len(p.UserErrors) > 0 {
		return core.ID{}, fmt.Errorf("%s at %v", p.UserErrors[0].Message, p.UserErrors[0].Path)
	}
	return core.ID{Type: typ, Key: p.Key}, nil
}

// on is a day of the facts' time.
func on(year, month, day int) core.Date {
	d, err := core.ParseDate(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
	if err != nil {
		panic(err) // the days are written in this package
	}
	return d
}
