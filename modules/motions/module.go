package motions

import "github.com/veche-city/veche/core/host"

// Module is the module.
type Module struct {
	host    *host.Host
	Service *Service
}

// Service is every way to change motions, votes and resolutions.
type Service struct {
	rules map[string]RulesOf
}
