package catalog

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/plugins/manifest"
)

// State is how far a plugin has come in a municipality.
type State string

const (
	StateEnabled  State = "ENABLED"
	StateDisabled State = "DISABLED" // its data are kept
	StateRemoved  State = "REMOVED"  // its data are erased
)

// Of a bundle.
const (
	bundleInstalled = "INSTALLED"
	bundleRemoved   = "REMOVED"
)

// Installed is a bundle as the database has it, without its bytes.
type Installed struct {
	bun.BaseModel `bun:"table:plugin_bundles,alias:bundle"`

	Digest      string          `bun:"digest,pk"`
	Name        string          `bun:"name"`
	Version     string          `bun:"version"`
	Card        json.RawMessage `bun:"manifest,type:jsonb"`
	SDL         string          `bun:"sdl"`
	Functions   []string        `bun:"functions,array"`
	Policy      string          `bun:"policy"`
	Settings    string          `bun:"settings"`
	Signer      string          `bun:"signer"`
	Size        int64           `bun:"size"`
	InstalledAt time.Time       `bun:"installed_at"`
	InstalledBy string          `bun:"installed_by"`
	State       string          `bun:"state"`
	History     json.RawMessage `bun:"history,type:jsonb"`
}

// Manifest is its card.
func (i *Installed) Manifest() (*manifest.Manifest, error) {
	m := &manifest.Manifest{}
	if err := json.Unmarshal(i.Card, m); err != nil {
		return nil, fmt.Errorf("the kept manifest of plugin %s %s: %w", i.Name, i.Version, err)
	}
	return m, nil
}

// card is what the guard learns of it.
func (i *Installed) card() (core.Info, error) {
	m, err := i.Manifest()
	if err != nil {
		return core.Info{}, err
	}
	return cardOf(m, i.Policy), nil
}

func cardOf(m *manifest.Manifest, policy string) core.Info {
	info := core.Info{Name: m.Name, Title: m.Title.Core(), Policy: policy}
	for _, p := range m.Permissions {
		info.Permissions = append(info.Permissions, core.Permission{Name: p.Name, Title: p.Title.Core()})
	}
	return info
}

// Plugin is a plugin in a municipality.
type Plugin struct {
	bun.BaseModel `bun:"table:plugins,alias:plugin"`
	postgres.Owned

	ID              uuid.UUID         `bun:"id,pk,type:uuid"`
	Name            string            `bun:"name"`
	State           State             `bun:"state"`
	Digest          string            `bun:"digest"`
	PreviousDigest  *string           `bun:"previous_digest"`
	Granted         Asks              `bun:"granted,type:jsonb"`
	PreviousGranted *Asks             `bun:"previous_granted,type:jsonb"`
	HookFailure     map[string]string `bun:"hook_failure,type:jsonb"`
	Reason          string            `bun:"reason"`
	ApprovedBy      string            `bun:"approved_by"`
	ApprovedAt      time.Time         `bun:"approved_at"`
	ChangedAt       time.Time         `bun:"changed_at"`
	ErasedAt        *time.Time        `bun:"erased_at"`
	Version         int64             `bun:"version"`
}

// step is a row of a plugin's history.
type step struct {
	bun.BaseModel `bun:"table:plugin_steps,alias:step"`
	postgres.Owned

	ID       uuid.UUID `bun:"id,pk,type:uuid"`
	PluginID uuid.UUID `bun:"plugin_id,type:uuid"`
	At       time.Time `bun:"at"`
	Action   string    `bun:"action"`
	State    State     `bun:"state"`
	Version  string    `bun:"version"`
	Digest   string    `bun:"digest"`
	Reason   string    `bun:"reason"`
	By       string    `bun:"by_whom"`
}

// moment is a step of a bundle's history.
type moment struct {
	At     time.Time `json:"at"`
	State  string    `json:"state"`
	Reason string    `json:"reason,omitempty"`
	By     string    `json:"by"`
}

// Process is how a plugin's process fares on one replica.
type Process struct {
	Release  string // that serves
	Waiting  string // the release that shall take its place; empty: none
	Phase    string // starting, running, backoff, quarantined, draining, stopped
	Since    time.Time
	Reason   string // why it does not serve, or the waiting release does not
	Restarts int
	// BreakerOpen says that no calls are let through, because too many failed.
	BreakerOpen bool
	// Unbounded says which bounds do not hold on this system, and why.
	Unbounded []string
}

// LogLine is a line that a plugin's process wrote.
type LogLine struct {
	At    time.Time
	Level string
	Text  string
	// Municipality is the key of the one in whose name the line was written; empty: it is not known.
	Municipality string
}

// Letter is an event that was given up, after a plugin refused it or did not take it for long.
type Letter struct {
	Event    uuid.UUID
	Name     string
	Object   core.ID
	At, Dead time.Time
	Attempts int
	Reason   string
}
