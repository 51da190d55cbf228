package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"sync"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/veche-city/veche/plugins/manifest"
)

// version is one version of a plugin as it runs: one process for all municipalities.
type version struct {
	digest, dir string
	manifest    *manifest.Manifest
	process     Process
	key         [sha256.Size]byte // of its process's secret
	grants      map[string]bool   // Type.field, Mutation.field

	started chan struct{} // closed once it was started, or could not be
	err     error
	users   int // instances; under Host.mu
	once    sync.Once
}

// ownership is what of the schema is a plugin's own.
type ownership struct {
	types  map[string]bool
	fields map[string]bool // of others' types, Type.field
}

func ownershipOf(name, sdl string) (ownership, error) {
	own := ownership{types: map[string]bool{}, fields: map[string]bool{}}
	doc, err := parser.ParseSchema(&ast.Source{Name: name, Input: sdl})
	if err != nil {
		return own, fmt.Errorf("plugin %s: its schema cannot be read: %w", name, err)
	}
	for _, d := range doc.Definitions {
		own.types[d.Name] = true
	}
	for _, d := range doc.Extensions {
		for _, f := range d.Fields {
			own.fields[d.Name+"."+f.Name] = true
		}
	}
	return own, nil
}

func (o ownership) has(typ, field string) bool { return o.types[typ] || o.fields[typ+"."+field] }

// acquire is the version that e names, started where it is not yet; release gives it back. Only one
// caller starts it, the others wait.
func (h *Host) acquire(ctx context.Context, e Enabled) (*version, error) {
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return nil, errClosed
	}
	v, there := h.versions[e.Digest]
	if !there {
		v = &version{digest: e.Digest, manifest: e.Manifest, started: make(chan struct{}), grants: grantsOf(e.Manifest)}
		h.versions[e.Digest] = v
	}
	v.users++
	h.mu.Unlock()
	if !there {
		v.err = h.start(ctx, v, e)
		close(v.started)
	}
	select {
	case <-v.started:
	case <-ctx.Done():
		h.release(v)
		return nil, ctx.Err()
	}
	if v.err != nil {
		h.release(v)
		return nil, v.err
	}
	return v, nil
}

func (h *Host) start(ctx context.Context, v *version, e Enabled) (err error) {
	if v.dir, err = h.catalog.Folder(ctx, e.Digest); err != nil {
		return err
	}
	v.process, err = h.options.Start(ctx, Program{Digest: e.Digest, Dir: v.dir, HostAddress: h.address, Manifest: e.Manifest, SDL: e.SDL})
	if err == nil {
		v.key = sha256.Sum256([]byte(v.process.Key()))
	}
	return err
}

// unlist keeps a version that its last user is about to leave from being acquired again: whoever comes back
// to it gets a process that nothing has happened to.
func (h *Host) unlist(v *version) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.users == 1 && h.versions[v.digest] == v {
		delete(h.versions, v.digest)
	}
}

// release ends a version that nobody uses any more, behind the caller.
func (h *Host) release(v *version) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if v.users--; v.users > 0 {
		return
	}
	listed := h.versions[v.digest] == v
	if listed {
		delete(h.versions, v.digest)
	}
	if !h.closed || !listed { // Close ends those that are listed
		h.wait.Go(func() { v.end(h.options.Limits.Drain) })
	}
}

// end drains and ends the process.
func (v *version) end(within time.Duration) {
	v.once.Do(func() {
		<-v.started
		if v.process == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), within)
		defer cancel()
		_ = v.process.Drain(ctx) // what does not end in time is killed
		v.process.Kill()
	})
}
