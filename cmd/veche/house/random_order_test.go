//go:build whole

package house_test

import (
	_ "embed"
	"fmt"
	"time"

	"github.com/veche-city/veche/core/coretest/randomop"
)

//go:embed testdata/order.sql
var yearOfOrder string

// furnishOrder fills the tables of the territorial order, and puts one project forward as residents do.
func (s *stillWorld) furnishOrder() {
	s.t.Helper()
	conn, err := s.DB.DB.Conn(s.t.Context())
	must(s.t, err)
	defer func() { must(s.t, conn.Close()) }()
	_, err = conn.ExecContext(s.t.Context(), yearOfOrder)
	must(s.t, err)
	district := at(s.ask(request{Query: `{ districts(first: 1) { nodes { id } } }`}), "districts", "nodes", 0, "id")
	s.do(request{as: "resident", Query: proposeProject, Variables: map[string]any{"in": map[string]any{"districtId": district, "title": "Освещение сквера", "text": "Поставить двенадцать фонарей",
		"place": "Сквер у школы", "kind": "LIGHTING", "costRubles": 500000}}})
}

// furnishSnow plans to clear streets, some of which are in several places, and cancels one clearing.
func (s *stillWorld) furnishSnow() {
	s.t.Helper()
	var addresses []string
	for n, street := range []string{"ул. Ленина", "ул. Мира", "ул. Мира", "пер. Школьный"} {
		locality := []string{"г. Канск", "г. Канск", "с. Бражное", "г. Канск"}[n]
		for house := range 2 {
			addresses = append(addresses, s.made("createAddress", "address", map[string]any{"locality": locality, "street": street, "house": fmt.Sprint(100 + house)}))
		}
	}
	for n, name := range []string{"Клуб", "Школа", "Библиотека"} {
		s.made("createVenue", "venue", map[string]any{"kind": "OTHER", "name": name, "addressId": addresses[n*2]})
	}
	last := ""
	for n := range 8 {
		starts := s.clock.now().Add(time.Duration(n+2) * 25 * time.Hour)
		last = s.plan(s.admin, map[string]any{"addressId": addresses[n], "startsAt": starts, "endsAt": starts.Add(5 * time.Hour), "note": []any{nil, `снег "глубокий" < 1 м`}[n%2]})
	}
	s.do(request{as: s.admin, Query: `mutation($in: SnowClearingCancelInput!) { cancelSnowClearing(input: $in) { clearing { id } userErrors { code message path } } }`,
		Variables: map[string]any{"in": map[string]any{"id": last, "reason": "Снега нет"}}})
	s.made("mergeAddresses", "address", map[string]any{"keptId": addresses[0], "duplicateIds": []string{addresses[1]}})
}

// harvestPlugins puts into the pool what there is to ask of the plugins.
func (s *stillWorld) harvestPlugins(pool *randomop.Pool) {
	s.t.Helper()
	data := s.ask(request{as: s.admin, Query: `{
		territorialOrderProjects(first: 100) { nodes { id statements(first: 5) { id } } }
		territorialOrderRounds(first: 20) { id defence { id } }
		snowClearings(first: 200) { street startsAt endsAt } }`})
	for _, p := range at(data, "territorialOrderProjects", "nodes").([]any) {
		id := at(p, "id").(string)
		pool.IDs["TerritorialOrderProject"] = append(pool.IDs["TerritorialOrderProject"], id)
		for _, of := range []string{"Query", "District", "Council"} {
			pool.Cursors[of+".territorialOrderProjects"] = append(pool.Cursors[of+".territorialOrderProjects"], id)
		}
		for _, statement := range at(p, "statements").([]any) {
			pool.Cursors["TerritorialOrderProject.statements"] = append(pool.Cursors["TerritorialOrderProject.statements"], at(statement, "id").(string))
		}
	}
	for _, r := range at(data, "territorialOrderRounds").([]any) {
		id := at(r, "id").(string)
		pool.IDs["TerritorialOrderRound"] = append(pool.IDs["TerritorialOrderRound"], id)
		pool.Cursors["Query.territorialOrderRounds"] = append(pool.Cursors["Query.territorialOrderRounds"], id)
		if defence, ok := at(r, "defence", "id").(string); ok {
			pool.IDs["TerritorialOrderDefence"] = append(pool.IDs["TerritorialOrderDefence"], defence)
		}
	}
	for _, c := range at(data, "snowClearings").([]any) {
		pool.Texts["SnowClearing.street"] = append(pool.Texts["SnowClearing.street"], at(c, "street").(string))
		pool.Texts["DateTime"] = append(pool.Texts["DateTime"], at(c, "startsAt").(string), at(c, "endsAt").(string))
	}
}
