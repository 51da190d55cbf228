package follow

import (
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const mayUse = "follow:use"

// own is the relation of a row to the account that it is of. Nobody stands in another.
const own = "own"

var ofAccount = access.Rows{Relations: map[string]string{own: `?TableAlias.account_id = ?actor_account`}}

const subjectID = `?TableAlias.subject_type || ':' || ?TableAlias.subject_key::text`

var subject = map[string]read.Reference{"subject": {Type: `?TableAlias.subject_type`, Key: `?TableAlias.subject_key`}}

func declare(r *read.Reader) {
	read.Declare[Follow](r, read.Type{
		Name: "Follow", Guard: mayUse, Rows: ofAccount, Only: own,
		Filters: map[string]read.Filter{
			"subject": {SQL: `(?TableAlias.subject_type, ?TableAlias.subject_key)`, ID: read.AnyType},
			"ended":   {SQL: `(?TableAlias.ended_at IS NOT NULL)`},
		},
		Orders:     map[string][]read.Key{"SINCE": {{SQL: `?TableAlias.since`, Cast: "timestamptz"}}},
		Order:      "SINCE",
		Computed:   map[string]read.Computed{"subjectId": {SQL: subjectID, ID: read.AnyType}},
		References: subject,
	})
	read.Declare[Notice](r, read.Type{
		Name: "Notice", Guard: mayUse, Rows: ofAccount, Only: own,
		Hangs: &read.Hangs{Type: `?TableAlias.subject_type`, Key: `?TableAlias.subject_key`, Of: r.Types},
		Filters: map[string]read.Filter{
			"read":    {SQL: `(?TableAlias.read_at IS NOT NULL)`},
			"subject": {SQL: `(?TableAlias.subject_type, ?TableAlias.subject_key)`, ID: read.AnyType},
			"at":      {SQL: `?TableAlias.at`},
		},
		Orders: map[string][]read.Key{"ARRIVED": {{SQL: `-?TableAlias.seq`, Cast: "bigint"}}},
		Order:  "ARRIVED",
		Computed: map[string]read.Computed{
			"subjectId": {SQL: subjectID, ID: read.AnyType},
			"text":      {SQL: `CASE WHEN ?language = 'ru' THEN ?TableAlias.text->>'ru' ELSE ?TableAlias.text->>'en' END`},
		},
		Groups: map[string]read.Group{"texts": {Fields: map[string]read.Computed{
			"ru": {SQL: `?TableAlias.text->>'ru'`}, "en": {SQL: `?TableAlias.text->>'en'`},
		}}},
		References: subject,
	})
}

var card = core.Info{
	Name:        "follow",
	Title:       core.T("Following and the inbox", "Подписки и уведомления"),
	Permissions: []core.Permission{{Name: mayUse, Title: core.T("Follow things and have an inbox", "Подписываться и получать уведомления")}},
}
