package plugins

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/jobs"
	"github.com/veche-city/veche/plugins/catalog"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
	catalog *catalog.Catalog
}

// New declares the register, and has exports purged from now on.
func New(h *host.Host, c *catalog.Catalog) (*Module, error) {
	declare(h.Reads)
	m := &Module{Service: &Service{guard: h.Guard, writer: h.Writer, catalog: c, log: h.Log}, host: h, catalog: c}
	return m, h.Jobs.Register(jobs.Worker(&purger{catalog: c}), jobs.Every("plugins.purge", purgeEvery, purgeArgs{}))
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "plugins",
		Title: core.T("Plugins", "Плагины"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See which plugins there are and what they were granted", "Видеть плагины и то, что им разрешено")},
			{Name: mayManage, Title: core.T("Approve, configure, upgrade, disable and remove plugins", "Согласовывать, настраивать, обновлять, отключать и удалять плагины")},
			{Name: mayInstall, Title: core.T("Install plugins on the server, where the operator lets bundles be sent", "Устанавливать плагины на сервер, если оператор это разрешил")},
		},
		Policy: policy,
	}
}
