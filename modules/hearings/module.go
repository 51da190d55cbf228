package hearings

import (
	"context"
	_ "embed"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/meetings"
	"github.com/veche-city/veche/modules/people"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types and makes its service. It tells people of the columns that name a person
// or an organisation, and files that hearings bear the draft's papers.
func New(h *host.Host, people *people.Module, files *files.Module, meetings *meetings.Module) *Module {
	declare(h.Reads)
	register(people)
	files.Attachable("PublicHearing", mayWrite)
	return &Module{Service: &Service{
		reads: h.Reads, guard: h.Guard, writer: h.Writer, people: people.Service, meetings: meetings.Service, mandated: people.MayActFor,
	}, host: h}
}

// mandated says whether the person may act for the organisation today.
type mandated func(ctx context.Context, person, organisation uuid.UUID) (bool, error)

// Info is the module's card.
func (*Module) Info() core.Info {
	duty := core.T("Participants of hearings state who they are and where they live (Urban Planning Code, article 5.1, part 12; 152-FZ, article 6, part 1, point 2)",
		"Участники слушаний сообщают сведения о себе (ГрК РФ, ст. 5.1, ч. 12; 152-ФЗ, ст. 6, ч. 1, п. 2)")
	return core.Info{
		Name:  "hearings",
		Title: core.T("Public hearings", "Публичные слушания"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See hearings and statements that are not public yet", "Видеть ещё не опубликованные слушания и предложения")},
			{Name: mayWrite, Title: core.T("Plan, announce, conclude, publish and cancel hearings", "Планировать, объявлять, завершать, публиковать и отменять слушания")},
			{Name: maySubmit, Title: core.T("Hand in a statement of one's own", "Подавать предложения от своего имени")},
			{Name: mayRecord, Title: core.T("Write down statements, check where authors live, clear texts", "Вносить предложения, проверять место жительства, готовить тексты к публикации")},
			{Name: mayAnswer, Title: core.T("Answer proposals", "Рассматривать предложения")},
			{Name: mayReadStatements, Title: core.T("See who made a statement, and in which words", "Видеть авторов и исходные тексты предложений")},
			{Name: mayConfigure, Title: core.T("Say what the town asks of hearings", "Задавать требования к слушаниям")},
		},
		Policy:     policy,
		Indicators: indicators,
		DataClasses: []core.DataClass{
			{Key: "hearing_author", Title: core.T("Who made a statement at a hearing, and where they live", "Автор предложения на слушаниях и место его жительства"), Basis: duty, Permission: mayReadStatements, KeepMonths: 60},
			{Key: "hearing_text", Title: core.T("What was stated at a hearing, as it was handed in", "Исходный текст предложения на слушаниях"), Basis: duty, Permission: mayReadStatements, KeepMonths: 60},
		},
		Follows: []string{"PublicHearing"},
	}
}
