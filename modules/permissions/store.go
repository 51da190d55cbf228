package permissions

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/identity"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// lock takes the lock that every change of the municipality's policy takes first.
func lock(ctx context.Context, tx *mutation.Tx) error {
	var found int
	err := tx.NewRaw("SELECT 1 FROM municipalities WHERE id = ? FOR NO KEY UPDATE", core.MunicipalityOf(ctx).ID).Scan(ctx, &found)
	if err != nil {
		return fmt.Errorf("policy of municipality %s: %w", core.MunicipalityOf(ctx).ID, err)
	}
	return nil
}

// policyVersion is the version with the transaction's own change.
func policyVersion(ctx context.Context, tx *mutation.Tx) (*string, error) {
	var version int64
	err := tx.NewRaw("SELECT policy_version FROM municipalities WHERE id = ?", core.MunicipalityOf(ctx).ID).Scan(ctx, &version)
	text := strconv.FormatInt(version, 10)
	return &text, err
}

// roleFacts are what the audit keeps of a role.
type roleFacts struct {
	Key         string      `json:"key"`
	Name        core.Text   `json:"name"`
	Description core.Text   `json:"description"`
	Parents     []string    `json:"parents"`
	Rules       []ruleFacts `json:"rules"`

	id uuid.UUID
}

// ruleFacts are what the audit keeps of a rule.
type ruleFacts struct {
	Permission string `json:"permission"`
	Scope      string `json:"scope"`
	Relation   string `json:"relation"`
	Effect     string `json:"effect"`
}

func factsOf(r *access.Rule) ruleFacts {
	return ruleFacts{Permission: r.Permission, Scope: r.Scope().String(), Relation: r.Relation, Effect: r.Effect}
}

// roleNow reads a role as it stands in the transaction; nil when there is none.
func roleNow(ctx context.Context, tx *mutation.Tx, key string) (*roleFacts, error) {
	role := &access.Role{}
	err := tx.NewSelect().Model(role).Column("id", "key", "name", "description").Where("?TableAlias.key = ?", key).Scan(ctx)
	if postgres.NoRows(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	facts := &roleFacts{id: role.ID, Key: role.Key, Name: role.Name, Description: role.Description, Parents: []string{}, Rules: []ruleFacts{}}
	err = tx.NewSelect().Model((*access.RoleParent)(nil)).Column("parent").Where("?TableAlias.role = ?", key).Order("parent").Scan(ctx, &facts.Parents)
	if err != nil {
		return nil, err
	}
	var rules []*access.Rule
	err = tx.NewSelect().Model(&rules).Column("permission", "scope_kind", "scope_id", "relation", "effect").
		Where("?TableAlias.role = ?", key).Order("permission", "scope_kind", "scope_id", "relation", "effect").Scan(ctx)
	for _, rule := range rules {
		facts.Rules = append(facts.Rules, factsOf(rule))
	}
	return facts, err
}

// hasAccount asks that the account is there and may sign in, and keeps it so until the transaction
// ends. Who disables it at this very moment holds it and waits for the policy: Postgres then ends
// one of the two, which is a CONFLICT.
func hasAccount(ctx context.Context, tx *mutation.Tx, key uuid.UUID, path ...string) error {
	var found uuid.UUID
	var disabled *time.Time
	err := tx.NewSelect().Model((*identity.Account)(nil)).Column("id", "disabled_at").Where("?TableAlias.id = ?", key).For("SHARE").Scan(ctx, &found, &disabled)
	switch {
	case postgres.NoRows(err):
		return &core.Error{Code: core.CodeNotFound, Text: core.ErrNotFound.Text, Path: path}
	case err == nil && disabled != nil:
		return core.Conflict(core.T("This account is disabled. Enable it first.", "Учётная запись отключена. Сначала включите её."), path...)
	}
	return err
}

// assignmentFacts are what the audit keeps of an assignment.
func assignmentFacts(a *access.RoleAssignment) any {
	return map[string]any{"account": a.AccountID, "role": a.Role, "scope": a.Scope().String(), "startsOn": a.StartsOn, "endsOn": a.EndsOn}
}
