package house_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core/coretest/randomop"
	"github.com/veche-city/veche/graph"
)

// usual is how many operations are asked when nobody says how many; enoughForAll reach every place of the
// schema, whatever the dice say: make fuzz asks more.
const usual, enoughForAll = 1500, 5000

// ofPlugins is what only plugins bring about that run, fail and are upgraded; their tests see it.
var ofPlugins = []string{"PluginDeadLetter.", "PluginLogLine.", "PluginOperation.", "PluginSecret.", "PluginSettings.", "PluginUpgrade.", "PluginSchemaChanges.",
	"IndicatorRow.pluginObjectId", "Plugin.previousRelease", "Query.pluginLogs", "Query.pluginSettings", "Query.pluginUpgrade", "Query.pluginDeadLetters"}

// The compiled way of reading and the resolvers' give the same bytes, the same errors and the same
// log of who saw personal data, whatever is asked by whomever.
//
// VECHE_RANDOM is how many operations are asked, VECHE_SEED the seed of the first half; the second
// half goes by a seed of the day, which is printed.
func TestRandomOperationsBothWays(t *testing.T) {
	t.Parallel()
	many, seed := number(t, "VECHE_RANDOM", usual), number(t, "VECHE_SEED", 1)
	r := newReferee(t, uint64(seed))
	r.sweep()
	r.run(many - many/2)
	fresh := rand.Uint64N(1 << 32)
	t.Logf("seeds %d and %d", seed, fresh)
	r.generator, r.rand = r.generator.Reseeded(fresh), rand.New(rand.NewPCG(fresh, 0))
	r.run(many / 2)

	t.Logf("%d operations asked both ways by %d callers, %d differences; %v", many, len(r.callers), len(r.differences), r.outcomes)
	for _, diff := range r.differences {
		t.Error(diff)
	}
	if r.enough() {
		return // cut short: what was not reached says nothing
	}
	t.Logf("of queries: %s", r.generator.Report("Query"))
	t.Logf("of mutations (those that change rights or callers are left out): %s", r.generator.Report("Mutation"))
	asked, answered := r.generator.Missing("Query")
	answered = slices.DeleteFunc(answered, func(c string) bool {
		return c == "DataClass.keepMonths" || slices.ContainsFunc(ofPlugins, func(part string) bool { return strings.HasPrefix(c, part) })
	}) // no class has any
	if len(asked)+len(answered) > 0 && many >= enoughForAll {
		t.Errorf("never asked: %s; never answered by a value: %s", strings.Join(asked, ", "), strings.Join(answered, ", "))
	}
	if r.outcomes["without an error"] < many/2 {
		t.Errorf("too few were answered without an error to be a test: %v", r.outcomes)
	}
}

// The referee sees a difference of one byte, and shows the least operation that has it.
func TestTheRefereeSeesADifference(t *testing.T) {
	t.Parallel()
	r := newReferee(t, 1)
	honest := r.server.Config.Handler
	liar := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		kept := httptest.NewRecorder()
		honest.ServeHTTP(kept, q)
		maps.Copy(w.Header(), kept.Header())
		w.WriteHeader(kept.Code)
		text := kept.Body.String()
		if q.Header.Get("X-Veche-Reads") == compiledReads {
			text = strings.ReplaceAll(text, `null`, `nu1l`)
		}
		_, _ = w.Write([]byte(text))
	}))
	defer liar.Close()
	r.server = liar
	r.run(200)
	if len(r.differences) == 0 {
		t.Fatal("a byte was changed, and nobody saw it")
	}
	for _, diff := range r.differences {
		if !strings.Contains(diff, "nu1l") || len(diff) > 4000 {
			t.Errorf("not what was changed, or not shrunk: %s", diff)
		}
	}
}

