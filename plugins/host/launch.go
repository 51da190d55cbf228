package host

import (
	"context"
	"encoding/hex"
	"fmt"

	"github.com/veche-city/veche/plugins/bundle"
	"github.com/veche-city/veche/plugins/process"
)

// Launch starts programs of unpacked bundles, all of whose files are checked again before. Where dev is set
// their author works on them, and may stop them in a debugger.
func Launch(o process.Options, dev bool) func(ctx context.Context, p Program) (Process, error) {
	return func(_ context.Context, p Program) (Process, error) {
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
}
