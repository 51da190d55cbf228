package people

import (
	"context"
	_ "embed"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
)

//go:embed policy.csv
var policy string

// Module is people as the rest of the house sees it.
type Module struct {
	Service *Service
}

// New declares the module's types. Other modules may register with it until the start is over.
func New(h *host.Host) *Module {
	log := &accessLog{db: h.DB, clock: h.Clock}
	m := &Module{Service: &Service{host: h, log: log}}
	m.registerOwn()
	declarePersons(h.Reads, log)
	declareOrganisations(h.Reads)
	return m
}

// MayActFor says whether the person may act for the organisation today, by a mandate that is valid
// and an organisation that stands. It asks for no right: sign-in calls it before there is an actor.
func (m *Module) MayActFor(ctx context.Context, person, organisation uuid.UUID) (bool, error) {
	return m.Service.mayActFor(ctx, person, organisation)
}

// Info is the module's card.
func (m *Module) Info() core.Info { return Info() }

// Info is the module's card; it is needed before the guard is made, and so before the module.
func Info() core.Info {
	return core.Info{
		Name:        "people",
		Title:       core.T("People and organisations", "Люди и организации"),
		Permissions: permissions(),
		Policy:      policy,
		Indicators:  indicators(),
		DataClasses: dataClasses(),
	}
}

func permissions() []core.Permission {
	return []core.Permission{
		{Name: mayRead, Title: core.T("See persons: names and public roles", "Видеть людей: имена и общественные роли")},
		{Name: mayReadPersonal, Title: core.T("See birth dates and contacts; each reading is logged", "Видеть даты рождения и контакты; каждый просмотр записывается")},
		{Name: mayReadAccesses, Title: core.T("See who read personal data", "Видеть, кто просматривал персональные данные")},
		{Name: mayReadConsents, Title: core.T("See consents to processing", "Видеть согласия на обработку данных")},
		{Name: mayReadHouseholds, Title: core.T("See households", "Видеть домохозяйства")},
		{Name: mayReadMandates, Title: core.T("See mandates to act for organisations", "Видеть полномочия действовать от имени организаций")},
		{Name: mayReadOrganisations, Title: core.T("See organisations, posts and honours", "Видеть организации, должности и звания")},
		{Name: mayWrite, Title: core.T("Register persons, change names, award honours", "Регистрировать людей, менять имена, вносить звания")},
		{Name: mayWritePersonal, Title: core.T("Change birth dates and contacts", "Менять даты рождения и контакты")},
		{Name: mayWriteConsents, Title: core.T("Note consents and their withdrawal", "Вносить согласия и их отзыв")},
		{Name: mayWriteHouseholds, Title: core.T("Keep households", "Вести домохозяйства")},
		{Name: mayWriteMandates, Title: core.T("Give and take back mandates", "Выдавать и отзывать полномочия")},
		{Name: mayWriteOrganisations, Title: core.T("Register, change and dissolve organisations", "Регистрировать, менять и закрывать организации")},
		{Name: mayWritePosts, Title: core.T("Assign and end posts", "Назначать на должности и освобождать от них")},
		{Name: mayMerge, Title: core.T("Merge duplicates of persons, and undo it", "Объединять дубликаты людей и отменять объединение")},
		{Name: mayMergeOrganisations, Title: core.T("Merge duplicates of organisations, and undo it", "Объединять дубликаты организаций и отменять объединение")},
		{Name: mayErase, Title: core.T("Erase a person's data for ever", "Навсегда удалять данные человека")},
		{Name: mayExport, Title: core.T("Export all that is kept of a person", "Выгружать всё, что хранится о человеке")},
	}
}

func dataClasses() []core.DataClass {
	consent := core.T("Consent (152-FZ, article 6, part 1, point 1)", "Согласие (152-ФЗ, ст. 6, ч. 1, п. 1)")
	duty := core.T("Duties of local government towards the person (152-FZ, article 6, part 1, points 2 and 4)",
		"Полномочия органов власти в отношении гражданина (152-ФЗ, ст. 6, ч. 1, п. 2 и 4)")
	return []core.DataClass{
		{Key: "name", Title: core.T("Name of a person without a public role", "Имя человека без общественной роли"), Basis: duty, Permission: mayRead},
		{Key: "birth_date", Title: core.T("Birth date", "Дата рождения"), Basis: duty, Permission: mayReadPersonal},
		{Key: "contact", Title: core.T("Telephone numbers and e-mail addresses", "Телефоны и адреса электронной почты"), Basis: consent, Permission: mayReadPersonal},
		{Key: "postal_address", Title: core.T("Postal address", "Почтовый адрес"), Basis: duty, Permission: mayReadPersonal},
		{Key: "household", Title: core.T("Household", "Домохозяйство"), Basis: duty, Permission: mayReadHouseholds},
	}
}

func indicators() []core.Indicator {
	return []core.Indicator{
		{
			Key:  "people.organisations_registered",
			Name: core.T("Organisations registered", "Зарегистрировано организаций"),
			Unit: core.T("organisations", "организаций"),
			Definition: core.T("Organisations entered in the period, duplicates that were merged left out, by kind.",
				"Организации, внесённые за период, без объединённых дубликатов, по видам."),
			Permission: mayReadOrganisations, Type: typeOrganisation,
			Rows: `SELECT o.id, o.kind AS breakdown, (o.created_at AT TIME ZONE m.time_zone)::date AS day
				FROM organisations AS o JOIN municipalities AS m ON m.id = o.municipality_id
				WHERE o.municipality_id = ?municipality AND o.merged_into_id IS NULL
				AND (o.created_at AT TIME ZONE m.time_zone)::date BETWEEN ?from AND ?to`,
		},
		{
			Key:  "people.posts_held",
			Name: core.T("Posts held", "Занято должностей"),
			Unit: core.T("posts", "должностей"),
			Definition: core.T("Posts that somebody held on the last day of the period, those who stand in left out, by the organisation's kind.",
				"Должности, занятые в последний день периода, без исполняющих обязанности, по видам организаций."),
			Permission: mayReadOrganisations, Type: "Post",
			Rows: `SELECT p.id, o.kind AS breakdown, ?to::date AS day
				FROM posts AS p JOIN organisations AS o ON o.municipality_id = p.municipality_id AND o.id = p.organisation_id
				WHERE p.municipality_id = ?municipality AND NOT p.acting
				AND p.starts_on <= ?to AND (p.ends_on IS NULL OR p.ends_on >= ?to)`,
		},
	}
}
