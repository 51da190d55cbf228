package house_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veche-city/veche/cmd/veche/house"
	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/coretest/pgtest"
)

// A question that is asked twice is answered alike only where nothing changes by itself. So these
// worlds have a clock that stands still while they are asked: sessions are seen, tokens used and
// exports made at one moment.
type stoppedClock struct{ at atomic.Int64 }

func (c *stoppedClock) now() time.Time { return time.Unix(0, c.at.Load()).UTC() }
func (c *stoppedClock) step()          { c.at.Add(int64(17 * time.Minute)) }

// stillWorld is a town in which there is something of everything, a second one with a little of its
// own, and a caller for every role.
type stillWorld struct {
	*world
	clock   stoppedClock
	admin   string
	callers []caller
}

// caller is somebody who asks.
type caller struct {
	login, town string
	actingFor   string
	may         map[string]bool // the permissions held somewhere
}

func (c caller) String() string {
	return fmt.Sprintf("%q in %q acting for %q", c.login, c.town, c.actingFor)
}

func newStillWorld(t testing.TB) *stillWorld {
	t.Helper()
	url := pgtest.New(t, pgtest.Template{Name: "kansk", Fingerprint: fingerprint(t), Build: buildKansk})
	s := &stillWorld{world: &world{t: t, statements: &statements{}, tokens: map[string]string{}}}
	s.clock.at.Store(clock()().UnixNano())
	db := coretest.Open(t, url)
	settings := settings
	settings.Files.Dir, settings.Plugins.Dir, settings.Plugins.Keys = t.TempDir(), t.TempDir(), t.TempDir()
	h, err := house.Open(t.Context(), db, settings, s.clock.now, coretest.Quiet(), func(string) {})
	must(t, err)
	stop, err := h.Run(t.Context())
	must(t, err)
	t.Cleanup(func() {
		h.EndStreams()
		must(t, stop(t.Context()))
		must(t, h.Close())
	})
	s.House = h
	must(t, h.Towns.Add(t.Context(), &core.Municipality{Key: "achinsk", Name: core.T("City of Achinsk", "город Ачинск"), TimeZone: "Asia/Krasnoyarsk"}))
	must(t, h.Settle(t.Context()))
	handler, err := h.Handler()
	must(t, err)
	s.server = httptest.NewServer(handler)
	t.Cleanup(s.server.Close)
	s.furnish()
	return s
}

// morning moves the clock to the next day's first hour in the town, so that what follows is done within
// one day.
func (s *stillWorld) morning() time.Time {
	for {
		s.clock.step()
		if at := s.clock.now().In(time.FixedZone("Krasnoyarsk", 8*60*60)); at.Hour() == 0 {
			return at
		}
	}
}

// made sends a mutation that must be done, some time after the one before, and gives the id of what it made.
func (s *stillWorld) made(name, object string, in map[string]any) string {
	s.t.Helper()
	s.clock.step()
	return at(s.done(s.admin, name, object+" { id }", in), object, "id").(string)
}

// furnish adds what the reference city lacks.
func (s *stillWorld) furnish() {
	s.admin = s.administrator("kansk")
	data := s.ask(request{as: s.admin, Query: `{
		persons(first: 60) { nodes { id } } organisations(first: 20) { nodes { id } } districts(first: 20) { nodes { id } }
		councils(first: 3, filter: {kind: {eq: COMMUNITY_COUNCIL}}) { nodes { id version district { id } members(first: 6) { nodes { id version post person { id } } } } }
		posts(first: 3) { nodes { id version } } venues(first: 3) { nodes { id version } } }`})
	id := func(list string, n int) string { return at(data, list, "nodes", n, "id").(string) }
	mine := s.person(s.admin, "Тихонова")
	s.register(id, mine)
	s.place(id)
	s.govern(data, id)
	s.invite(data, id, mine)
	s.furnishFollows(data)
	s.furnishCases(id("organisations", 0), id("districts", 0), id("persons", 5), id("persons", 6), id("persons", 7))
	s.furnishMeetings(data, id, mine)
	s.furnishMotions(data)
	s.furnishCouncilWork(data)
	s.furnishGatherings(id)
	s.furnishHearings(id, mine)
	s.furnishAssemblies()
	s.furnishAssemblySession()
	s.furnishAttachments()
	s.furnishFiles(at(data, "councils", "nodes", 0, "id").(string))
	s.furnishPlugins()
	s.consents(mine, id("organisations", 0))
	over := s.made("createOrganisation", "organisation", map[string]any{"kind": "BUSINESS", "name": "Последняя", "foundedOn": "2010-01-01"})
	s.made("dissolveOrganisation", "organisation", map[string]any{"id": over, "expectedVersion": 1, "dissolvedOn": "2012-06-30", "reason": "Ликвидация"})
	s.second()
}

