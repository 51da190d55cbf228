package sdk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/veche-city/veche/plugins/contract"
)

// Error is what a person can act on. Any other error that a function returns is a defect: it goes to
// Veche's log, and the reader sees PLUGIN_ERROR.
type Error struct {
	Code string // BAD_USER_INPUT, NOT_FOUND, CONFLICT, FORBIDDEN, UNAUTHENTICATED
	Text Text
	Path []string // the input's field at fault: input, street
}

func (e *Error) Error() string { return e.Code + ": " + e.Text.En }

// Is compares codes, for errors.Is(err, sdk.NotFound()).
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// Codes of an Error.
const (
	CodeInvalid         = "BAD_USER_INPUT"
	CodeNotFound        = "NOT_FOUND"
	CodeConflict        = "CONFLICT"
	CodeForbidden       = "FORBIDDEN"
	CodeUnauthenticated = "UNAUTHENTICATED"
)

// Invalid says that the field at path is wrong, and how it is put right.
func Invalid(text Text, path ...string) *Error {
	return &Error{Code: CodeInvalid, Text: text, Path: path}
}

// Conflict says that what was true a moment ago is not now.
func Conflict(text Text, path ...string) *Error {
	return &Error{Code: CodeConflict, Text: text, Path: path}
}

// Stale is the CONFLICT of an expectedVersion that has passed.
func Stale(path ...string) *Error {
	return Conflict(T("This was changed in the meantime. Reload it and try again.", "Данные успели измениться. Обновите их и попробуйте ещё раз."), path...)
}

// NotFound says that there is no such object, or that the caller may not see it.
func NotFound(path ...string) *Error {
	return &Error{Code: CodeNotFound, Text: T("There is no such object, or you may not see it.", "Такого объекта нет, либо он вам недоступен."), Path: path}
}

// Forbidden is what a refused caller is told: sign in when anonymous, no right otherwise.
func Forbidden(ctx context.Context) *Error {
	if Call(ctx).Actor.Kind == Anonymous {
		return &Error{Code: CodeUnauthenticated, Text: T("Sign in to do this.", "Войдите, чтобы выполнить это действие.")}
	}
	return &Error{Code: CodeForbidden, Text: T("You are not allowed to do this.", "У вас нет права на это действие.")}
}

// Errors are of single parents, by their place: the other values stand.
type Errors map[int]error

func (e Errors) Error() string { return fmt.Sprintf("%d of the values are errors", len(e)) }

// Problems are several failures of one input, so that a form is mended in one go.
type Problems []*Error

func (p Problems) Error() string { return fmt.Sprintf("%d problems in the input", len(p)) }

// Check notes a problem at path unless ok holds.
func (p *Problems) Check(ok bool, text Text, path ...string) {
	if !ok {
		*p = append(*p, Invalid(text, path...))
	}
}

// Add notes err when it is an Error, and hands every other one back.
func (p *Problems) Add(err error) error {
	var e *Error
	if errors.As(err, &e) {
		*p = append(*p, e)
		return nil
	}
	return err
}

// Err is nil when nothing was noted.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// UserError is the core's type of what a form shows beside its field; a plugin's payloads use it too.
type UserError struct {
	Code    string   `json:"code"`
	Message string   `json:"message"`
	Path    []string `json:"path"`
}

// UserErrors are what of err belongs into a mutation's userErrors, BAD_USER_INPUT and CONFLICT, in the
// caller's language. Every other error is handed back, to be returned as it is.
func UserErrors(ctx context.Context, err error) ([]UserError, error) {
	shown := []UserError{}
	for _, one := range userErrors(err) {
		if one.Code != CodeInvalid && one.Code != CodeConflict {
			return nil, err
		}
		shown = append(shown, UserError{Code: one.Code, Message: one.Text.In(Call(ctx).Language), Path: append([]string{}, one.Path...)})
	}
	if err != nil && len(shown) == 0 {
		return nil, err
	}
	return shown, nil
}

// userErrors are the Errors in err; none where it is a defect.
func userErrors(err error) []*Error {
	var e *Error
	var many Problems
	switch {
	case errors.As(err, &many):
		return many
	case errors.As(err, &e):
		return []*Error{e}
	}
	return nil
}

// wire is err as the contract has it: what a person can act on, or a defect for the log.
func wire(err error, language string) []*contract.Error {
	var all []*contract.Error
	for _, e := range userErrors(err) {
		all = append(all, &contract.Error{Code: e.Code, Message: e.Text.In(language), Path: e.Path})
	}
	if all == nil {
		all = []*contract.Error{{Code: "INTERNAL", Message: err.Error()}}
	}
	return all
}

// read is an error that the host gave; its words are in the caller's language already.
func read(e *contract.Error) error {
	if e == nil {
		return nil
	}
	known := []string{CodeInvalid, CodeNotFound, CodeConflict, CodeForbidden, CodeUnauthenticated}
	if !slices.Contains(known, e.Code) {
		return fmt.Errorf("veche: %s: %s", e.Code, e.Message)
	}
	return &Error{Code: e.Code, Text: Text{En: e.Message, Ru: e.Message}, Path: e.Path}
}

// Dead is an event that can never be handled: it is kept for an administrator and not brought again.
func Dead(err error) error { return &fate{err: err, dead: true} }

// RetryAfter asks for an event again, not before that time has passed.
func RetryAfter(after time.Duration, err error) error { return &fate{err: err, after: after} }

type fate struct {
	err   error
	dead  bool
	after time.Duration
}

func (f *fate) Error() string { return f.err.Error() }
func (f *fate) Unwrap() error { return f.err }
