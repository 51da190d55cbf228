package main

import (
	"context"

	"github.com/google/uuid"

	"github.com/veche-city/veche/plugins/sdk"
)

type pageArgs struct {
	First  int
	After  *sdk.ID
	Stages []string
}

// check bounds a page.
func (a pageArgs) check(typ string) error { return checkPage(a.First, a.After, typ) }

func checkPage(first int, after *sdk.ID, typ string) error {
	if first < 1 || first > 100 {
		return sdk.Invalid(sdk.T("Give 1 to 100.", "Укажите от 1 до 100."), "first")
	}
	if after != nil {
		return after.Of(typ, "after")
	}
	return nil
}

type ofParent struct {
	child
	Project
}

// projectsOf are pages of the projects of many districts, or councils, by one statement.
func projectsOf(column string) func(ctx context.Context, parents []sdk.Ref, a pageArgs) ([]*Page, error) {
	return func(ctx context.Context, parents []sdk.Ref, a pageArgs) ([]*Page, error) {
		if err := a.check(typeProject); err != nil {
			return nil, err
		}
		of := keys(parents, func(r sdk.Ref) sdk.ID { return r.ID })
		rows, err := sdk.Select[ofParent](ctx, `SELECT d.id AS of, p.* FROM unnest($1::uuid[]) AS d (id), LATERAL (
			SELECT * FROM projects WHERE `+column+` = d.id AND ($2::uuid IS NULL OR id < $2) AND ($3::text[] IS NULL OR stage = ANY ($3))
			ORDER BY id DESC LIMIT $4) p ORDER BY p.id DESC`, of, a.After, a.Stages, a.First+1)
		if err != nil {
			return nil, err
		}
		pages := make([]*Page, len(parents))
		for i, list := range below(of, rows) {
			nodes := make([]Project, len(list))
			for j, one := range list {
				nodes[j] = one.Project
			}
			pages[i] = pageOf(nodes, a.First)
		}
		return pages, nil
	}
}

func pageOf(nodes []Project, first int) *Page {
	page := &Page{Nodes: nodes, HasNextPage: len(nodes) > first}
	page.Nodes = page.Nodes[:min(first, len(nodes))]
	if n := len(page.Nodes); n > 0 {
		page.EndCursor = &page.Nodes[n-1].ID
	}
	return page
}

func projects(ctx context.Context, a pageArgs) (*Page, error) {
	if err := a.check(typeProject); err != nil {
		return nil, err
	}
	nodes, err := sdk.Select[Project](ctx, `SELECT * FROM projects WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text[] IS NULL OR stage = ANY ($2)) ORDER BY id DESC LIMIT $3`, a.After, a.Stages, a.First+1)
	if err != nil {
		return nil, err
	}
	return pageOf(nodes, a.First), nil
}

type byID struct{ ID sdk.ID }

func project(ctx context.Context, a byID) (*Project, error) {
	if err := a.ID.Of(typeProject, "id"); err != nil {
		return nil, err
	}
	return sdk.SelectOne[Project](ctx, `SELECT * FROM projects WHERE id = $1`, a.ID)
}

func round(ctx context.Context, a byID) (*Round, error) {
	if err := a.ID.Of(typeRound, "id"); err != nil {
		return nil, err
	}
	return sdk.SelectOne[Round](ctx, `SELECT * FROM rounds WHERE id = $1`, a.ID)
}

func rounds(ctx context.Context, a struct {
	First int
	After *sdk.ID
}) ([]Round, error) {
	if err := checkPage(a.First, a.After, typeRound); err != nil {
		return nil, err
	}
	return sdk.Select[Round](ctx, `SELECT * FROM rounds WHERE ($1::uuid IS NULL OR id < $1) ORDER BY id DESC LIMIT $2`, a.After, a.First)
}

func defence(ctx context.Context, a byID) (*Defence, error) {
	if err := a.ID.Of(typeDefence, "id"); err != nil {
		return nil, err
	}
	return sdk.SelectOne[Defence](ctx, `SELECT * FROM defences WHERE id = $1`, a.ID)
}

