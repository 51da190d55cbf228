package plugins

import (
	"encoding/json"
	"strings"

	"github.com/veche-city/veche/modules/files"
)

// InstallPluginInput brings a bundle.
type InstallPluginInput struct {
	File             files.Upload
	ClientMutationID *string
}

// PluginHookFailureInput is the choice for one action.
type PluginHookFailureInput struct {
	Action  string
	Failure PluginFailure
}

// EnablePluginInput is an approval.
type EnablePluginInput struct {
	Name, Digest, Asks string
	HookFailures       []*PluginHookFailureInput
	Settings           *string
	ClientMutationID   *string
}

// DisablePluginInput takes a plugin out.
type DisablePluginInput struct {
	Name             string
	Reason           *string
	ExpectedVersion  int
	ClientMutationID *string
}

// UpgradePluginInput goes to another release.
type UpgradePluginInput struct {
	Name, Digest     string
	Approve          *string
	HookFailures     []*PluginHookFailureInput
	Settings         *string
	ExpectedVersion  int
	ClientMutationID *string
}

// RollBackPluginInput goes back.
type RollBackPluginInput struct {
	Name             string
	ExpectedVersion  int
	ClientMutationID *string
}

// ConfigurePluginInput sets a plugin.
type ConfigurePluginInput struct {
	Name             string
	Settings         string
	ExpectedRevision int
	ClientMutationID *string
}

// RemovePluginInput erases a plugin's data.
type RemovePluginInput struct {
	Name             string
	Reason           *string
	ExpectedVersion  int
	ClientMutationID *string
}

// RestartPluginInput starts a plugin anew.
type RestartPluginInput struct {
	Name             string
	ClientMutationID *string
}

// ReplayPluginDeliveriesInput names what to bring anew; no events: all that were given up.
type ReplayPluginDeliveriesInput struct {
	Name             string
	EventIds         []string
	ClientMutationID *string
}

// chosen are the choices as the catalog takes them.
func chosen(in []*PluginHookFailureInput) map[string]string {
	all := map[string]string{}
	for _, one := range in {
		all[one.Action] = strings.ToLower(string(one.Failure))
	}
	return all
}

// given is a JSON text that may be left out.
func given(text *string) json.RawMessage {
	if text == nil {
		return nil
	}
	return json.RawMessage(*text)
}
