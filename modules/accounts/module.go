package accounts

import (
	_ "embed"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types, makes its service and registers its job.
func New(h *host.Host) (*Module, error) {
	declare(h.Reads)
	if err := h.Jobs.Register(purging(h)...); err != nil {
		return nil, fmt.Errorf("accounts: %w", err)
	}
	return &Module{Service: &Service{identity: h.Identity, reads: h.Reads, guard: h.Guard, writer: h.Writer}, host: h}, nil
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:        "accounts",
		Title:       core.T("Accounts", "Учётные записи"),
		Permissions: permissions(),
		Policy:      policy,
		DataClasses: dataClasses(),
	}
}
