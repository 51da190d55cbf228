package identity

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
)

// ServiceToken lets a program in, with chosen permissions, until a day.
type ServiceToken struct {
	bun.BaseModel `bun:"table:service_tokens,alias:service_token"`
	postgres.Owned
	ID          uuid.UUID  `bun:"id,pk,type:uuid"`
	Name        string     `bun:"name"`
	Permissions []string   `bun:"permissions,array"`
	CreatedBy   uuid.UUID  `bun:"created_by,type:uuid"`
	CreatedAt   time.Time  `bun:"created_at"`
	ExpiresAt   time.Time  `bun:"expires_at"`
	UsedAt      *time.Time `bun:"used_at"` // to the minute
	RevokedAt   *time.Time `bun:"revoked_at"`
}

// NewServiceToken is what its maker chooses.
type NewServiceToken struct {
	Name        string
	Permissions []string // module:action, module:* for all of a module's, or *
	ExpiresAt   time.Time
}

// IssuedToken is a new service token with its text, shown this once.
type IssuedToken struct {
	Token        string
	ServiceToken ServiceToken
}

var permissionPattern = regexp.MustCompile(`^(\*|[a-z][A-Za-z0-9_-]{0,59}:(\*|[a-z][A-Za-z0-9_.-]{0,79}))$`)

// CreateServiceToken issues a token that holds no permission that its maker does not hold; when
// the maker loses one later, so does the token (serviceActor).
func (s *Service) CreateServiceToken(ctx context.Context, tx postgres.Tx, in NewServiceToken) (IssuedToken, core.Change, error) {
	actor, err := owner(ctx)
	if err != nil {
		return IssuedToken{}, core.Change{}, err
	}
	if in.Name, err = checkName(in.Name, "name"); err != nil {
		return IssuedToken{}, core.Change{}, err
	}
	if err := s.checkExpiry(in.ExpiresAt); err != nil {
		return IssuedToken{}, core.Change{}, err
	}
	if in.Permissions, err = s.checkPermissions(ctx, in.Permissions); err != nil {
		return IssuedToken{}, core.Change{}, err
	}
	out := IssuedToken{Token: newToken(servicePrefix), ServiceToken: ServiceToken{
		ID: core.NewID(), Name: in.Name, Permissions: in.Permissions, CreatedBy: actor.Account,
		CreatedAt: s.now(), ExpiresAt: in.ExpiresAt.UTC().Truncate(time.Microsecond),
	}}
	_, err = tx.NewInsert().Model(&out.ServiceToken).Value("token_hash", "?", hashOf(out.Token)).Exec(ctx)
	if err != nil {
		return IssuedToken{}, core.Change{}, fmt.Errorf("issuing a service token: %w", err)
	}
	after := map[string]any{"name": in.Name, "permissions": in.Permissions, "expiresAt": in.ExpiresAt}
	return out, core.Change{Kind: core.Created, Type: typeServiceToken, ID: out.ServiceToken.ID, After: after}, nil
}

func (s *Service) checkExpiry(at time.Time) error {
	now := s.now()
	if at.After(now) && !at.After(now.Add(s.settings.ServiceTokenKeep)) {
		return nil
	}
	return core.Invalid(core.Textf("A token's expiry lies in the future, at most %d days ahead.",
		"Срок действия токена — в будущем, не более чем через %d дн.", s.settings.ServiceTokenKeep/day), "input", "expiresAt")
}

func (s *Service) checkPermissions(ctx context.Context, wanted []string) ([]string, error) {
	wanted = slices.Clone(wanted)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	if len(wanted) == 0 || len(wanted) > 200 {
		return nil, core.Invalid(core.T("Choose 1 to 200 permissions.", "Выберите от 1 до 200 прав."), "input", "permissions")
	}
	for _, p := range wanted {
		if !permissionPattern.MatchString(p) {
			return nil, core.Invalid(core.T("A permission is written module:action, or module:* for all of a module's.",
				"Право записывается как module:action, а все права модуля — как module:*."), "input", "permissions")
		}
	}
	held, err := s.hooks.Covered(ctx, core.ActorOf(ctx), wanted)
	if err != nil {
		return nil, fmt.Errorf("issuing a service token: %w", err)
	}
	for _, p := range wanted {
		if !slices.Contains(held, p) {
			return nil, &core.Error{Code: core.CodeForbidden, Path: []string{"input", "permissions"},
				Text: core.Textf("You cannot give %s: you do not hold it yourself.", "Нельзя передать право %s: у вас его нет.", p)}
		}
	}
	return wanted, nil
}

// RevokeServiceToken ends a token at once and for good. The caller has decided that the actor may.
func (s *Service) RevokeServiceToken(ctx context.Context, tx postgres.Tx, id uuid.UUID) (ServiceToken, core.Change, error) {
	var t ServiceToken
	err := tx.NewUpdate().Model(&t).Set("revoked_at = COALESCE(service_token.revoked_at, ?)", s.now()).
		Where("service_token.id = ?", id).Returning("?TableColumns").Scan(ctx)
	if postgres.NoRows(err) {
		return ServiceToken{}, core.Change{}, core.ErrNotFound
	}
	if err != nil {
		return ServiceToken{}, core.Change{}, fmt.Errorf("revoking a service token: %w", err)
	}
	return t, core.Change{Kind: core.Ended, Type: typeServiceToken, ID: id}, nil
}
