package access

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// cacheKey names a decision as it is shared by all actors of the same roles.
type cacheKey struct {
	municipality uuid.UUID
	version      int64
	roles        string
	permission   string
}

// Decide answers what the context's actor may do under the permission in the context's
// municipality. The system may everything. A service token may what its own list covers, in every
// relation, and nothing else: roles and denials are for people. A plugin in the background may what its
// list covers, and beside it what everybody may. A permission of a plugin that is not enabled here is
// nobody's. An error is a permission that no module declares, or UNAVAILABLE; callers refuse on either.
//
// Inside a transaction that changes the policy it goes by the policy before that change.
func (g *Guard) Decide(ctx context.Context, permission string) (Decision, error) {
	actor := core.ActorOf(ctx)
	town := core.MunicipalityOf(ctx).ID
	here, err := g.knows(town, permission)
	switch {
	case err != nil:
		return Decision{}, err
	case !here:
		return may(false), nil
	case actor.Kind == core.System:
		return may(true), nil
	case town == uuid.Nil:
		return may(false), nil
	case actor.Kind == core.Service:
		return may(slices.ContainsFunc(actor.Permissions, func(p string) bool { return covers(p, permission) })), nil
	case actor.Kind == core.Plugin && slices.ContainsFunc(actor.Permissions, func(p string) bool { return covers(p, permission) }):
		return may(true), nil
	case actor.Kind != core.Anonymous && actor.Kind != core.Account && actor.Kind != core.Plugin:
		return may(false), nil
	}
	s, err := g.current(ctx, town)
	if err != nil {
		return Decision{}, err
	}
	return g.decide(s, town, actor, permission), nil
}

func may(all bool) Decision { return Decision{to: &compiled{all: all}} }

func (g *Guard) decide(s *snapshot, town uuid.UUID, actor core.Actor, permission string) Decision {
	key := cacheKey{municipality: town, version: s.version, roles: rolesKey(actor), permission: permission}
	to, ok := g.cache.Get(key)
	if !ok {
		to = s.compile(held(actor), permission)
		g.cache.Add(key, to)
	}
	return Decision{to: to, account: actor.Account, person: actor.Person}
}

// rolesKey is the same for actors of the same roles in the same order, and for no others: the
// parts are parted by a byte that role keys and kinds cannot hold.
func rolesKey(actor core.Actor) string {
	if actor.Kind != core.Account {
		return ""
	}
	key := make([]byte, 0, 256)
	key = append(key, roleResident...)
	for _, a := range actor.Assignments {
		key = append(key, 0)
		key = append(key, a.Role...)
		key = append(key, 0)
		key = append(key, a.Scope.Kind...)
		key = append(key, 0)
		key = append(key, a.Scope.ID[:]...)
	}
	return string(key)
}

// Standing is what decisions hang on beside the permission: actors of one standing get the same
// ones, but for who they are themselves. It is compared, and nothing else.
type Standing struct {
	town            uuid.UUID
	version         int64
	kind            core.ActorKind
	roles           string
	account, person bool
}

// Standing is that of the context's actor in the context's municipality, now.
func (g *Guard) Standing(ctx context.Context) (Standing, error) {
	actor := core.ActorOf(ctx)
	s := Standing{
		town: core.MunicipalityOf(ctx).ID, kind: actor.Kind,
		account: actor.Account != uuid.Nil, person: actor.Person != uuid.Nil,
	}
	switch actor.Kind {
	case core.Service:
		s.roles = strings.Join(actor.Permissions, "\x00")
		return s, nil
	case core.Anonymous, core.Account, core.Plugin:
	default:
		return s, nil
	}
	if s.town == uuid.Nil {
		return s, nil
	}
	current, err := g.current(ctx, s.town)
	if err != nil {
		return s, err
	}
	s.version, s.roles = current.version, rolesKey(actor)
	if actor.Kind == core.Plugin {
		s.roles = strings.Join(actor.Permissions, "\x00")
	}
	return s, nil
}

// Check is Decide for one thing: nil, or the refusal that the actor is told.
func (g *Guard) Check(ctx context.Context, permission string, r Resource) error {
	d, err := g.Decide(ctx, permission)
	if err != nil {
		return err
	}
	if !d.Allows(r) {
		return core.Forbidden(ctx)
	}
	return nil
}

// Permissions are those under which the context's actor may do something somewhere, in the order
// of their names; those of modules that are switched off are not among them.
func (g *Guard) Permissions(ctx context.Context) ([]string, error) {
	town := core.MunicipalityOf(ctx)
	var held []string
	for _, module := range slices.Concat(g.modules, g.Learned(town.ID)) {
		if module.Name != kernel && !town.Has(module.Name) {
			continue
		}
		for _, p := range module.Permissions {
			d, err := g.Decide(ctx, p.Name)
			if err != nil {
				return nil, err
			}
			if !d.None() {
				held = append(held, p.Name)
			}
		}
	}
	slices.Sort(held)
	return held, nil
}

// Covered are those of the patterns that the holder has whole: everywhere, in any relation, with
// no denial inside, and also for permissions that a later module adds below the pattern.
//
// It is what keeps a service token within its issuer. A token is issued only when every pattern is
// covered; and since the issuer's rights may end before the token does, sign-in gives a token no
// more than what is covered at that moment.
func (g *Guard) Covered(ctx context.Context, holder core.Actor, patterns []string) ([]string, error) {
	town := core.MunicipalityOf(ctx).ID
	s, err := g.current(ctx, town)
	if err != nil {
		return nil, err
	}
	var covered []string
	for _, pattern := range patterns {
		if g.declared(town, pattern) && s.covered(holder, pattern) {
			covered = append(covered, pattern)
		}
	}
	return covered, nil
}