// lists reads the rows below many parents by one statement, whose $1 are the parents' keys and whose
// column of says below which a row is.
func lists[R interface{ parent() uuid.UUID }](ctx context.Context, of []uuid.UUID, sql string, args ...any) ([][]R, error) {
	rows, err := sdk.Select[R](ctx, sql, append([]any{of}, args...)...)
	return below(of, rows), err
}

func history(ctx context.Context, parents []Project, _ struct{}) ([][]Step, error) {
	return lists[Step](ctx, keys(parents, projectID), `SELECT d.id AS of, s.* FROM unnest($1::uuid[]) AS d (id),
		LATERAL (SELECT * FROM steps WHERE project_id = d.id ORDER BY taken_at, id LIMIT 100) s ORDER BY s.taken_at, s.id`)
}

func statements(ctx context.Context, parents []Project, a struct {
	First int
	After *sdk.ID
}) ([][]Statement, error) {
	if err := checkPage(a.First, a.After, "TerritorialOrderStatement"); err != nil {
		return nil, err
	}
	return lists[Statement](ctx, keys(parents, projectID), `SELECT d.id AS of, s.* FROM unnest($1::uuid[]) AS d (id),
		LATERAL (SELECT * FROM statements WHERE project_id = d.id AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3) s ORDER BY s.id`, a.After, a.First)
}

func decisions(ctx context.Context, parents []Project, _ struct{}) ([][]Decision, error) {
	return lists[Decision](ctx, keys(parents, projectID), `SELECT project_id AS of, * FROM decisions WHERE project_id = ANY ($1) ORDER BY id DESC`)
}

func milestones(ctx context.Context, parents []Project, _ struct{}) ([][]Milestone, error) {
	return lists[Milestone](ctx, keys(parents, projectID), `SELECT project_id AS of, * FROM milestones WHERE project_id = ANY ($1) ORDER BY position`)
}

func rankingsOfProjects(ctx context.Context, parents []Project, _ struct{}) ([][]Ranking, error) {
	return lists[Ranking](ctx, keys(parents, projectID), `SELECT project_id AS of, * FROM entries WHERE project_id = ANY ($1) ORDER BY round_id DESC`)
}

func roundID(r Round) sdk.ID { return r.ID }

func rankingsOfRounds(ctx context.Context, parents []Round, _ struct{}) ([][]Ranking, error) {
	return lists[Ranking](ctx, keys(parents, roundID), `SELECT round_id AS of, * FROM entries WHERE round_id = ANY ($1) ORDER BY place NULLS LAST, project_id`)
}

type chamberCount struct {
	child
	Chamber string
	Votes   int
}

func turnout(ctx context.Context, parents []Round, _ struct{}) ([][]Turnout, error) {
	counted, err := lists[chamberCount](ctx, keys(parents, roundID), `SELECT round_id AS of, chamber, count(*) AS votes FROM votes WHERE round_id = ANY ($1) GROUP BY 1, 2`)
	if err != nil {
		return nil, err
	}
	all := make([][]Turnout, len(parents))
	for i, r := range parents {
		for _, chamber := range []string{residents, council, administration} {
			one := Turnout{Chamber: chamber, Weight: r.weights()[chamber]}
			for _, c := range counted[i] {
				if c.Chamber == chamber {
					one.Votes = c.Votes
				}
			}
			all[i] = append(all[i], one)
		}
	}
	return all, nil
}

// found puts rows in the order of the keys that were asked for; null where there is none.
func found[R any](wanted []uuid.UUID, rows []R, key func(R) uuid.UUID) []*R {
	by := map[uuid.UUID]*R{}
	for i := range rows {
		by[key(rows[i])] = &rows[i]
	}
	all := make([]*R, len(wanted))
	for i, one := range wanted {
		all[i] = by[one]
	}
	return all
}

// theProject and theRound are the objects that many values name.
func theProject[P any](of func(P) sdk.ID) func(ctx context.Context, parents []P, _ struct{}) ([]*Project, error) {
	return func(ctx context.Context, parents []P, _ struct{}) ([]*Project, error) {
		wanted := keys(parents, of)
		rows, err := sdk.Select[Project](ctx, `SELECT * FROM projects WHERE id = ANY ($1)`, wanted)
		return found(wanted, rows, func(p Project) uuid.UUID { return p.ID.Key }), err
	}
}

