package access

import (
	_ "embed"

	"github.com/veche-city/veche/core"
)

// kernel is the module name of the permissions about permissions.
const kernel = "permissions"

// The permissions of this package. Callers of Store ask for them; Store itself keeps what must
// hold whoever asks.
const (
	permissionRead   = kernel + ":read"
	permissionAssign = kernel + ":assign"
	permissionEdit   = kernel + ":edit"
	permissionsAll   = kernel + ":*"
)

// The roles that mean something to this package.
const (
	roleAnonymous     = "anonymous"
	roleResident      = "resident"
	RoleAdministrator = "administrator"
)

const (
	effectAllow = "allow"
	effectDeny  = "deny"
)

//go:embed policy.csv
var kernelPolicy string

//go:embed roles.yaml
var rolesText []byte

// Info declares the kernel's own permissions, as a module's card does. New adds it by itself.
func Info() core.Info {
	return core.Info{
		Name:  kernel,
		Title: core.T("Permissions", "Права"),
		Permissions: []core.Permission{
			{Name: permissionRead, Title: core.T("See roles, their rules and who holds them", "Видеть роли, их правила и кому они назначены")},
			{Name: permissionAssign, Title: core.T("Give roles to accounts and end them", "Назначать роли учётным записям и снимать их")},
			{Name: permissionEdit, Title: core.T("Change roles and their rules", "Менять роли и их правила")},
		},
		Policy: kernelPolicy,
	}
}
