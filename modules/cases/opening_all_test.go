package cases

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// Cases that are opened together are what they would be one by one: rows, steps, clocks, signatories, events.
func TestOpenAllIsOpenForEach(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	department, resident, official := h.organisation(people.MunicipalDepartment, nil), h.person("Житель"), h.person("Чиновник")
	h.head(official, department)
	openings := func() []Opening {
		return []Opening{
			{Title: "Яма"},
			{Title: "Фонарь", Text: "Не горит", OwnerOrganisationID: &department, ApplicantID: &resident},
			{Title: "Двор", OwnerPersonID: &official, DueOn: ptr(day(2012, 12, 8)), ReceivedOn: day(2012, 11, 1), RegisteredOn: ptr(day(2012, 11, 2))},
			{Kind: "task", Title: "Мусор", Public: true, Source: &core.ID{Type: "Gathering", Key: department}, OwnerOrganisationID: &department},
			{Title: "Прошлый год", ReceivedOn: day(2011, 12, 30), RegisteredOn: ptr(day(2011, 12, 31)), ApplicantID: &resident},
		}
	}
	var single []uuid.UUID
	for _, o := range openings() {
		o.Origin, o.Channel = OriginGathering, ChannelMeeting
		h.done(h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
			key, err := h.Open(ctx, tx, o)
			single = append(single, key)
			return key, err
		}))
	}
	var together []uuid.UUID
	h.done(h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		all := openings()
		for i := range all {
			all[i].Origin, all[i].Channel = OriginGathering, ChannelMeeting
		}
		var err error
		together, err = h.OpenAll(ctx, tx, all)
		return together[0], err
	}))
	for i := range single {
		if diff := cmp.Diff(h.story(single[i]), h.story(together[i])); diff != "" {
			t.Errorf("%d: %s", i, diff)
		}
	}
	var serials []string
	for _, key := range together {
		serials = append(serials, h.reread(core.ID{Type: "Case", Key: key}).Number)
	}
	if diff := cmp.Diff([]string{"2012-5", "2012-6", "2012-7", "2012-8", "2011-2"}, serials); diff != "" {
		t.Error(diff)
	}
}

// story is all that is written of a case, but for its keys, number and code.
func (h *house) story(of uuid.UUID) (lines []string) {
	h.t.Helper()
	must(h.t, h.db.NewRaw(`SELECT line FROM (
		SELECT 1 AS part, (to_jsonb(c) - '{id,serial,number,code}'::text[])::text AS line FROM cases AS c WHERE id = ?0
		UNION ALL SELECT 2, (to_jsonb(s) - '{id,case_id}'::text[])::text FROM case_steps AS s WHERE case_id = ?0
		UNION ALL SELECT 3, (to_jsonb(k) - '{id,case_id}'::text[])::text FROM case_clocks AS k WHERE case_id = ?0
		UNION ALL SELECT 4, (to_jsonb(p) - '{id,case_id}'::text[])::text FROM case_signatories AS p WHERE case_id = ?0
		UNION ALL SELECT 5, (after - 'number')::text FROM audit WHERE object_id = ?0
		UNION ALL SELECT 6, coalesce(touched::text, '') FROM outbox WHERE object_id = ?0) AS story ORDER BY part, line`, of).Scan(h.ctx(), &lines))
	return lines
}

// One that cannot be refuses all, at its place in the input, and leaves nothing; what is wrong with several is told together.
func TestOpenAllRefuses(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p, err := h.writer.Do(h.ctx(), "test", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		all := make([]Opening, 4)
		for i := range all {
			all[i] = Opening{Title: fmt.Sprint(i), Origin: OriginGathering, Channel: ChannelMeeting, Path: []string{"input", "topics", fmt.Sprint(i)}}
		}
		all[1].Title, all[3].ReceivedOn = "", day(2012, 12, 4)
		_, err := h.OpenAll(ctx, tx, all)
		return uuid.Nil, err
	})
	must(t, err)
	var paths []string
	for _, e := range p.UserErrors {
		paths = append(paths, fmt.Sprint(e.Path))
	}
	if diff := cmp.Diff([]string{"[input topics 1 title]", "[input topics 1 text]", "[input topics 3 receivedOn]", "[input topics 3 registeredOn]"}, paths); diff != "" {
		t.Error(diff)
	}
	var left int
	must(t, h.db.NewRaw("SELECT (SELECT count(*) FROM cases) + (SELECT count(*) FROM case_numbers)").Scan(h.ctx(), &left))
	if left != 0 {
		t.Errorf("%d rows are left", left)
	}
}
