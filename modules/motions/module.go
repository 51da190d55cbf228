package motions

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

// Module is the module's card and its service.
type Module struct {
	host    *host.Host
	Service *Service
}

//go:embed policy.csv
var policy string

// New makes the module; meetings and people were made before. Those whose bodies decide by vote
// register their rules with it.
func New(h *host.Host, p *people.Module, m *meetings.Module) *Module {
	declare(h.Reads)
	register(p)
	return &Module{h, &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer, meetings: m.Service, people: p.Service, rules: map[string]RulesOf{}}}
}

func (*Module) Info() core.Info {
	return core.Info{
		Name:  "motions",
		Title: core.T("Motions and votes", "Предложения и голосования"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See motions, amendments and votes", "Видеть предложения, поправки и голосования")},
			{Name: mayMove, Title: core.T("Move motions and amendments", "Вносить предложения и поправки")},
			{Name: mayVote, Title: core.T("Vote, and give proxies", "Голосовать и выдавать доверенности")},
			{Name: mayRun, Title: core.T("Put to the vote and close votes", "Ставить на голосование и завершать его")},
			{Name: mayPublish, Title: core.T("Write down and publish resolutions", "Оформлять и публиковать решения")},
			{Name: mayBallots, Title: core.T("See ballots that may be seen", "Видеть бюллетени, которые можно видеть")},
			{Name: mayProxies, Title: core.T("See proxies", "Видеть доверенности")},
			{Name: mayResolutions, Title: core.T("See resolutions", "Видеть решения")},
		},
		Policy:     policy,
		Indicators: indicators,
		DataClasses: []core.DataClass{{
			Key: "ballot", Title: core.T("How a member voted", "Как голосовал член органа"), Permission: mayBallots,
			Basis: core.T("Public duties of a member of a body (152-FZ, article 6, part 1, points 2 and 4)", "Публичные обязанности члена органа (152-ФЗ, ст. 6, ч. 1, п. 2 и 4)"),
		}},
	}
}

var indicators = []core.Indicator{
	{
		Key:        "motions.votes",
		Name:       core.T("Votes held", "Проведено голосований"),
		Unit:       core.T("votes", "голосований"),
		Definition: core.T("Votes closed in the period, by outcome; those that were broken off are left out.", "Голосования, завершённые за период, по исходу; без отменённых."),
		Permission: mayRead,
		Type:       "Vote",
		Rows: `SELECT votes.id, votes.outcome AS breakdown, (votes.closed_at AT TIME ZONE town.time_zone)::date AS day
			FROM votes JOIN municipalities AS town ON town.id = votes.municipality_id
			WHERE votes.municipality_id = ?municipality AND votes.state = 'CLOSED'
			AND (votes.closed_at AT TIME ZONE town.time_zone)::date BETWEEN ?from AND ?to`,
	},
	{
		Key:        "motions.resolutions",
		Name:       core.T("Resolutions adopted", "Принято решений"),
		Unit:       core.T("resolutions", "решений"),
		Definition: core.T("Resolutions of all bodies adopted in the period, by kind of body.", "Решения всех органов, принятые за период, по виду органа."),
		Permission: mayResolutions,
		Type:       "Resolution",
		Rows: `SELECT id, body_kind AS breakdown, adopted_on AS day FROM resolutions
			WHERE municipality_id = ?municipality AND adopted_on BETWEEN ?from AND ?to`,
	},
}
