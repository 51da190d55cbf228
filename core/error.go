package core

import (
	"context"
	"errors"
	"fmt"
)

// Code is what a program may branch on. The list is closed: clients write code against it.
type Code string

const (
	CodeUnauthenticated Code = "UNAUTHENTICATED" // sign in first
	CodeForbidden       Code = "FORBIDDEN"       // signed in, but not allowed to
	CodeBadUserInput    Code = "BAD_USER_INPUT"  // a field is wrong; Path names it
	CodeNotFound        Code = "NOT_FOUND"       // no such thing, or not to be seen by this viewer
	CodeConflict        Code = "CONFLICT"        // true a moment ago, not now: reload and try again
	CodeRateLimited     Code = "RATE_LIMITED"    // too many attempts; the message says when to come back
	CodeUnavailable     Code = "UNAVAILABLE"     // a part that is needed is starting or stopping; try again
	CodeTimeout         Code = "TIMEOUT"         // the operation took longer than it may
	CodeInternal        Code = "INTERNAL"        // our mistake; the text never says more

	// Of fields that plugins answer, and of actions before which plugins are asked.
	CodePluginError          Code = "PLUGIN_ERROR"           // the plugin failed; its own words are in the log
	CodePluginUnavailable    Code = "PLUGIN_UNAVAILABLE"     // it is starting, stopped, or failing too often; try again later
	CodePluginTimeout        Code = "PLUGIN_TIMEOUT"         // it did not answer in time
	CodePluginBadResponse    Code = "PLUGIN_BAD_RESPONSE"    // it answered what the schema does not allow, or too much
	CodePluginOutcomeUnknown Code = "PLUGIN_OUTCOME_UNKNOWN" // a change was cut short: look whether it was made before trying again
	CodeHookUnavailable      Code = "HOOK_UNAVAILABLE"       // a plugin that must be asked before the action does not answer; nothing was changed
)

// Error is a failure that its reader can act on. Everything else is internal: logged where it is
// noticed and shown only as CodeInternal, so that no statement, path or stack leaves the house.
type Error struct {
	Code Code
	Text Text     // in both languages, naming the way out
	Path []string // the input's field, e.g. input, birthDate; empty where no field is at fault
	Err  error    // the cause, for logs and errors.Is; never shown
}

func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Text.En, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Text.En)
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrNotFound) and its like compare codes.
func (e *Error) Is(target error) bool {
	var t *Error
	return errors.As(target, &t) && t.Code == e.Code
}

// The codes as values for errors.Is, and as answers where no better words are known.
var (
	ErrNotFound        = &Error{Code: CodeNotFound, Text: T("There is no such object, or you may not see it.", "Такого объекта нет, либо он вам недоступен.")}
	ErrForbidden       = &Error{Code: CodeForbidden, Text: T("You are not allowed to do this.", "У вас нет права на это действие.")}
	ErrUnauthenticated = &Error{Code: CodeUnauthenticated, Text: T("Sign in to do this.", "Войдите, чтобы выполнить это действие.")}
	ErrConflict        = &Error{Code: CodeConflict, Text: T("This was changed in the meantime. Reload it and try again.", "Данные успели измениться. Обновите их и попробуйте ещё раз.")}
)

// Invalid is a BAD_USER_INPUT at the field that path names; it takes the path's parts in order.
func Invalid(text Text, path ...string) *Error {
	return &Error{Code: CodeBadUserInput, Text: text, Path: path}
}

// Conflict is a CONFLICT at the field that path names, or at none.
func Conflict(text Text, path ...string) *Error {
	return &Error{Code: CodeConflict, Text: text, Path: path}
}

// Forbidden is what a refused viewer is told: sign in when anonymous, no right otherwise.
func Forbidden(ctx context.Context) *Error {
	if ActorOf(ctx).Kind == Anonymous {
		return ErrUnauthenticated
	}
	return ErrForbidden
}

// CodeOf is the code that the outside sees for err.
func CodeOf(err error) Code {
	var e *Error
	var problems Problems
	switch {
	case errors.As(err, &e):
		return e.Code
	case errors.As(err, &problems):
		return CodeBadUserInput
	}
	return CodeInternal
}

// Problems are several failures of one input, shown together so that a form is mended in one go.
type Problems []*Error

func (p Problems) Error() string {
	if len(p) == 0 {
		return "no problems"
	}
	return fmt.Sprintf("%s (%d problems in all)", p[0].Error(), len(p))
}

// Check notes a problem at path unless ok holds.
func (p *Problems) Check(ok bool, text Text, path ...string) {
	if !ok {
		*p = append(*p, Invalid(text, path...))
	}
}

// Add notes err when it is a user's error, or several, and hands every other error back.
func (p *Problems) Add(err error) error {
	var e *Error
	var more Problems
	switch {
	case errors.As(err, &e) && e.Code == CodeBadUserInput:
		*p = append(*p, e)
	case errors.As(err, &more):
		*p = append(*p, more...)
	default:
		return err
	}
	return nil
}

// Err is nil when nothing was noted.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}