// register fills the register of people.
func (s *stillWorld) register(id func(string, int) string, mine string) {
	other := s.made("createPerson", "person", map[string]any{"familyName": "Молчанова", "givenName": "Проба", "externalKey": "проба-1",
		"personal": map[string]any{"birthDate": "1981-02-03", "phones": []string{}, "emails": []string{"proba@example.org"}, "postalAddress": "Канск, ул. Ленина, 1"}})
	duplicate := s.made("createPerson", "person", map[string]any{"familyName": "Молчанова", "givenName": "Проба", "externalKey": "проба-2"})
	s.made("mergePersons", "person", map[string]any{"duplicateId": duplicate, "survivorId": other, "reason": "Одно лицо"})
	s.made("erasePerson", "person", map[string]any{"id": s.person(s.admin, "Ушедшая"), "reason": "По заявлению"})
	for _, person := range []string{mine, other} {
		consent := s.made("giveConsent", "consent", map[string]any{"personId": person, "purpose": "Рассылка", "basis": "Заявление № 1", "givenOn": "2012-05-01"})
		if person == other {
			s.made("withdrawConsent", "consent", map[string]any{"id": consent, "withdrawnOn": "2012-12-01"})
		}
		s.made("awardHonour", "honour", map[string]any{"personId": person, "kind": "RECOGNISED_MERIT", "title": "Знак", "act": "Решение № 7", "awardedOn": "2012-09-01"})
		mandate := s.made("grantMandate", "mandate", map[string]any{"personId": person, "organisationId": id("organisations", 0), "scope": "Всё", "document": "Доверенность", "startsOn": "2012-01-01", "endsOn": "2014-01-01"})
		if person == other {
			s.made("revokeMandate", "mandate", map[string]any{"id": mandate, "reason": "Отозвана"})
		}
	}
	household := s.made("createHousehold", "household", map[string]any{"memberIds": []string{mine, other, id("persons", 3)}, "startsOn": "2012-02-01"})
	data := s.ask(request{as: s.admin, Query: `query($id: ID!) { household(id: $id) { members(first: 1) { nodes { id } } } }`, Variables: map[string]any{"id": household}})
	s.made("endHouseholdMember", "household", map[string]any{"id": at(data, "household", "members", "nodes", 0, "id"), "endsOn": "2013-12-31"})
	child := s.made("createOrganisation", "organisation", map[string]any{"kind": "NGO", "name": "Клуб", "shortName": "К", "parentId": id("organisations", 0), "foundedOn": "2011-01-01",
		"ogrn": "1027700132195", "inn": "7707083893", "externalKey": "клуб"})
	s.made("grantMandate", "mandate", map[string]any{"personId": mine, "organisationId": child, "scope": "Часть", "startsOn": "2013-01-01"})
	s.made("assignPost", "post", map[string]any{"personId": mine, "organisationId": child, "title": "Председатель", "startsOn": "2012-03-01", "appointingAct": "Протокол № 1"})
	twin := s.made("createOrganisation", "organisation", map[string]any{"kind": "NGO", "name": "Клуб тот же"})
	s.made("mergeOrganisations", "organisation", map[string]any{"duplicateId": twin, "survivorId": child, "reason": "Одно и то же"})
	gone := s.made("createOrganisation", "organisation", map[string]any{"kind": "BUSINESS", "name": "Бывшая", "foundedOn": "2010-01-01"})
	s.made("dissolveOrganisation", "organisation", map[string]any{"id": gone, "expectedVersion": 1, "dissolvedOn": "2012-06-30", "reason": "Ликвидация"})
}

// place fills the register of places.
func (s *stillWorld) place(id func(string, int) string) {
	address := func(house string, changes ...any) string {
		return s.made("createAddress", "address", with(map[string]any{"locality": "г. Канск", "street": "ул. Ленина", "house": house, "building": "корп. 1", "postalIndex": "663600"}, changes...))
	}
	var kept string
	data := s.ask(request{as: s.admin, Query: `{ districts(first: 1) { nodes { id version boundary } } }`})
	district := at(data, "districts", "nodes", 0)
	s.made("setDistrictBoundary", "district", map[string]any{"districtId": at(district, "id"), "expectedVersion": at(district, "version"), "startsOn": "2013-05-01", "boundary": at(district, "boundary")})
	corner := firstPosition(at(district, "boundary", "coordinates"))
	for n := range 3 { // a little inside of the corner
		point := map[string]any{"longitude": corner[0] + 0.0005*float64(n+1), "latitude": corner[1] + 0.0003*float64(n+1)}
		kept = address(fmt.Sprint(n+1), "point", point, "fiasId", fmt.Sprintf("0c5b2444-70a0-4932-980c-b4dc0d3f02b%d", n))
	}
	bare := address("9А")
	hall := s.made("createVenue", "venue", map[string]any{"kind": "OTHER", "name": "Зал", "addressId": kept, "capacity": 50, "accessibility": "Пандус"})
	s.made("createVenue", "venue", map[string]any{"kind": "OTHER", "name": "Двор", "point": map[string]any{"longitude": corner[0] + 0.0004, "latitude": corner[1] + 0.0004}})
	s.made("closeVenue", "venue", map[string]any{"id": hall, "expectedVersion": 1, "closedOn": "2012-12-31", "reason": "Ремонт"})
	s.made("mergeAddresses", "address", map[string]any{"keptId": kept, "duplicateIds": []string{bare}})
	empty := s.made("createDistrict", "district", map[string]any{"number": 77, "name": "Бывший", "foundedOn": "2010-01-01"})
	s.made("abolishDistrict", "district", map[string]any{"id": empty, "expectedVersion": 1, "abolishedOn": "2012-03-31", "reason": "Слит"})
}

