package sdk

import (
	"context"
	"encoding/json"
	"sync"
)

// settings are those of all municipalities, by their keys.
type settings struct {
	read func(c call, text []byte) (any, error)

	mu   sync.RWMutex
	each map[string]configured
}

type configured struct {
	revision int64
	value    any
}

// Settings says that the plugin has settings, in the form T. check may refuse what the JSON Schema
// cannot: its Errors' paths lead into the settings, and the old ones stay.
func Settings[S any](p *Plugin, check ...func(ctx context.Context, s S) error) {
	p.twice(p.settings != nil, "sdk.Settings", "")
	p.settings = &settings{each: map[string]configured{}, read: func(c call, text []byte) (any, error) {
		var s S
		if err := json.Unmarshal(text, &s); err != nil {
			return nil, err
		}
		for _, one := range check {
			if err := one(c, s); err != nil {
				return nil, err
			}
		}
		return s, nil
	}}
}

// SettingsOf are those of the call's municipality, as Veche handed them over; the zero S before.
func SettingsOf[S any](ctx context.Context) S {
	s := stateOf(ctx)
	var none S
	if s.plugin.settings == nil {
		return none
	}
	s.plugin.settings.mu.RLock()
	defer s.plugin.settings.mu.RUnlock()
	if value, ok := s.plugin.settings.each[s.info.Municipality].value.(S); ok {
		return value
	}
	return none
}

// take checks and keeps settings, unless newer ones came before.
func (s *settings) take(c call, text []byte, revision int64) error {
	value, err := s.read(c, text)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := Call(c).Municipality
	if had, ok := s.each[key]; !ok || had.revision <= revision {
		s.each[key] = configured{revision, value}
	}
	return nil
}
