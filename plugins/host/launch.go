package host

import (
	"encoding/hex"
	"fmt"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/process"
)

// Launch starts the program of an unpacked bundle, all of whose files are checked again before. Where dev is
// set its author works on it, and may stop it in a debugger.
func Launch(p Program, o process.Options, dev bool) (*process.Supervisor, error) {
	path, sum, err := bundle.Program(p.Dir, p.Manifest)
	if err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(sum)
	if err != nil {
		return nil, fmt.Errorf("sum of %s: %w", path, err)
	}
	return process.Start(process.Program{Manifest: p.Manifest, SDL: p.SDL, Path: path, Sum: raw, Dir: p.Dir, HostAddress: p.HostAddress, Dev: dev}, o), nil
}
