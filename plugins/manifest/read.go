package manifest

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/goccy/go-yaml"
)

// Read reads the manifest of a plugin's folder, or of its bundle. A key that nobody knows is an error,
// which names its line.
func Read(folder fs.FS) (*Manifest, error) {
	text, err := fs.ReadFile(folder, File)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: a plugin has one in its folder: %w", File, err)
	}
	m := &Manifest{}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", File, yaml.FormatError(err, false, true))
	}
	if err := m.Validate(); err != nil {
		return nil, err
	}
	return m, m.present(folder)
}

// present says which files the manifest names that are not there.
func (m *Manifest) present(folder fs.FS) error {
	var all []error
	for key, name := range map[string]string{"schema": m.Schema, "policy": m.Policy, "settings": m.Settings, "migrations": m.Migrations} {
		if name == "" {
			continue
		}
		if _, err := fs.Stat(folder, name); err != nil {
			all = append(all, fmt.Errorf("%s: %s: there is no %s", File, key, name))
		}
	}
	return errors.Join(all...)
}
