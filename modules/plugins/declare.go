package plugins

import (
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/read"
)

const (
	mayRead    = "plugins:read"
	mayManage  = "plugins:manage"
	mayInstall = "plugins:install"
)

const typePlugin = "Plugin"

func declare(r *read.Reader) {
	read.Declare[Plugin](r, read.Type{
		Name:  typePlugin,
		Guard: mayRead,
		// What runs here is everybody's business.
		Rows: access.Rows{Relations: map[string]string{"public": `?TableAlias.state = 'ENABLED'`}},
		Filters: map[string]read.Filter{
			"name":  {SQL: `?TableAlias.name`},
			"state": {SQL: `?TableAlias.state`},
		},
		Orders: map[string][]read.Key{
			"NAME":       {{SQL: `?TableAlias.name`}},
			"CHANGED_AT": {{SQL: `?TableAlias.changed_at`, Cast: "timestamptz"}},
		},
		Order: "NAME",
		Computed: map[string]read.Computed{
			"title":           {SQL: inLanguage(`'Title'`)},
			"description":     {SQL: inLanguage(`'Description'`)},
			"author":          {SQL: ofBundle(`bundle.manifest->>'Author'`)},
			"license":         {SQL: ofBundle(`bundle.manifest->>'License'`)},
			"release":         {SQL: ofBundle(`bundle.version`)},
			"signer":          {SQL: ofBundle(`bundle.signer`)},
			"previousRelease": {SQL: `SELECT bundle.version FROM plugin_bundles AS bundle WHERE bundle.digest = ?TableAlias.previous_digest`},
			"approvedById":    {SQL: `nullif(?TableAlias.approved_by, '')`, ID: read.AnyType},
			// Lists of a plugin's own row, which have no ids.
			"asks":         {SQL: `?TableAlias.granted::text`},
			"hookFailures": {SQL: `?TableAlias.hook_failure::text`},
			"process":      {SQL: `?TableAlias.name`},
			"history": {SQL: `SELECT coalesce(json_agg(json_build_object('At', step.at, 'Action', step.action, 'State', step.state,
				'Release', step.version, 'Reason', step.reason) ORDER BY step.id DESC), '[]')::text FROM plugin_steps AS step
				WHERE step.municipality_id = ?TableAlias.municipality_id AND step.plugin_id = ?TableAlias.id`},
		},
		Groups: map[string]read.Group{"titles": {Fields: map[string]read.Computed{
			"ru": {SQL: ofBundle(`bundle.manifest->'Title'->>'Ru'`)}, "en": {SQL: ofBundle(`bundle.manifest->'Title'->>'En'`)},
		}}},
	})
}

// ofBundle is an expression over the bundle that the plugin runs.
func ofBundle(sql string) string {
	return `SELECT ` + sql + ` FROM plugin_bundles AS bundle WHERE bundle.digest = ?TableAlias.digest`
}

// inLanguage is a text of the manifest in the reader's language.
func inLanguage(key string) string {
	return ofBundle(`bundle.manifest->` + key + `->>CASE WHEN ?language = 'ru' THEN 'Ru' ELSE 'En' END`)
}
