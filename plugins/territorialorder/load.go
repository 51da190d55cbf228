package main

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

// person is the caller's; whoever puts forward, speaks, votes or signs does so by name.
func person(ctx context.Context) (sdk.ID, error) {
	if id := sdk.Call(ctx).Actor.Person; id != nil {
		return *id, nil
	}
	if sdk.Call(ctx).Actor.Kind == sdk.Anonymous {
		return sdk.ID{}, sdk.Forbidden(ctx)
	}
	return sdk.ID{}, sdk.Invalid(sdk.T("Your account is linked to no person. Ask the administrator to link it.", "Ваша учётная запись не связана с человеком. Попросите администратора связать её."))
}

// loadProject is a project that is to be changed: NOT_FOUND where there is none, CONFLICT where it is
// not the version that was read.
func loadProject(ctx context.Context, id sdk.ID, version int) (*Project, error) {
	p, err := findProject(ctx, id)
	if err == nil && p.Version != version {
		return nil, sdk.Stale("input", "expectedVersion")
	}
	return p, err
}

func findProject(ctx context.Context, id sdk.ID) (*Project, error) {
	if err := id.Of(typeProject, "input", "projectId"); err != nil {
		return nil, err
	}
	p, err := sdk.SelectOne[Project](ctx, `SELECT * FROM projects WHERE id = $1`, id)
	if err == nil && p == nil {
		return nil, sdk.NotFound("input", "projectId")
	}
	return p, err
}

func findRound(ctx context.Context, id sdk.ID) (*Round, error) {
	if err := id.Of(typeRound, "input", "roundId"); err != nil {
		return nil, err
	}
	r, err := sdk.SelectOne[Round](ctx, `SELECT * FROM rounds WHERE id = $1`, id)
	if err == nil && r == nil {
		return nil, sdk.NotFound("input", "roundId")
	}
	return r, err
}

func findDefence(ctx context.Context, id sdk.ID) (*Defence, error) {
	if err := id.Of(typeDefence, "input", "defenceId"); err != nil {
		return nil, err
	}
	d, err := sdk.SelectOne[Defence](ctx, `SELECT * FROM defences WHERE id = $1`, id)
	if err == nil && d == nil {
		return nil, sdk.NotFound("input", "defenceId")
	}
	return d, err
}

// may asks for a right in the scope in which a district stands; without one, which is the whole town,
// for the right itself. @can has asked whether the caller holds it anywhere.
func may(ctx context.Context, permission string, district *sdk.Ref) error {
	if district == nil {
		return sdk.Require(ctx, permission)
	}
	return sdk.Require(ctx, permission, district.ID)
}

// ownProject is loadProject for its author alone.
func ownProject(ctx context.Context, id sdk.ID, version int) (*Project, error) {
	me, err := person(ctx)
	if err != nil {
		return nil, err
	}
	p, err := loadProject(ctx, id, version)
	if err == nil && p.Author.ID != me {
		return nil, sdk.Forbidden(ctx)
	}
	return p, err
}

// checkText notes what is wrong with a text of an input: too short, too long, signs that no text has.
func checkText(problems *sdk.Problems, text string, limit int, field string) {
	length := utf8.RuneCountInString(text)
	problems.Check(strings.TrimSpace(text) != "" && length <= limit,
		sdk.Textf("Give 1 to %d characters.", "Введите от 1 до %d знаков.", limit), "input", field)
	odd := strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' })
	problems.Check(!odd, sdk.T("Take out control characters.", "Уберите управляющие символы."), "input", field)
}

// keys are the keys of things with ids, for = ANY($1).
func keys[V any](all []V, of func(V) sdk.ID) []uuid.UUID {
	to := make([]uuid.UUID, len(all))
	for i, one := range all {
		to[i] = of(one).Key
	}
	return to
}

// below groups rows by the parents that they hang on, in the parents' order.
func below[R interface{ parent() uuid.UUID }](parents []uuid.UUID, rows []R) [][]R {
	of := map[uuid.UUID][]R{}
	for _, row := range rows {
		of[row.parent()] = append(of[row.parent()], row)
	}
	all := make([][]R, len(parents))
	for i, key := range parents {
		all[i] = of[key]
	}
	return all
}

// answerProject, answerRound and answerDefence are a mutation's payload: the object as it is now, or
// what stood against it.
func answerProject(ctx context.Context, id sdk.ID, err error) (*ProjectPayload, error) {
	shown, err := sdk.UserErrors(ctx, err)
	if err != nil || len(shown) > 0 {
		return &ProjectPayload{UserErrors: shown}, err
	}
	p, err := findProject(ctx, id)
	return &ProjectPayload{Project: p}, err
}

func answerRound(ctx context.Context, id sdk.ID, err error) (*RoundPayload, error) {
	shown, err := sdk.UserErrors(ctx, err)
	if err != nil || len(shown) > 0 {
		return &RoundPayload{UserErrors: shown}, err
	}
	r, err := findRound(ctx, id)
	return &RoundPayload{Round: r}, err
}

func answerDefence(ctx context.Context, id sdk.ID, err error) (*DefencePayload, error) {
	shown, err := sdk.UserErrors(ctx, err)
	if err != nil || len(shown) > 0 {
		return &DefencePayload{UserErrors: shown}, err
	}
	d, err := findDefence(ctx, id)
	return &DefencePayload{Defence: d}, err
}
