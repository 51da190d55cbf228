package permissions

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for and no declaration answers.
type (
	QueryResolver    struct{ Module *Module }
	MutationResolver struct{ Module *Module }
	RoleResolver     struct{ Module *Module }
)

func (r QueryResolver) Permissions(ctx context.Context) ([]*Permission, error) {
	return r.Module.permissions(ctx), nil
}

func (r QueryResolver) DataClasses(ctx context.Context) ([]*DataClass, error) {
	return r.Module.dataClasses(ctx)
}

func (r QueryResolver) ViewerPermissions(ctx context.Context) ([]string, error) {
	return r.Module.host.Guard.Permissions(ctx)
}

func (r QueryResolver) PolicyVersion(ctx context.Context) (string, error) {
	version, err := r.Module.host.Guard.Version(ctx)
	return strconv.FormatInt(version, 10), err
}

// Rules reads the list that SQL worked out as JSON.
func (r RoleResolver) Rules(ctx context.Context, obj *Role) (rules []*RoleRule, err error) {
	text, err := read.Value[string](ctx, r.Module.host.Reads, obj)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(text), &rules); err != nil {
		return nil, fmt.Errorf("rules of role %s: %w", obj.ID, err)
	}
	return rules, nil
}

func (r MutationResolver) CreateRole(ctx context.Context, input CreateRoleInput) (*RolePayload, error) {
	return r.Module.Service.CreateRole(ctx, input)
}

func (r MutationResolver) UpdateRole(ctx context.Context, input UpdateRoleInput) (*RolePayload, error) {
	return r.Module.Service.UpdateRole(ctx, input)
}

func (r MutationResolver) DeleteRole(ctx context.Context, input DeleteRoleInput) (*DeleteRolePayload, error) {
	return r.Module.Service.DeleteRole(ctx, input)
}

func (r MutationResolver) SetRoleRules(ctx context.Context, input SetRoleRulesInput) (*RolePayload, error) {
	return r.Module.Service.SetRoleRules(ctx, input)
}

func (r MutationResolver) AddRoleRule(ctx context.Context, input AddRoleRuleInput) (*RolePayload, error) {
	return r.Module.Service.AddRoleRule(ctx, input)
}

func (r MutationResolver) RemoveRoleRule(ctx context.Context, input RemoveRoleRuleInput) (*RolePayload, error) {
	return r.Module.Service.RemoveRoleRule(ctx, input)
}

func (r MutationResolver) AssignRole(ctx context.Context, input AssignRoleInput) (*RoleAssignmentPayload, error) {
	return r.Module.Service.AssignRole(ctx, input)
}

func (r MutationResolver) EndRoleAssignment(ctx context.Context, input EndRoleAssignmentInput) (*RoleAssignmentPayload, error) {
	return r.Module.Service.EndRoleAssignment(ctx, input)
}