func firstPosition(v any) [2]float64 {
	list, _ := v.([]any)
	if len(list) < 1 {
		return [2]float64{}
	}
	if x, ok := list[0].(float64); ok {
		return [2]float64{x, list[1].(float64)}
	}
	return firstPosition(list[0])
}

// govern adds what happens to councils and posts.
func (s *stillWorld) govern(data map[string]any, id func(string, int) string) {
	council := func(n int) any { return at(data, "councils", "nodes", n) }
	s.made("startTerm", "term", map[string]any{"councilId": at(council(0), "id"), "startsOn": "2012-11-01", "endsOn": "2013-01-31"})
	s.made("startTerm", "term", map[string]any{"councilId": at(council(0), "id"), "startsOn": "2013-02-01"})
	seat := at(council(0), "members", "nodes", 4)
	s.made("endMembership", "membership", map[string]any{"id": at(seat, "id"), "expectedVersion": at(seat, "version"), "endsOn": "2013-01-31", "reason": "OTHER", "note": "По семейным обстоятельствам"})
	seat = at(council(0), "members", "nodes", 5)
	s.made("changePost", "membership", map[string]any{"membershipId": at(seat, "id"), "expectedVersion": at(seat, "version"), "post": "DEPUTY_CHAIR", "startsOn": "2013-06-01", "appointingAct": "Протокол № 3"})
	in := map[string]any{"kind": "COORDINATION_COUNCIL", "name": "Совет рабочий", "purpose": "Порядок", "foundingAct": "Постановление № 2", "foundedOn": "2012-06-01", "activeFrom": "2012-07-01", "seatLimit": 5, "termMonths": 24}
	parent := s.made("createCouncil", "council", with(in, "parentOrganisationId", id("organisations", 0)))
	gone := s.made("createCouncil", "council", with(in, "name", "Совет бывший", "parentId", parent, "districtId", id("districts", 2)))
	s.made("addMember", "membership", map[string]any{"councilId": parent, "personId": id("persons", 5), "basis": "OTHER_ORGANISATION", "organisationId": id("organisations", 1), "startsOn": "2012-07-01", "appointingAct": "Письмо"})
	s.made("dissolveCouncil", "council", map[string]any{"id": gone, "expectedVersion": 1, "dissolvedOn": "2012-12-31", "reason": "Работа окончена"})
	post := at(data, "posts", "nodes", 0)
	s.made("endPost", "post", map[string]any{"id": at(post, "id"), "expectedVersion": at(post, "version"), "endsOn": "2012-12-31", "reason": "OTHER", "note": "Перешёл"})
	s.made("createRole", "role", map[string]any{"key": "watcher", "name": map[string]any{"ru": "Наблюдатель", "en": "Watcher"}, "description": map[string]any{"ru": "Смотрит", "en": "Watches"}, "parents": []string{"expert"}})
	for _, rule := range []map[string]any{{"permission": "people:read_mandates"}, {"permission": "councils:*", "scopeId": id("districts", 2)}, {"permission": "people:read_personal", "relation": "own"},
		{"permission": "councils:seat", "scopeId": parent}, {"permission": "people:read_organisations", "effect": "DENY"}} {
		s.made("addRoleRule", "role", with(rule, "role", "watcher"))
	}
}