func number(t *testing.T, name string, standard int) int {
	t.Helper()
	text, ok := os.LookupEnv(name)
	if !ok {
		return standard
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// learn asks what each caller may do somewhere.
func (s *stillWorld) learn() {
	for i, c := range s.callers {
		s.callers[i].may = map[string]bool{}
		for _, p := range at(s.ask(request{as: c.login, town: c.town, Query: `{ viewerPermissions }`}), "viewerPermissions").([]any) {
			s.callers[i].may[p.(string)] = true
		}
	}
}

// referee asks both ways and compares. Questions are asked side by side; those that change
// something, were it only a log, alone.
type referee struct {
	*stillWorld
	generator *randomop.Generator
	pool      *randomop.Pool
	rand      *rand.Rand
	alone     sync.RWMutex

	mu          sync.Mutex
	outcomes    map[string]int
	differences []string
}

func newReferee(t *testing.T, seed uint64) *referee {
	t.Helper()
	if !settings.ReadsHeader {
		t.Fatal("the header is not heard, so both ways are one")
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: graph.SDL()})
	must(t, err)
	s := newStillWorld(t)
	s.learn()
	pool := s.harvest(schema)
	return &referee{stillWorld: s, generator: randomop.New(schema, pool, seed), pool: pool, rand: rand.New(rand.NewPCG(seed, 0)), outcomes: map[string]int{}}
}

// sideBySide is how many questions are asked side by side.
const sideBySide = 4

func (r *referee) run(many int) {
	questions := make(chan question)
	var wait sync.WaitGroup
	for range sideBySide {
		wait.Go(func() {
			for q := range questions {
				r.compare(q)
			}
		})
	}
	for n := range many {
		if r.enough() {
			break
		}
		q := r.next(n)
		questions <- q
		if r.rand.IntN(4) == 0 && q.key == "" { // the same text, with other values and by somebody else
			q.op, q.by = q.op.Varied(), r.callers[r.rand.IntN(len(r.callers))]
			questions <- q
		}
	}
	close(questions)
	wait.Wait()
}

// enough ends the test where there is more to see than anybody reads.
func (r *referee) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.differences) >= 5
}

// next is the next question, mostly of what the caller may ask.
func (r *referee) next(n int) question {
	q := question{by: r.callers[r.rand.IntN(len(r.callers))], language: []string{"ru", "en"}[r.rand.IntN(2)]}
	careful := r.rand.IntN(100) < 85
	side := r.rand.IntN(3)
	avoid := func(c string) bool {
		return onOtherSide(side, c) || c == guessed || careful && r.forbidden(q.by, c)
	}
	if r.rand.IntN(100) < 4 {
		all := r.mutations()
		name := all[r.rand.IntN(len(all))]
		q.op, q.key = r.generator.Mutation(name, avoid), fmt.Sprintf("random-%d-%d", r.rand.Uint64(), n)
		return q
	}
	for {
		q.op = r.generator.Query(avoid)
		if strings.Count(q.op.Text(), "personalDataExport") < 2 { // one would be on record in the other, or not
			return q
		}
	}
}

// onOtherSide keeps apart, in one operation, what writes the log of who saw personal data and what
// shows it: fields are answered side by side, and whether the one is seen in the other is chance.
func onOtherSide(side int, coordinate string) bool {
	reads := coordinate == "Person.personal" || coordinate == "PersonalData"
	shows := strings.HasPrefix(coordinate, "PersonalDataAccess") || coordinate == "Person.personalDataAccesses"
	exports := coordinate == "Query.personalDataExport"
	return [][]bool{{shows, exports}, {reads, exports}, {reads, shows}}[side][0] || [][]bool{{shows, exports}, {reads, exports}, {reads, shows}}[side][1]
}

// forbidden says whether a field asks for a permission that the caller holds nowhere.
func (r *referee) forbidden(by caller, coordinate string) bool {
	typ, name, ok := strings.Cut(coordinate, ".")
	if !ok {
		return false
	}
	f := r.generator.Schema().Types[typ].Fields.ForName(name)
	if f == nil || f.Directives.ForName("can") == nil {
		return false
	}
	return !by.may[f.Directives.ForName("can").Arguments[0].Value.Raw]
}

