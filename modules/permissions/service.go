package permissions

import (
	"context"
	"errors"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/read"
)

// Service is every way to change the policy that the graph offers. Each method asks for the
// caller's right by itself, so it may be called from anywhere.
type Service struct {
	reads  *read.Reader
	guard  *access.Guard
	writer *mutation.Writer
}

// action is one mutation: its name, its input, and what the input calls the fields that core/access
// names otherwise.
type action struct {
	name   string
	input  any
	client *string
	fields map[string]string
}

// do runs a change of the policy under its lock, which is taken first: what the audit keeps as
// before is then what was before, and the locks always come in the same order.
func (s *Service) do(ctx context.Context, a action, change func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error)) (*Answer, error) {
	answer := &Answer{Payload: core.Payload{ClientMutationID: a.client}}
	err := s.writer.Run(ctx, a.name, a.input, answer, func(ctx context.Context, tx *mutation.Tx) error {
		if err := lock(ctx, tx); err != nil {
			return err
		}
		key, err := change(ctx, tx)
		if err != nil {
			return a.inWords(err)
		}
		answer.Key = key
		answer.PolicyVersion, err = policyVersion(ctx, tx)
		return err
	})
	if problems, ok := mutation.UserErrors(ctx, err); ok {
		return &Answer{Payload: core.Payload{UserErrors: problems, ClientMutationID: a.client}}, nil
	}
	if err != nil {
		return nil, err
	}
	return answer, nil
}

// inWords gives a refusal of core/access the path of the input's own field.
func (a action) inWords(err error) error {
	var e *core.Error
	if !errors.As(err, &e) {
		return err
	}
	path := e.Path
	switch {
	case e == core.ErrConflict:
		path = []string{"input", "expectedVersion"}
	case len(path) == 2 && a.fields[path[1]] != "":
		path = []string{"input", a.fields[path[1]]}
	}
	return &core.Error{Code: e.Code, Text: e.Text, Path: path, Err: e.Err}
}

// mayEdit asks for the right to change roles: they stand in the whole municipality.
func (s *Service) mayEdit(ctx context.Context) error {
	return s.guard.Check(ctx, mayEdit, access.Resource{})
}