// invite makes an account for every default role, some of them in one place only; people with seats;
// somebody who acts for an organisation; and a program.
func (s *stillWorld) invite(data map[string]any, id func(string, int) string, mine string) {
	council := at(data, "councils", "nodes", 0)
	roles := at(s.ask(request{as: s.admin, Query: `{ roles(first: 50) { nodes { key } } }`}), "roles", "nodes").([]any)
	scopes := map[string]string{"council_secretary": at(council, "id").(string), "council_member": at(data, "councils", "nodes", 1, "id").(string)}
	for _, r := range roles {
		role := at(r, "key").(string)
		if role == "anonymous" || role == "resident" {
			continue // which everybody is
		}
		s.clock.step()
		person := map[string]string{"clerk": id("persons", 8)}[role] // so that the log of personal data names a reader
		s.account(s.admin, "the-"+role, person, role, scopes[role])
		s.callers = append(s.callers, caller{login: "the-" + role})
	}
	for login, place := range map[string]string{"district-official": id("districts", 2), "district-clerk": at(council, "district", "id").(string), "council-clerk": at(council, "id").(string)} {
		s.account(s.admin, login, "", map[bool]string{true: "official", false: "clerk"}[login == "district-official"], place)
	}
	s.account(s.admin, "seated", at(council, "members", "nodes", 2, "person", "id").(string), "", "")
	s.account(s.admin, "resident", mine, "", "")
	s.account(s.admin, "nobody", "", "", "")
	ended := s.account(s.admin, "ended", id("persons", 7), "", "")
	assignment := s.made("assignRole", "roleAssignment", map[string]any{"role": "auditor", "accountId": ended, "startsOn": "2013-02-01", "note": "Приказ № 5"})
	s.made("endRoleAssignment", "roleAssignment", map[string]any{"id": assignment, "expectedVersion": 1, "endsOn": "2013-02-20", "reason": "Срок"})
	version := at(s.ask(request{as: s.admin, Query: `query($id: ID!) { account(id: $id) { version } }`, Variables: map[string]any{"id": ended}}), "account", "version")
	s.made("disableAccount", "account", map[string]any{"id": ended, "expectedVersion": version})
	for _, name := range []string{"token", "spent"} {
		p := s.done(s.admin, "createServiceToken", "serviceToken { id } token", map[string]any{"name": name, "permissions": []string{"people:*", "councils:read", "places:read"}, "expiresAt": "2014-01-01T00:00:00Z"})
		s.tokens[name] = p["token"].(string)
		if name == "spent" {
			s.made("revokeServiceToken", "serviceToken", map[string]any{"id": at(p, "serviceToken", "id")})
		}
	}
	s.consents(mine, id("organisations", 0))
	s.ask(request{as: "token", Query: `{ viewer { kind } }`})
	s.ask(request{as: "the-clerk", Query: `{ persons(first: 100) { nodes { personal { birthDate phones } } } }`})
	s.callers = append(s.callers, caller{}, caller{}, caller{login: s.admin}, caller{login: s.admin}, caller{login: s.admin}, caller{login: "the-auditor"}, caller{login: "the-clerk"}, caller{login: "district-official"}, caller{login: "district-clerk"},
		caller{login: "council-clerk"}, caller{login: "seated"}, caller{login: "resident"}, caller{login: "nobody"}, caller{login: "token"},
		caller{login: "resident", actingFor: id("organisations", 0)})
}

// consents has the resident give one, acting for an organisation.
func (s *stillWorld) consents(mine, organisation string) {
	p := s.do(request{as: "resident", with: map[string]string{"X-Acting-For": organisation}, Variables: map[string]any{"in": map[string]any{"personId": mine, "purpose": "Приём", "basis": "Форма", "givenOn": "2013-02-01"}},
		Query: `mutation($in: GiveConsentInput!) { giveConsent(input: $in) { consent { id } userErrors { message } } }`})
	if at(p, "consent", "id") == nil {
		s.t.Fatalf("a resident gives consent: %v", p)
	}
}

// second gives the second town a little of its own.
func (s *stillWorld) second() {
	admin := s.administrator("achinsk")
	add := func(name, object string, in map[string]any) {
		a := s.send(request{as: admin, town: "achinsk", Variables: map[string]any{"in": in}, Query: fmt.Sprintf(
			`mutation($in: %s!) { %s(input: $in) { %s { id } userErrors { message } } }`, strings.ToUpper(name[:1])+name[1:]+"Input", name, object)})
		if at(a.Data, name, object, "id") == nil {
			s.t.Fatalf("%s: %s", name, a.text)
		}
	}
	add("createDistrict", "district", map[string]any{"number": 1, "name": "Центр"})
	add("createPerson", "person", map[string]any{"familyName": "Ачинская", "givenName": "Проба"})
	add("createOrganisation", "organisation", map[string]any{"kind": "NGO", "name": "Ачинский клуб"})
	add("createCouncil", "council", map[string]any{"kind": "PUBLIC_COUNCIL", "name": "Ачинский совет", "foundingAct": "Акт", "foundedOn": "2012-06-01"})
	add("createAddress", "address", map[string]any{"locality": "г. Ачинск", "street": "ул. Мира", "house": "1"})
	add("createVenue", "venue", map[string]any{"kind": "OTHER", "name": "Ачинский зал"})
	s.callers = append(s.callers, caller{town: "achinsk"}, caller{login: admin, town: "achinsk"})
}
