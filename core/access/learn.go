package access

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// learned is what comes and goes at run time: the cards of the plugins that are enabled in each
// municipality. It never changes; another takes its place.
type learned struct {
	cards map[uuid.UUID][]core.Info
	// known are the permissions of each municipality's cards; ever are all that any has had since the
	// process began, which are refused where they are gone, and not a mistake of the caller's.
	known map[uuid.UUID]map[string]bool
	ever  map[string]bool
}

// Learn makes the cards the ones that hold in the municipality beside the modules', in place of those
// before; none takes them all away. Rules that name a permission which is gone stay, say nothing, and
// hold again when it comes back. A card that does not fit (see CheckCard) is an error, and nothing
// changes. It may be called at any time and from many goroutines; a decision sees all of it or nothing.
func (g *Guard) Learn(municipality uuid.UUID, cards []core.Info) error {
	known := map[string]bool{}
	for _, card := range cards {
		if err := g.CheckCard(card); err != nil {
			return err
		}
		for _, p := range card.Permissions {
			if known[p.Name] {
				return fmt.Errorf("access: the permission %s is declared twice", p.Name)
			}
			known[p.Name] = true
		}
	}
	g.learning.Lock()
	defer g.learning.Unlock()
	next := &learned{cards: map[uuid.UUID][]core.Info{}, known: map[uuid.UUID]map[string]bool{}, ever: map[string]bool{}}
	if now := g.learned.Load(); now != nil {
		next.cards, next.known, next.ever = maps.Clone(now.cards), maps.Clone(now.known), maps.Clone(now.ever)
	}
	delete(next.cards, municipality)
	delete(next.known, municipality)
	if len(cards) > 0 {
		next.cards[municipality], next.known[municipality] = slices.Clone(cards), known
	}
	maps.Copy(next.ever, known)
	g.learned.Store(next)
	return nil
}

// CheckCard says what is wrong with a card that is to be learned: a name that a module has, a
// permission of another form, a bad line of its policy.
func (g *Guard) CheckCard(card core.Info) error {
	if g.Taken(card.Name) {
		return fmt.Errorf("access: %q is the name of a module of Veche", card.Name)
	}
	for _, p := range card.Permissions {
		if !permissionForm.MatchString(p.Name) || moduleOf(p.Name) != card.Name {
			return fmt.Errorf("access: %s declares %q, which is not of the form %[1]s:action", card.Name, p.Name)
		}
	}
	_, err := readPolicy(card, g.roles)
	return err
}

// Taken says whether a module has the name.
func (g *Guard) Taken(name string) bool {
	return name == kernel || slices.ContainsFunc(g.modules, func(m core.Info) bool { return m.Name == name })
}

// Learned are the cards that hold in the municipality beside the modules', as Learn was given them.
func (g *Guard) Learned(municipality uuid.UUID) []core.Info {
	if l := g.learned.Load(); l != nil {
		return l.cards[municipality]
	}
	return nil
}

// knows says whether the permission may be asked for in the municipality. An error is a permission
// that nobody declares or has declared.
func (g *Guard) knows(municipality uuid.UUID, permission string) (bool, error) {
	if g.known[permission] {
		return true, nil
	}
	l := g.learned.Load()
	switch {
	case l != nil && l.known[municipality][permission]:
		return true, nil
	case l != nil && l.ever[permission]:
		return false, nil
	default:
		return false, fmt.Errorf("access: no module declares the permission %q", permission)
	}
}

// GiveDefaults lays the default rules of a card's permissions in the context's municipality, of those
// that it has not seen before: once, as EnsureDefaults does for modules, so what an administrator
// removed stays removed however often a plugin is enabled. The version is raised when something was
// added. It works in the caller's transaction, under the lock of the municipality's row.
func (g *Guard) GiveDefaults(ctx context.Context, tx postgres.Tx, card core.Info) error {
	if err := g.CheckCard(card); err != nil {
		return err
	}
	lines, err := readPolicy(card, g.roles)
	if err != nil {
		return err
	}
	town := core.MunicipalityOf(ctx).ID
	var found int
	if err := tx.NewRaw("SELECT 1 FROM municipalities WHERE id = ? FOR NO KEY UPDATE", town).Scan(ctx, &found); err != nil {
		return fmt.Errorf("default rules of %s: %w", card.Name, err)
	}
	known := make([]string, 0, len(card.Permissions))
	for _, p := range card.Permissions {
		known = append(known, p.Name)
	}
	added, err := g.addRules(ctx, tx, lines, known)
	if err != nil || added == 0 {
		return err
	}
	if _, err := g.Bump(ctx, tx); err != nil {
		return err
	}
	_, err = readSnapshot(ctx, tx, town)
	return err
}
