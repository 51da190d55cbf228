package identity

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

const goodPassword = "three unrelated words"

// house is a service on a database of its own, with a clock that tests move and hooks whose
// answers tests set.
type house struct {
	*Service
	t   *testing.T
	ctx context.Context // in the first municipality, from 192.0.2.1

	mu       sync.Mutex
	now      time.Time
	roles    map[uuid.UUID][]core.Assignment // by account
	mandates map[[2]uuid.UUID]bool
	held     []string // what every account holds
}

func newHouse(t *testing.T, change ...func(*Settings)) *house {
	t.Helper()
	settings := DefaultSettings()
	settings.Argon = Argon{MemoryKiB: 8, Passes: 1, Lanes: 1}
	settings.OpenSignUp = true
	for _, c := range change {
		c(&settings)
	}
	h := &house{t: t, now: time.Date(2012, 9, 28, 10, 0, 0, 0, time.UTC),
		roles: map[uuid.UUID][]core.Assignment{}, mandates: map[[2]uuid.UUID]bool{}}
	db := coretest.Database(t)
	s, err := New(Config{DB: db, Clock: h.clockNow, Log: coretest.Quiet(), Hooks: h.hooks(), Settings: settings})
	must(t, err)
	h.Service = s
	_, err = db.ExecContext(t.Context(), "CREATE TABLE administrators (account_id uuid PRIMARY KEY, municipality_id uuid NOT NULL)")
	must(t, err)
	h.ctx = from(h.town("kansk"), "192.0.2.1")
	return h
}

// hooks keep administrators in a table, so that they commit and roll back with their transaction.
func (h *house) hooks() Hooks {
	return Hooks{
		Assignments: func(_ context.Context, account, _ uuid.UUID) ([]core.Assignment, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.roles[account], nil
		},
		Mandate: func(_ context.Context, person, organisation uuid.UUID) (bool, error) {
			return h.mandates[[2]uuid.UUID{person, organisation}], nil
		},
		Covered: func(_ context.Context, _ core.Actor, patterns []string) ([]string, error) {
			return slices.DeleteFunc(slices.Clone(patterns), func(p string) bool { return !slices.Contains(h.held, p) }), nil
		},
		HasAdministrator: func(ctx context.Context, tx postgres.Tx) (has bool, err error) {
			err = tx.NewRaw("SELECT EXISTS (SELECT FROM administrators WHERE municipality_id = ?)", core.MunicipalityOf(ctx).ID).Scan(ctx, &has)
			return has, err
		},
		MakeAdministrator: func(ctx context.Context, tx postgres.Tx, account uuid.UUID) error {
			if core.ActorOf(ctx).Kind != core.System {
				return errors.New("the first administrator is made by the system")
			}
			_, err := tx.NewRaw("INSERT INTO administrators VALUES (?, ?)", account, core.MunicipalityOf(ctx).ID).Exec(ctx)
			return err
		},
	}
}

func (h *house) clockNow() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) pass(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(d)
}

// town makes a municipality and a context in it.
func (h *house) town(key string) context.Context {
	h.t.Helper()
	m := &core.Municipality{ID: core.NewID(), Key: key, TimeZone: "UTC"}
	_, err := h.db.ExecContext(h.t.Context(), "INSERT INTO municipalities (id, key, name, region, time_zone) VALUES (?, ?, '{}', '{}', 'UTC')", m.ID, key)
	must(h.t, err)
	return core.WithMunicipality(h.t.Context(), m)
}

// account makes one with goodPassword.
func (h *house) account(ctx context.Context, login string) Account {
	h.t.Helper()
	out, err := h.CreateAccount(ctx, h.write, NewAccount{Login: login, DisplayName: "Somebody", Password: goodPassword})
	must(h.t, err)
	return out.Account
}

// person adds one to the municipality of ctx.
func (h *house) person(ctx context.Context) uuid.UUID {
	h.t.Helper()
	id := core.NewID()
	_, err := h.db.ExecContext(ctx, "INSERT INTO persons (municipality_id, id, family_name, given_name, created_at) VALUES (?, ?, 'Family', 'Given', ?)",
		core.MunicipalityOf(ctx).ID, id, h.clockNow())
	must(h.t, err)
	return id
}

func (h *house) link(account, person uuid.UUID) {
	h.t.Helper()
	must(h.t, h.write(h.ctx, func(ctx context.Context, tx postgres.Tx) (core.Change, error) {
		_, c, err := h.LinkPerson(ctx, tx, account, &person, nil)
		return c, err
	}))
}

func (h *house) signIn(ctx context.Context, login, password string) (SignedIn, error) {
	return h.SignIn(ctx, h.Passwords(), Credentials{Subject: login, Secret: password}, Bearer)
}

// as is the context of a fresh session of the account.
func (h *house) as(ctx context.Context, login string) context.Context {
	h.t.Helper()
	in, err := h.signIn(ctx, login, goodPassword)
	must(h.t, err)
	actor, err := h.Authenticate(ctx, in.Token)
	must(h.t, err)
	return core.WithActor(ctx, actor)
}

func (h *house) write(ctx context.Context, fn func(ctx context.Context, tx postgres.Tx) (core.Change, error)) error {
	return h.inTx(ctx, func(ctx context.Context, tx postgres.Tx) error {
		change, err := fn(ctx, tx)
		if err == nil && (change.ID == uuid.Nil || change.Type == "" || change.Kind == "") {
			return errors.New("a change without a name cannot be audited")
		}
		return err
	})
}

func (h *house) count(query string, args ...any) (n int) {
	h.t.Helper()
	must(h.t, h.db.NewRaw(query, args...).Scan(h.t.Context(), &n))
	return n
}

func from(ctx context.Context, address string) context.Context {
	return WithClient(ctx, Client{Address: netip.MustParseAddr(address), UserAgent: "test"})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code core.Code) {
	t.Helper()
	if err == nil || codeOf(err) != code {
		t.Fatalf("want %s, got %v", code, err)
	}
}

// codeOf counts several problems of one form as what each of them is.
func codeOf(err error) core.Code {
	var problems core.Problems
	if errors.As(err, &problems) {
		return core.CodeBadUserInput
	}
	return core.CodeOf(err)
}

// inParallel runs n at once and answers their errors.
func inParallel(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = fn(i)
		})
	}
	done.Wait()
	return errs
}

func tally(errs []error) map[core.Code]int {
	by := map[core.Code]int{}
	for _, err := range errs {
		if err == nil {
			by["OK"]++
		} else {
			by[codeOf(err)]++
		}
	}
	return by
}
