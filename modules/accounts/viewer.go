package accounts

import (
	"context"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/identity"
)

// Viewer is who asks. After a sign-in it is who was signed in, while the context still holds
// whoever asked; so everything below it is read in its own name.
type Viewer struct{ actor core.Actor }

func viewerOf(ctx context.Context) *Viewer { return &Viewer{core.ActorOf(ctx)} }

// as is the context in the viewer's own name.
func (v *Viewer) as(ctx context.Context) context.Context { return core.WithActor(ctx, v.actor) }

// Kind is what sort of caller it is.
func (v *Viewer) Kind() ViewerKind { return ViewerKind(strings.ToUpper(string(v.actor.Kind))) }

// PersonID names the person that the viewer's account belongs to.
func (v *Viewer) PersonID() *core.ID { return named(typePerson, v.actor.Person) }

// ActingForID names the organisation in whose name the viewer acts.
func (v *Viewer) ActingForID() *core.ID { return named("Organisation", v.actor.ActingFor) }

func named(typ string, key uuid.UUID) *core.ID {
	if key == uuid.Nil {
		return nil
	}
	return &core.ID{Type: typ, Key: key}
}

// account is the key of the account that is signed in; nil for others.
func (v *Viewer) account() uuid.UUID {
	if v.actor.Kind != core.Account {
		return uuid.Nil
	}
	return v.actor.Account
}

// Permissions are those that the viewer holds somewhere.
func (s *Service) Permissions(ctx context.Context, v *Viewer) ([]string, error) {
	held, err := s.guard.Permissions(v.as(ctx))
	if err != nil || held != nil {
		return held, err
	}
	return []string{}, nil
}

// Sessions are the viewer's own.
func (s *Service) Sessions(ctx context.Context, v *Viewer) ([]*Session, error) {
	shown := []*Session{}
	if v.account() == uuid.Nil {
		return shown, nil
	}
	all, err := s.identity.Sessions(v.as(ctx))
	for _, one := range all {
		shown = append(shown, sessionOf(one, v.actor.Session))
	}
	return shown, err
}

func sessionOf(s identity.Session, current uuid.UUID) *Session {
	return &Session{
		ID: s.ID, Kind: kindOf(s.Kind), Current: s.ID == current, UserAgent: s.UserAgent, Address: s.Address,
		CreatedAt: s.CreatedAt, SeenAt: s.SeenAt, ExpiresAt: s.ExpiresAt,
	}
}
