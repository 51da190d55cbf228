package host

import (
	"context"
	"errors"
	"slices"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/events"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/plugins/contract"
)

// Can asks for the caller's right, on the object where one is named: an object that the caller does not
// see is one on which they hold nothing.
func (s *service) Can(ctx context.Context, r *contract.CanRequest) (*contract.CanResponse, error) {
	decision, err := s.host.Guard.Decide(ctx, r.Permission)
	if err != nil {
		if core.CodeOf(err) == core.CodeUnavailable {
			return nil, err
		}
		return nil, wrong("permission: nobody declares %q", r.Permission)
	}
	if r.Object == "" || decision.None() {
		return &contract.CanResponse{Allowed: !decision.None()}, nil
	}
	id, err := core.ParseID(r.Object)
	if err != nil {
		return nil, wrong("object: %q is not a GraphQL id", r.Object)
	}
	allowed, err := s.host.allowed(ctx, r.Permission, id)
	return &contract.CanResponse{Allowed: allowed}, err
}

// allowed says whether the caller sees the object and holds the permission on it; without one, whether
// they see it.
func (h *Host) allowed(ctx context.Context, permission string, id core.ID) (bool, error) {
	err := read.RequireID(ctx, h.Reads, h.DB, permission, id)
	switch core.CodeOf(err) {
	case core.CodeNotFound, core.CodeForbidden, core.CodeUnauthenticated:
		return false, nil
	}
	return err == nil, err
}

// Watch streams events to the plugin while the call lives that it is made for: those that its manifest
// names, and of objects of the core those that the caller may see at that moment.
func (s *service) Watch(r *contract.WatchRequest, stream grpc.ServerStreamingServer[contract.Event]) error {
	ctx := stream.Context()
	m := callOf(ctx).instance.enabled.Manifest
	mine := slices.Clone(m.Hears)
	for _, e := range m.Sends {
		mine = append(mine, e.Name)
	}
	for n, name := range r.Names {
		if !slices.Contains(mine, name) {
			return status.Errorf(codes.PermissionDenied, "names[%d]: %q is neither among hears nor among sends in plugin.yaml", n, name)
		}
	}
	names := r.Names
	if len(names) == 0 {
		names = mine
	}
	subscription := s.host.Events.Subscribe(ctx, events.Filter{})
	// The header tells that what is committed from now on is heard of.
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	for e := range subscription.Events() {
		if !slices.Contains(names, nameOf(&e)) {
			continue
		}
		now := ctx
		if s.host.Fresh != nil {
			var err error
			if now, err = s.host.Fresh(ctx); err != nil {
				return err
			}
		}
		seen, err := s.host.watches(now, callOf(ctx).instance, &e)
		if err != nil {
			return err
		}
		if !seen {
			continue
		}
		if err := stream.Send(eventOf(&e)); err != nil {
			return err
		}
	}
	if err := subscription.Err(); err != nil {
		return err
	}
	return status.FromContextError(ctx.Err()).Err()
}

// watches says whether the event may be shown to the plugin on behalf of the caller. Objects of plugins
// are for their plugin to guard.
func (h *Host) watches(ctx context.Context, i *instance, e *core.Event) (bool, error) {
	if i.owns.types[e.Type] || e.Name != "" && !slices.Contains(h.Reads.Types(), e.Type) {
		return true, nil
	}
	return h.allowed(ctx, "", core.ID{Type: e.Type, Key: e.Object})
}

// OpenCase opens a case as the caller; the same key gives the same case.
func (s *service) OpenCase(ctx context.Context, r *contract.OpenCaseRequest) (*contract.OpenCaseResponse, error) {
	i := callOf(ctx).instance
	if !i.enabled.Manifest.Cases || s.host.options.OpenCase == nil {
		return nil, status.Error(codes.PermissionDenied, "this plugin opens no cases: say cases: true in plugin.yaml")
	}
	if r.Key == "" || len(r.Key) > 200 {
		return nil, wrong("key has 1 to 200 bytes: the same key gives the same case")
	}
	in := Case{Plugin: i.enabled.Name, Title: r.Title, Text: r.Text, Kind: r.Kind}
	var err error
	if in.About, err = optionalID("about", r.About); err != nil {
		return nil, err
	}
	if in.Person, err = optionalID("person", r.Person); err != nil {
		return nil, err
	}
	key, errs, err := s.host.openCase(ctx, in, r.Key)
	if err != nil {
		return nil, err
	}
	if len(errs) > 0 {
		return &contract.OpenCaseResponse{Error: &contract.Error{Code: string(errs[0].Code), Message: errs[0].Message, Path: errs[0].Path}}, nil
	}
	return &contract.OpenCaseResponse{Case: core.ID{Type: "Case", Key: key}.String()}, nil
}

// errOpened leaves the transaction of a case that is there already.
var errOpened = errors.New("opened before")

func (h *Host) openCase(ctx context.Context, in Case, key string) (opened uuid.UUID, errs []core.UserError, err error) {
	town := core.MunicipalityOf(ctx).ID
	payload, err := h.Writer.Do(mutation.WithKey(ctx, ""), "openCase", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		// The lock holds off another with the same key, until this one's case is there.
		if _, err := tx.Pgx.Exec(ctx, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", "veche case "+town.String()+" "+in.Plugin+" "+key); err != nil {
			return uuid.Nil, err
		}
		var there [16]byte
		err := tx.Pgx.QueryRow(ctx, "SELECT case_id FROM plugin_cases WHERE municipality_id = $1 AND plugin = $2 AND key = $3", town, in.Plugin, key).Scan(&there)
		if err == nil {
			opened = there
			return opened, errOpened
		}
		if !postgres.NoRows(err) {
			return uuid.Nil, err
		}
		if opened, err = h.options.OpenCase(ctx, tx, in); err != nil {
			return uuid.Nil, err
		}
		_, err = tx.Pgx.Exec(ctx, "INSERT INTO plugin_cases (municipality_id, plugin, key, case_id) VALUES ($1, $2, $3, $4)", town, in.Plugin, key, opened)
		return opened, err
	})
	if errors.Is(err, errOpened) {
		return opened, nil, nil
	}
	if err != nil {
		return uuid.Nil, nil, err
	}
	return payload.Key, payload.UserErrors, nil
}

func optionalID(field, text string) (*core.ID, error) {
	if text == "" {
		return nil, nil
	}
	id, err := core.ParseID(text)
	if err != nil {
		return nil, wrong("%s: %q is not a GraphQL id", field, text)
	}
	return &id, nil
}
