package motions

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/ballot"
	"github.com/veche-city/veche/core/mutation"
)

// Numbers run without gaps though many are written at once and half of them fail after having taken one.
func TestResolutionsAreNumberedWithoutGaps(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3)
	var all []core.ID
	for range 12 {
		all = append(all, h.adopted())
	}
	var group sync.WaitGroup
	codes := make([]string, 3*len(all))
	for i := range codes {
		group.Go(func() {
			codes[i] = h.code(h.CreateResolution(h.secretary(), CreateResolutionInput{MotionID: all[i%len(all)], Title: fmt.Sprint(i), Text: "Решили.",
				SignerID: *h.personID(0), SignerPost: "Председатель", SignedOn: core.NewDate(2012, 9, 28)}))
		})
	}
	group.Wait()
	var numbers []int
	must(t, h.db.NewSelect().Model((*Resolution)(nil)).Column("number").Order("number").Scan(h.system(), &numbers))
	for i, n := range numbers {
		if n != i+1 {
			t.Fatalf("numbers: %v", numbers)
		}
	}
	slices.Sort(codes)
	if codes = slices.Compact(codes); len(numbers) != len(all) || !slices.Equal(codes, []string{"", "CONFLICT motionId"}) {
		t.Errorf("%d resolutions, and these answers: %v", len(numbers), codes)
	}
}

// Of many proxies given into one hand at once as many are taken as the charter allows.
func TestProxiesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 10)
	h.rules.ProxiesPerHolder = 3
	var group sync.WaitGroup
	codes := make([]string, 9)
	for i := range codes {
		group.Go(func() {
			codes[i] = h.code(h.GiveProxy(h.member(i+1), GiveProxyInput{MeetingID: id("Meeting", h.meeting), HolderID: *h.personID(0), Document: "№ 1"}))
		})
	}
	group.Wait()
	slices.Sort(codes)
	if want := []string{"", "", "", "CONFLICT holderId"}; !slices.Equal(codes[:4], want) || codes[8] != want[3] {
		t.Errorf("got %q", codes)
	}
}

// While ballots are cast the vote is closed: what was taken is counted, and nothing else.
func TestTheCloseWaitsForBallotsUnderWay(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 20)
	for _, manner := range []VoteManner{Named, Secret} {
		vote, keys := h.open(manner)
		var group sync.WaitGroup
		codes := make([]string, 20)
		for n := range codes {
			group.Go(func() {
				codes[n] = h.cast(n, vote, ballot.For)
			})
		}
		group.Go(func() { want(t, "closed", h.close(vote, keys), "") })
		group.Wait()
		taken := 0
		for _, code := range codes {
			if code == "" {
				taken++
			} else {
				want(t, "late", code, "CONFLICT voteId")
			}
		}
		if v := row[Vote](h, vote); *v.For != taken {
			t.Errorf("%s: %d were taken, %d are counted", manner, taken, *v.For)
		}
	}
}

// A merge may move a ballot to another record while a secret vote goes on; an erasure leaves who gave a
// proxy and not the words of the paper.
func TestPersonsMergedAndErased(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3)
	h.rules.ProxiesPerHolder = 1
	giver := h.join()
	h.done(h.GiveProxy(h.member(giver), GiveProxyInput{MeetingID: id("Meeting", h.meeting), HolderID: *h.personID(2), Document: "Доверенность № 1"}))
	vote, keys := h.open(Secret)
	want(t, "cast", h.cast(1, vote, ballot.For), "")
	// The voter turns out to have had two records, while the vote goes on: the ballot is counted still.
	fresh := h.join()
	must(t, h.exec(`UPDATE ballots SET voter_id = ? WHERE voter_id = ?`, h.persons[fresh], h.persons[1]))
	want(t, "closed", h.close(vote, keys), "")
	if v := row[Vote](h, vote); *v.For != 1 {
		t.Errorf("counted %d", *v.For)
	}
	must(t, h.erases(h.persons[giver]))
	if p := row[Proxy](h, h.proxies()[0]); p.Document != nil || p.GiverID != h.persons[giver] {
		t.Errorf("after the erasure: %+v", p)
	}
}

// erases does what an erasure does in this module.
func (h *house) erases(persons ...uuid.UUID) error {
	_, err := h.writer.Do(h.system(), "erase", nil, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		tx.Changed(core.Change{Kind: core.Erased, Type: "Person", ID: persons[0]})
		return persons[0], erase(ctx, tx, persons)
	})
	return err
}