// neverAsked are the mutations that are not asked at random: those that change who the callers are, what
// they may do or what there is to ask (sign-in, accounts, roles and their rules, modules), those that
// count wrong tries, and those that would empty the town in time (merges, erasures, ends for good).
var neverAsked = []string{"setUp", "signIn", "signUp", "acceptInvitation", "signOut", "changePassword", "revokeSession", "revokeOtherSessions", "linkPerson",
	"disableAccount", "enableAccount", "resetPassword", "createServiceToken", "revokeServiceToken", "updateRole", "deleteRole", "setRoleRules", "addRoleRule",
	"removeRoleRule", "assignRole", "endRoleAssignment", "updateMunicipality", "confirmAnswer", "objectToAnswer", "claimCase", "attachFile", "removeAttachment",
	"mergePersons", "undoPersonMerge", "erasePerson", "dissolveOrganisation", "mergeOrganisations", "undoOrganisationMerge", "revokeMandate", "abolishDistrict",
	"mergeAddresses", "undoMergeAddresses", "cancelGathering", "cancelPublicHearing", "dissolveAssembly",
	"installPlugin", "enablePlugin", "disablePlugin", "upgradePlugin", "rollBackPlugin", "removePlugin"}

// mutations are the others.
func (r *referee) mutations() (names []string) {
	for _, f := range r.generator.Schema().Mutation.Fields {
		if !slices.Contains(neverAsked, f.Name) && f.Name != "_extension" {
			names = append(names, f.Name)
		}
	}
	return names
}

// shownOnce are fields whose value is not shown again when a mutation is repeated by its key.
var shownOnce = []string{"InvitationPayload.invitation", "RolePayload.policyVersion", "CalendarFeedPayload.path", "OpenedVotePayload.tellerKeys"}

// compare asks a question both ways. A mutation is done by the one or the other, and then repeated
// by its Idempotency-Key both ways, which changes nothing and reads the payload's object anew.
func (r *referee) compare(q question) {
	if q.key != "" || seesPersonal(q.op) {
		r.alone.Lock()
		defer r.alone.Unlock()
		defer r.settled() // what it tells is in the inboxes before the next is asked
	} else {
		r.alone.RLock()
		defer r.alone.RUnlock()
	}
	var done []reply
	if q.key != "" {
		first, err := r.put(q, []string{compiledReads, resolversReads}[len(q.key)%2])
		if err != nil {
			r.t.Errorf("%v: %s", err, q)
			return
		}
		done = append(done, first)
	}
	compiled, by, err := r.both(q)
	if err != nil {
		r.t.Errorf("%v: %s", err, q)
		return
	}
	diff := difference(compiled, by)
	if diff == "" && len(done) > 0 && !slices.ContainsFunc(shownOnce, func(c string) bool { return q.op.Uses[c] }) {
		diff = difference(done[0], by)
	}
	r.count(q, by)
	if diff != "" {
		r.tell(q, diff)
	}
}

func (r *referee) both(q question) (compiled, by reply, err error) {
	if compiled, err = r.put(q, compiledReads); err == nil {
		by, err = r.put(q, resolversReads)
	}
	return compiled, by, err
}

// tell reports a difference, with the least operation that shows it.
func (r *referee) tell(q question, diff string) {
	less := q
	q.op = r.generator.Shrink(q.op, func(op *randomop.Operation) bool {
		less.op = op
		compiled, by, err := r.both(less)
		if err != nil || difference(compiled, by) == "" {
			return false
		}
		diff = difference(compiled, by)
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.differences = append(r.differences, fmt.Sprintf("the compiled way and the resolvers' differ %s\n%s", diff, q))
}

// count looks at an answer for itself: what is asked is valid, and never our own mistake.
func (r *referee) count(q question, got reply) {
	var a answer
	if err := json.Unmarshal([]byte(got.body), &a); err != nil {
		r.t.Errorf("%v: %.300s", err, got.body)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.generator.Saw(q.op, a.Data)
	if len(a.Errors) == 0 {
		r.outcomes["without an error"]++
	}
	for _, code := range a.codes() {
		r.outcomes[code]++
		if known := []string{"BAD_USER_INPUT", "FORBIDDEN", "UNAUTHENTICATED", "NOT_FOUND", "CONFLICT", "COMPLEXITY_LIMIT_EXCEEDED"}; !slices.Contains(known, code) && !q.op.Wrong {
			r.t.Errorf("%s: %.300s\n%s", code, got.body, q)
		}
	}
}
