package house

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/postgres"
)

// identity joins the sign-in to those who know roles and mandates.
func (h *House) identity() (*identity.Service, error) {
	settings := identity.DefaultSettings()
	settings.TrustedProxies, settings.OpenSignUp = h.settings.TrustedProxies, h.settings.OpenSignUp
	return identity.New(identity.Config{
		DB: h.DB, Clock: h.Clock, Log: h.Log, Settings: settings,
		Hooks: identity.Hooks{
			Assignments:       h.Guard.AssignmentsOf,
			Mandate:           h.mandate,
			Covered:           h.Guard.Covered,
			HasAdministrator:  h.Guard.Store().HasAdministrator,
			MakeAdministrator: h.makeAdministrator,
		},
	})
}

// mandates is what the module that keeps mandates offers.
type mandates interface {
	MayActFor(ctx context.Context, person, organisation uuid.UUID) (bool, error)
}

// mandate asks the modules whether the person may act for the organisation.
func (h *House) mandate(ctx context.Context, person, organisation uuid.UUID) (bool, error) {
	for _, m := range h.Modules {
		if m, ok := m.(mandates); ok {
			return m.MayActFor(ctx, person, organisation)
		}
	}
	return false, nil
}

func (h *House) makeAdministrator(ctx context.Context, tx postgres.Tx, account uuid.UUID) error {
	_, err := h.Guard.Store().AssignRole(ctx, tx, access.AssignmentInput{Account: account, Role: access.RoleAdministrator, StartsOn: core.MunicipalityOf(ctx).Today(h.Clock)})
	return err
}

// fresh is the context with the caller's rights as they are now; an error when the session ended.
func (h *House) fresh(ctx context.Context) (context.Context, error) {
	actor, err := h.Identity.Refresh(ctx, core.ActorOf(ctx))
	if err != nil {
		return ctx, err
	}
	return core.WithActor(ctx, actor), nil
}
