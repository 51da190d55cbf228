package permissions

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for and no declaration answers.
type (
	QueryResolver                 struct{ Module *Module }
	MutationResolver              struct{ Module *Module }
	RoleResolver                  struct{ Module *Module }
	RoleAssignmentResolver        struct{ Module *Module }
	RolePayloadResolver           struct{ Module *Module }
	DeleteRolePayloadResolver     struct{ Module *Module }
	RoleAssignmentPayloadResolver struct{ Module *Module }
)

func (r QueryResolver) Permissions(ctx context.Context) ([]*Permission, error) {
	return r.Module.permissions(ctx), nil
}

func (r QueryResolver) DataClasses(ctx context.Context) ([]*DataClass, error) {
	return r.Module.dataClasses(ctx), nil
}

func (r QueryResolver) ViewerPermissions(ctx context.Context) ([]string, error) {
	return r.Module.host.Guard.Permissions(ctx)
}

func (r QueryResolver) PolicyVersion(ctx context.Context) (string, error) {
	version, err := r.Module.host.Guard.Version(ctx)
	return strconv.FormatInt(version, 10), err
}

func (r RoleResolver) Parents(ctx context.Context, obj *Role) (parents []string, err error) {
	err = r.Module.list(ctx, obj, &parents)
	return parents, err
}

func (r RoleResolver) Rules(ctx context.Context, obj *Role) (rules []*RoleRule, err error) {
	err = r.Module.list(ctx, obj, &rules)
	return rules, err
}

// list reads a list that SQL worked out as JSON.
func (m *Module) list(ctx context.Context, of *Role, into any) error {
	text, err := read.Value[string](ctx, m.host.Reads, of)
	if err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("role %s: %w", of.ID, err)
	}
	return nil
}

func (r RoleAssignmentResolver) AssignedByID(ctx context.Context, obj *RoleAssignment) (*core.ID, error) {
	text, err := read.Value[*string](ctx, r.Module.host.Reads, obj)
	if err != nil || text == nil {
		return nil, err
	}
	typ, key, _ := strings.Cut(*text, ":")
	id, err := uuid.Parse(key)
	return &core.ID{Type: typ, Key: id}, err
}

func (r RolePayloadResolver) Role(ctx context.Context, obj *RolePayload) (*Role, error) {
	return read.Changed[Role](ctx, r.Module.host.Reads, obj.Key)
}

func (r DeleteRolePayloadResolver) DeletedRoleID(_ context.Context, obj *DeleteRolePayload) (*core.ID, error) {
	if obj.Key == uuid.Nil {
		return nil, nil
	}
	return &core.ID{Type: "Role", Key: obj.Key}, nil
}

func (r RoleAssignmentPayloadResolver) RoleAssignment(ctx context.Context, obj *RoleAssignmentPayload) (*RoleAssignment, error) {
	return read.Changed[RoleAssignment](ctx, r.Module.host.Reads, obj.Key)
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
