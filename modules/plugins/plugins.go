// Package plugins is the graph's face of the plugins' catalog (plugins/catalog): a public register of what
// runs in a municipality, and what administrators do with it: read what a plugin asks for, approve it,
// configure, upgrade, go back, disable, remove.
//
// It owns no table: the catalog alone writes those that the reads are declared over. Each mutation asks
// for the caller's right here, has the catalog make the change in the mutation's transaction, and records
// it. What must hold whoever asks (signatures, approvals of what was read, settings) is the catalog's to
// refuse. After the commit this replica learns of it at once, the others by the catalog's channel.
//
// Plugins are called by their short names in inputs, as roles are by their keys. Installing is the
// operator's: the permission plugins:install is not enough, the server must have been started with uploads
// allowed, for an administrator of one municipality may give themselves any permission in it.
package plugins

import (
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/plugins/catalog"
)

// Plugin is a plugin in a municipality, for reading: catalog.Plugin is the row.
type Plugin struct {
	bun.BaseModel `bun:"table:plugins,alias:plugin"`
	read.Row      `bun:"-"`
	postgres.Owned

	ID         uuid.UUID   `bun:"id,pk,type:uuid"`
	Name       string      `bun:"name"`
	State      PluginState `bun:"state"`
	Digest     string      `bun:"digest"`
	ApprovedAt time.Time   `bun:"approved_at"`
	ChangedAt  time.Time   `bun:"changed_at"`
	Reason     string      `bun:"reason"`
	Version    int         `bun:"version"`
}

type (
	// PluginState is how far a plugin has come.
	PluginState = catalog.State
	// PluginAskKind is a sort of thing that a plugin asks for.
	PluginAskKind = catalog.AskKind
)

// PluginAsk is one thing that a plugin asks for, in the reader's language.
type PluginAsk struct {
	Kind  PluginAskKind
	Name  string
	Title string
}

// PluginFailure is what is done when a plugin does not answer before an action.
type PluginFailure string

const (
	Open   PluginFailure = "OPEN"
	Closed PluginFailure = "CLOSED"
)

// PluginHookFailure is the choice for one action.
type PluginHookFailure struct {
	Action  string
	Failure PluginFailure
}

// PluginStep is one thing that happened to a plugin.
type PluginStep struct {
	At      time.Time
	Action  string
	State   PluginState
	Release string
	Reason  string
}

// PluginProcessState is where a plugin's process stands.
type PluginProcessState string

// PluginProcess is how a plugin's process fares on this replica.
type PluginProcess struct {
	State          PluginProcessState
	Since          time.Time
	Reason         string
	Restarts       int
	BreakerOpen    bool
	Release        string
	WaitingRelease *string
	Unbounded      []string
}

// PluginBundle is a release that is installed.
type PluginBundle struct {
	Digest, Name, Title, Description, Author, Release, Signer string
	InstalledAt                                               time.Time
	Size                                                      int
	Asks                                                      []*PluginAsk
	AsksKey                                                   string
	HookFailures                                              []*PluginHookFailure
	SettingsSchema                                            string
	SDL                                                       string
}

// PluginUpgrade is what another release would change.
type PluginUpgrade struct {
	From, To, Digest         string
	AsksMore, AsksLess       []*PluginAsk
	Added, Removed, Breaking []string
	Operations               []*PluginOperation
	NeedsApproval            bool
	Key                      string
}

// PluginOperation is a recorded one that a release would break.
type PluginOperation struct {
	Hash, Text string
	SeenAt     time.Time
	Count      int
	Why        []string
}

// PluginSettings are how a plugin is set, without its secrets.
type PluginSettings struct {
	Schema, Settings string
	Secrets          []*PluginSecret
	Revision         int
}

// PluginSecret is a setting that is never shown.
type PluginSecret struct {
	Path []string
	Set  bool
}

// PluginLogLine is a line of a plugin's process.
type PluginLogLine struct {
	At          time.Time
	Level, Text string
}

// InstallPluginPayload is what installing answers.
type InstallPluginPayload struct {
	Name             *string          `json:"name"`
	Release          *string          `json:"release"`
	Digest           *string          `json:"digest"`
	UserErrors       []core.UserError `json:"-"`
	ClientMutationID *string          `json:"clientMutationId,omitempty"`
}

// RemovePluginPayload is what removing answers.
type RemovePluginPayload struct {
	core.Payload
	ExportPath *string `json:"exportPath"`
}

// PluginDeadLetter is an event that was given up for a plugin.
type PluginDeadLetter struct {
	EventID  string
	Name     string
	ObjectID *core.ID
	At       time.Time
	GivenUp  time.Time
	Attempts int
	Reason   string
}

// ReplayPluginDeliveriesPayload is what bringing anew answers.
type ReplayPluginDeliveriesPayload struct {
	Count            int              `json:"count"`
	UserErrors       []core.UserError `json:"-"`
	ClientMutationID *string          `json:"clientMutationId,omitempty"`
}
