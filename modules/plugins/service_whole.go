package plugins

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/plugins/catalog"
)

// exports is where what removed plugins left is taken from.
const exports = "/plugins/exports/"

var errNoUploads = &core.Error{Code: core.CodeForbidden, Text: core.T(
	"Bundles are not taken from here: the operator installs them by veche plugin install, or starts Veche with --plugin-uploads.",
	"Отсюда пакеты не принимаются: их устанавливает оператор (veche plugin install) либо запускает Вече с --plugin-uploads.")}

// Install takes a bundle that came within the request.
func (s *Service) Install(ctx context.Context, in InstallPluginInput) (*InstallPluginPayload, error) {
	answer := &InstallPluginPayload{ClientMutationID: in.ClientMutationID}
	if err := s.guard.Check(ctx, mayInstall, access.Resource{}); err != nil {
		return nil, err
	}
	if !s.catalog.Uploads {
		return nil, errNoUploads
	}
	file, size, end, err := seekable(in.File.File)
	if err != nil {
		return nil, err
	}
	defer end()
	candidate, err := s.catalog.Check(ctx, file, size)
	if err == nil {
		asked := map[string]any{"digest": candidate.Digest, "clientMutationId": in.ClientMutationID}
		err = s.writer.Run(ctx, "installPlugin", asked, answer, func(ctx context.Context, tx *mutation.Tx) error {
			row, err := s.catalog.Add(ctx, tx.Tx, candidate)
			if err != nil {
				return err
			}
			answer.Name, answer.Release, answer.Digest = &row.Name, &row.Version, &row.Digest
			tx.Changed(core.Change{Kind: core.Created, Type: "PluginBundle", ID: keyOf(row.Digest),
				After: map[string]any{"name": row.Name, "release": row.Version, "digest": row.Digest, "signer": row.Signer}})
			return nil
		})
	}
	if problems, ok := mutation.UserErrors(ctx, err); ok {
		return &InstallPluginPayload{UserErrors: problems, ClientMutationID: in.ClientMutationID}, nil
	}
	return answer, err
}

// keyOf is a bundle's key in the audit, made of its digest.
func keyOf(digest string) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(digest)) }

// seekable is the file as something that can be read at any place.
func seekable(r io.Reader) (file io.ReaderAt, size int64, end func(), err error) {
	if at, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		size, err = at.Seek(0, io.SeekEnd)
		return at, size, func() {}, err
	}
	spool, err := os.CreateTemp("", "veche-plugin-*")
	if err != nil {
		return nil, 0, nil, fmt.Errorf("a bundle cannot be taken in: %w", err)
	}
	end = func() { _ = errors.Join(spool.Close(), os.Remove(spool.Name())) }
	if size, err = io.Copy(spool, r); err != nil {
		end()
		return nil, 0, nil, fmt.Errorf("a bundle cannot be taken in: %w", err)
	}
	return spool, size, end, nil
}

// Remove exports and erases the data of a disabled plugin.
func (s *Service) Remove(ctx context.Context, in RemovePluginInput) (*RemovePluginPayload, error) {
	return s.RemoveTo(ctx, in, nil)
}

// RemoveTo is Remove with the export written there; nil: it is kept for thirty days.
func (s *Service) RemoveTo(ctx context.Context, in RemovePluginInput, to io.Writer) (*RemovePluginPayload, error) {
	answer := &RemovePluginPayload{Payload: core.Payload{ClientMutationID: in.ClientMutationID}}
	err := s.writer.Run(ctx, "removePlugin", in, answer, func(ctx context.Context, tx *mutation.Tx) error {
		if err := s.guard.Check(ctx, mayManage, access.Resource{}); err != nil {
			return err
		}
		reason, err := reasonOf(in.Reason)
		if err != nil {
			return err
		}
		done, export, err := s.catalog.Remove(ctx, tx.Tx, catalog.Removing{Name: in.Name, Reason: reason, Expected: version(in.ExpectedVersion), To: to})
		if err != nil {
			return err
		}
		answer.Key = done.After.ID
		if export != uuid.Nil {
			path := exports + export.String()
			answer.ExportPath = &path
		}
		tx.Changed(changeOf(done))
		return nil
	})
	if problems, ok := mutation.UserErrors(ctx, err); ok {
		return &RemovePluginPayload{Payload: core.Payload{UserErrors: problems, ClientMutationID: in.ClientMutationID}}, nil
	}
	if err != nil {
		return nil, err
	}
	s.learn(ctx)
	if err := s.catalog.EraseRemoved(context.WithoutCancel(ctx)); err != nil {
		s.log.WarnContext(ctx, "data of a removed plugin are not erased yet", "error", err)
	}
	return answer, nil
}

// Replay brings events anew that were given up for a plugin: those that are named, or all of them.
func (s *Service) Replay(ctx context.Context, in ReplayPluginDeliveriesInput) (*ReplayPluginDeliveriesPayload, error) {
	answer := &ReplayPluginDeliveriesPayload{ClientMutationID: in.ClientMutationID}
	err := s.writer.Run(ctx, "replayPluginDeliveries", in, answer, func(ctx context.Context, tx *mutation.Tx) error {
		if err := s.guard.Check(ctx, mayManage, access.Resource{}); err != nil {
			return err
		}
		events, err := eventsOf(in.EventIds)
		if err != nil {
			return err
		}
		p, err := s.catalog.Here(ctx, in.Name)
		if err != nil {
			return core.Invalid(core.Textf("This municipality has no plugin %q.", "В этом муниципалитете нет плагина %q.", in.Name), "input", "name")
		}
		if s.catalog.Replay != nil {
			if answer.Count, err = s.catalog.Replay(ctx, core.MunicipalityOf(ctx), in.Name, events...); err != nil {
				return err
			}
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: typePlugin, ID: p.ID, After: map[string]any{"name": p.Name, "replayed": answer.Count}})
		return nil
	})
	if problems, ok := mutation.UserErrors(ctx, err); ok {
		return &ReplayPluginDeliveriesPayload{UserErrors: problems, ClientMutationID: in.ClientMutationID}, nil
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

func eventsOf(texts []string) (events []uuid.UUID, err error) {
	for i, text := range texts {
		event, err := uuid.Parse(text)
		if err != nil {
			return nil, core.Invalid(core.T("This is no event's id: take it from pluginDeadLetters.", "Это не идентификатор события: возьмите его из pluginDeadLetters."), "input", "eventIds", strconv.Itoa(i))
		}
		events = append(events, event)
	}
	return events, nil
}
