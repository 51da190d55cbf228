package meetings

import (
	_ "embed"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/cases"
	"github.com/veche-city/veche/modules/files"
	"github.com/veche-city/veche/modules/people"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
	quorum  map[string]read.Computed // the fields of the live quorum; see declareQuorum
}

// New declares the module's types and makes its service. It tells people of the columns that name a person
// or an organisation, so that merging, erasure and export reach them, and files that meetings and items bear papers.
func New(h *host.Host, people *people.Module, files *files.Module, cases *cases.Module) *Module {
	m := &Module{
		Service: &Service{reads: h.Reads, guard: h.Guard, writer: h.Writer, people: people.Service, cases: cases.Service, clock: h.Clock, bodies: map[string]Body{}},
		host:    h, quorum: map[string]read.Computed{},
	}
	declare(h.Reads, m.quorum)
	m.declareQuorum()
	register(people)
	files.Attachable("Meeting", mayWrite)
	files.Attachable("AgendaItem", mayWrite)
	return m
}

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "meetings",
		Title: core.T("Meetings", "Встречи и заседания"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See meetings that are not announced yet", "Видеть ещё не объявленные встречи")},
			{Name: mayWrite, Title: core.T("Plan, announce, move and cancel meetings, and keep their agenda", "Планировать, объявлять, переносить и отменять встречи, вести повестку")},
			{Name: mayRecord, Title: core.T("Keep a session: attendance, opening, outcomes, minutes", "Вести заседание: явка, открытие, итоги, протокол")},
			{Name: mayConfigure, Title: core.T("Say how early meetings are announced", "Задавать сроки объявления встреч")},
			{Name: mayRegister, Title: core.T("Take part oneself: register, ask, have a calendar", "Участвовать самому: записываться, задавать вопросы, иметь календарь")},
			{Name: mayRegisterOthers, Title: core.T("Register other people", "Записывать других людей")},
			{Name: mayReadRegistrations, Title: core.T("See who is registered", "Видеть, кто записан")},
			{Name: mayCheckIn, Title: core.T("Check in at the door", "Отмечать пришедших на входе")},
			{Name: mayReadAttendance, Title: core.T("See who attended", "Видеть явку")},
			{Name: mayReadAbsences, Title: core.T("See why members were absent", "Видеть причины отсутствия")},
			{Name: mayReadMinutes, Title: core.T("See minutes that are not published", "Видеть неопубликованные протоколы")},
		},
		Policy:      policy,
		Follows:     []string{"Meeting"},
		Indicators:  indicators,
		DataClasses: dataClasses,
	}
}

var dataClasses = []core.DataClass{
	{
		Key: "meeting_registration", Title: core.T("Registration for a meeting", "Запись на встречу"), Permission: mayReadRegistrations,
		Basis: core.T("Consent (152-FZ, article 6, part 1, point 1)", "Согласие (152-ФЗ, ст. 6, ч. 1, п. 1)"), KeepMonths: 12,
	},
	{
		Key: "absence_reason", Title: core.T("Reason for a member's absence", "Причина отсутствия члена органа"), Permission: mayReadAbsences,
		Basis: core.T("Duties of local government towards the person (152-FZ, article 6, part 1, points 2 and 4)",
			"Полномочия органов власти в отношении гражданина (152-ФЗ, ст. 6, ч. 1, п. 2 и 4)"), KeepMonths: 60,
	},
}

var indicators = []core.Indicator{
	{
		Key: "meetings.held", Name: core.T("Meetings held", "Проведено встреч"), Unit: core.T("meetings", "встреч"),
		Definition: core.T("Meetings of the period that were opened, by kind.", "Открытые за период встречи, по видам."),
		Permission: mayRead, Type: "Meeting",
		Rows: `SELECT id, kind AS breakdown, starts_on AS day FROM meetings
			WHERE municipality_id = ?municipality AND starts_on BETWEEN ?from AND ?to AND opened_at IS NOT NULL`,
	},
	{
		Key: "meetings.attendance", Name: core.T("Attendance of members", "Явка членов органов"), Unit: core.T("attendances", "отметок о явке"),
		Definition: core.T("Members noted at meetings of bodies that were opened in the period, by how they attended.",
			"Отмеченные члены органов на открытых за период заседаниях, по виду явки."),
		Permission: mayReadAttendance, Type: "Attendance",
		Rows: `SELECT attendance.id, attendance.state AS breakdown, meeting.starts_on AS day FROM meeting_attendances AS attendance
			JOIN meetings AS meeting ON meeting.municipality_id = attendance.municipality_id AND meeting.id = attendance.meeting_id
			WHERE meeting.municipality_id = ?municipality AND meeting.starts_on BETWEEN ?from AND ?to AND meeting.opened_at IS NOT NULL AND meeting.body_id IS NOT NULL`,
	},
}
