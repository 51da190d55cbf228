package cases

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/modules/calendar"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/people"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types and makes its service. It tells people of the columns that name a
// person or an organisation, the calendar of the days that hang on it, and files of what bears them:
// what was handed in belongs to the content, and is not public with the case; what everybody may see is
// attached to the case itself by those who publish.
func New(h *host.Host, people *people.Module, calendar *calendar.Module, files *files.Module) (*Module, error) {
	declare(h.Reads)
	register(people)
	files.Attachable("CaseContent", mayWrite)
	files.Attachable("Case", mayPublish)
	s := &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer, identity: h.Identity, people: people.Service, calendar: calendar.Service, files: files.Service, clock: h.Clock}
	calendar.OnChange(s.recount)
	return &Module{Service: s, host: h}, h.Jobs.Register(s.telling(h)...)
}

// Info is the module's card.
func (*Module) Info() core.Info {
	duty := core.T("Duties of local government towards the person (152-FZ, article 6, part 1, points 2 and 4; 59-FZ)",
		"Полномочия органов власти в отношении гражданина (152-ФЗ, ст. 6, ч. 1, п. 2 и 4; 59-ФЗ)")
	return core.Info{
		Name:  "cases",
		Title: core.T("Cases", "Обращения"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See cases: state, owner, terms, course", "Видеть обращения: состояние, исполнителя, сроки, ход")},
			{Name: mayReadContent, Title: core.T("See what a case says, and who said it", "Видеть текст обращения и заявителя")},
			{Name: mayReadCode, Title: core.T("See the code by which a case is followed", "Видеть код для отслеживания обращения")},
			{Name: mayReadNotes, Title: core.T("See internal notes", "Видеть служебные заметки")},
			{Name: mayReadSignatories, Title: core.T("See who signed a case", "Видеть, кто подписал обращение")},
			{Name: mayOpen, Title: core.T("Hand in a case of one's own", "Подавать обращение от своего имени")},
			{Name: mayRegister, Title: core.T("Register cases, and write them down for others", "Регистрировать обращения и вносить их за других")},
			{Name: mayAssign, Title: core.T("Give cases to an owner", "Назначать исполнителя")},
			{Name: mayForward, Title: core.T("Forward cases to other bodies", "Направлять обращения в другие органы")},
			{Name: mayWrite, Title: core.T("Note steps, keep signatories, pause", "Отмечать ход работы, вести подписи, приостанавливать")},
			{Name: mayAnswer, Title: core.T("Answer, extend, refuse", "Отвечать, продлевать срок, отказывать в рассмотрении")},
			{Name: mayClose, Title: core.T("Close and reopen cases", "Закрывать и возобновлять обращения")},
			{Name: mayRespond, Title: core.T("Confirm an answer or object to it", "Подтверждать ответ или возражать на него")},
			{Name: maySign, Title: core.T("Stand behind a case", "Присоединяться к обращению")},
			{Name: mayPublish, Title: core.T("Publish cases without personal data", "Публиковать обращения без персональных данных")},
			{Name: mayConfigure, Title: core.T("Set kinds of cases, terms and workflow", "Задавать виды обращений, сроки и порядок работы")},
		},
		Policy:     policy,
		Follows:    []string{"Case"},
		Indicators: indicators,
		DataClasses: []core.DataClass{
			{Key: "case_text", Title: core.T("What was said in a case, and the answer", "Текст обращения и ответа"), Basis: duty, Permission: mayReadContent, KeepMonths: 60},
			{Key: "case_code", Title: core.T("Code by which an applicant follows a case", "Код, по которому заявитель следит за обращением"), Basis: duty, Permission: mayReadCode, KeepMonths: 60},
		},
	}
}