func theRound[P any](of func(P) sdk.ID) func(ctx context.Context, parents []P, _ struct{}) ([]*Round, error) {
	return func(ctx context.Context, parents []P, _ struct{}) ([]*Round, error) {
		wanted := keys(parents, of)
		rows, err := sdk.Select[Round](ctx, `SELECT * FROM rounds WHERE id = ANY ($1)`, wanted)
		return found(wanted, rows, func(r Round) uuid.UUID { return r.ID.Key }), err
	}
}

func theDefence(ctx context.Context, parents []Decision, _ struct{}) ([]*Defence, error) {
	wanted := keys(parents, func(d Decision) sdk.ID { return d.DefenceID })
	rows, err := sdk.Select[Defence](ctx, `SELECT * FROM defences WHERE id = ANY ($1)`, wanted)
	return found(wanted, rows, func(d Defence) uuid.UUID { return d.ID.Key }), err
}

func defencesOfRounds(ctx context.Context, parents []Round, _ struct{}) ([]*Defence, error) {
	wanted := keys(parents, roundID)
	rows, err := sdk.Select[Defence](ctx, `SELECT * FROM defences WHERE round_id = ANY ($1)`, wanted)
	return found(wanted, rows, func(d Defence) uuid.UUID { return d.RoundID.Key }), err
}

func defenceID(d Defence) sdk.ID { return d.ID }

func defended(ctx context.Context, parents []Defence, _ struct{}) ([][]Project, error) {
	rows, err := lists[ofParent](ctx, keys(parents, defenceID), `SELECT d.defence_id AS of, p.* FROM defence_projects d JOIN projects p ON p.id = d.project_id WHERE d.defence_id = ANY ($1) ORDER BY d.position`)
	all := make([][]Project, len(parents))
	for i := range rows {
		for _, one := range rows[i] {
			all[i] = append(all[i], one.Project)
		}
	}
	return all, err
}

type panelRow struct {
	child
	Person sdk.Ref `sql:"person_id,type=Person"`
}

func panel(ctx context.Context, parents []Defence, _ struct{}) ([][]sdk.Ref, error) {
	rows, err := lists[panelRow](ctx, keys(parents, defenceID), `SELECT defence_id AS of, person_id FROM panel WHERE defence_id = ANY ($1) ORDER BY person_id`)
	all := make([][]sdk.Ref, len(parents))
	for i := range rows {
		for _, one := range rows[i] {
			all[i] = append(all[i], one.Person)
		}
	}
	return all, err
}

func questions(ctx context.Context, parents []Defence, _ struct{}) ([][]Question, error) {
	return lists[Question](ctx, keys(parents, defenceID), `SELECT d.id AS of, q.* FROM unnest($1::uuid[]) AS d (id),
		LATERAL (SELECT * FROM questions WHERE defence_id = d.id ORDER BY id LIMIT 500) q ORDER BY q.id`)
}

func scores(ctx context.Context, parents []Defence, _ struct{}) ([][]Score, error) {
	return lists[Score](ctx, keys(parents, defenceID), `SELECT s.defence_id AS of, s.project_id, s.criterion, sum(s.points)::int AS sum, count(*)::int AS sheets
		FROM scores s JOIN defence_projects p USING (defence_id, project_id) WHERE s.defence_id = ANY ($1) GROUP BY 1, 2, 3, p.position ORDER BY p.position, s.criterion`)
}

// changes are a project's events, or all projects', as they are committed.
func changes(ctx context.Context, a struct{ ID *sdk.ID }, emit func(Change) error) error {
	if a.ID != nil {
		if err := a.ID.Of(typeProject, "id"); err != nil {
			return err
		}
	}
	return sdk.Watch(ctx, func(e sdk.Event) error {
		if e.Object.Type != typeProject || a.ID != nil && e.Object != *a.ID {
			return nil
		}
		p, err := project(ctx, byID{e.Object})
		if err != nil {
			return err
		}
		return emit(Change{EventID: e.ID, At: e.At, Project: p})
	}, sentProposed, sentChanged, sentRanked, sentAccepted, sentReturned, sentMilestone)
}
