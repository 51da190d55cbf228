package councilwork

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/people"
)

//go:embed policy.csv
var policy string

const (
	mayRead        = "councilwork:read"
	mayReadDrafts  = "councilwork:read_drafts"
	mayPut         = "councilwork:put"
	mayKeep        = "councilwork:keep"
	mayAnswer      = "councilwork:answer"
	maySecond      = "councilwork:second"
	mayReport      = "councilwork:report"
	mayReadReports = "councilwork:read_reports"
	mayAsk         = "councilwork:ask"
	maySign        = "councilwork:sign"
)

// Module is the module as the graph joins it.
type Module struct{ Service *Service }

// Parts are the modules that this one stands on.
type Parts struct {
	People   *people.Module
	Councils *councils.Module
	Calendar *calendar.Module
	Cases    *cases.Module
	Files    *files.Module
}

// New declares the module's types and makes its service. It tells people of the columns that name a person
// or an organisation, councils that secondments end with seats, and files what bears attachments.
func New(h *host.Host, p Parts) *Module {
	s := &Service{
		reads: h.Reads, guard: h.Guard, writer: h.Writer, people: p.People.Service, councils: p.Councils.Service,
		calendar: p.Calendar.Service, cases: p.Cases.Service, files: p.Files.Service,
	}
	declare(h.Reads)
	register(p.People)
	p.Councils.Service.OnSeatsEnded(s.seatsEnded)
	p.Files.Attachable("ConsultationQuestion", mayPut)
	p.Files.Attachable("Recommendation", mayKeep)
	p.Files.Attachable("PublicExpertise", mayKeep)
	return &Module{Service: s}
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "councilwork",
		Title: core.T("Work of councils", "Работа советов"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See questions, recommendations, secondments and expertises", "Видеть вопросы, рекомендации, направления в комиссии и экспертизы")},
			{Name: mayReadDrafts, Title: core.T("See conclusions that are not published yet", "Видеть ещё не опубликованные заключения")},
			{Name: mayPut, Title: core.T("Put questions to a body", "Вносить вопросы на рассмотрение")},
			{Name: mayKeep, Title: core.T("Keep a body's questions, recommendations and expertises", "Вести вопросы, рекомендации и экспертизы органа")},
			{Name: mayAnswer, Title: core.T("Answer recommendations and conclusions", "Отвечать на рекомендации и заключения")},
			{Name: maySecond, Title: core.T("Second members to commissions", "Направлять членов органа в комиссии")},
			{Name: mayReport, Title: core.T("Report back from a commission", "Отчитываться о работе в комиссии")},
			{Name: mayReadReports, Title: core.T("See reports from commissions", "Видеть отчёты о работе в комиссиях")},
			{Name: mayAsk, Title: core.T("Ask for a public expertise", "Запрашивать общественную экспертизу")},
			{Name: maySign, Title: core.T("Declare conflicts of interest and sign conclusions", "Заявлять о конфликте интересов и подписывать заключения")},
		},
		Policy:     policy,
		Indicators: indicators,
		Follows:    []string{"ConsultationQuestion", "Recommendation", "PublicExpertise"},
	}
}
