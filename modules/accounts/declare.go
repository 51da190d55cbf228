package accounts

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead  = "accounts:read"
	mayWrite = "accounts:write"
	mayReset = "accounts:reset"
	mayIssue = "accounts:tokens"
)

func permissions() []core.Permission {
	return []core.Permission{
		{Name: mayRead, Title: core.T("See accounts", "Видеть учётные записи")},
		{Name: mayWrite, Title: core.T("Make, link, disable and enable accounts", "Создавать, связывать, отключать и включать учётные записи")},
		{Name: mayReset, Title: core.T("Reset others' passwords", "Сбрасывать чужие пароли")},
		{Name: mayIssue, Title: core.T("See, issue and revoke service tokens", "Видеть, выдавать и отзывать служебные токены")},
	}
}

func dataClasses() []core.DataClass {
	return []core.DataClass{{
		Key: "account", Title: core.T("Login and displayed name of an account", "Логин и отображаемое имя учётной записи"),
		Basis: core.T("Duties of local government towards the person (152-FZ, article 6, part 1, points 2 and 4)",
			"Полномочия органов власти в отношении гражданина (152-ФЗ, ст. 6, ч. 1, п. 2 и 4)"),
		Permission: mayRead,
	}}
}

func declare(r *read.Reader) {
	read.Declare[Account](r, read.Type{
		Name:  typeAccount,
		Guard: mayRead,
		Rows:  access.Rows{Relations: map[string]string{"own": `?TableAlias.id = ?actor_account`}},
		Filters: map[string]read.Filter{
			"search":       {SQL: `fold_name(?TableAlias.display_name || ' ' || ?TableAlias.login)`, Search: true},
			"login":        {SQL: `?TableAlias.login`},
			"person":       {SQL: `?TableAlias.person_id`, ID: typePerson},
			"createdAt":    {SQL: `?TableAlias.created_at`},
			"lastSignInAt": {SQL: `?TableAlias.last_sign_in_at`},
			"disabled":     {SQL: `(?TableAlias.disabled_at IS NOT NULL)`},
		},
		Orders: map[string][]read.Key{
			"DISPLAY_NAME": {{SQL: `fold_name(?TableAlias.display_name)`}},
			"CREATED_AT":   {{SQL: `?TableAlias.created_at`, Cast: "timestamptz"}},
		},
		Order: "DISPLAY_NAME",
		Computed: map[string]read.Computed{
			"mustChangePassword": {SQL: `?TableAlias.password_expires_at IS NOT NULL`},
			"personId":           {SQL: `?TableAlias.person_id`, ID: typePerson},
		},
	})
	read.Declare[ServiceToken](r, read.Type{
		Name:  typeServiceToken,
		Guard: mayIssue,
		Rows:  access.Rows{Relations: map[string]string{"own": `?TableAlias.created_by = ?actor_account`}},
		Filters: map[string]read.Filter{
			"createdBy": {SQL: `?TableAlias.created_by`, ID: typeAccount},
			"expiresAt": {SQL: `?TableAlias.expires_at`},
			"revoked":   {SQL: `(?TableAlias.revoked_at IS NOT NULL)`},
		},
		Orders: map[string][]read.Key{
			"NAME":       {{SQL: `?TableAlias.name`}},
			"CREATED_AT": {{SQL: `?TableAlias.created_at`, Cast: "timestamptz"}},
			"EXPIRES_AT": {{SQL: `?TableAlias.expires_at`, Cast: "timestamptz"}},
		},
		Order: "CREATED_AT",
	})
}
