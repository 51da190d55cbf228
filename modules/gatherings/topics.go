package gatherings

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/cases"
)

// RecordTopics writes down what was raised, and opens a case for each: all or none. The number of statements
// does not grow with the topics.
func (s *Service) RecordTopics(ctx context.Context, in RecordTopicsInput) (*core.Payload, error) {
	return s.writer.Do(ctx, "recordTopics", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.cases.Hold(ctx, tx); err != nil { // before rows of our own
			return uuid.Nil, err
		}
		g, err := s.lock(ctx, tx, in.GatheringID, mayRecord, "gatheringId")
		if err != nil {
			return uuid.Nil, err
		}
		if err := g.must(core.T("Topics are written down of one that was held, before it is published.", "Вопросы записывают после того, как сход состоялся, и до публикации."), Held); err != nil {
			return uuid.Nil, err
		}
		if err := in.validate(g); err != nil {
			return uuid.Nil, err
		}
		topics, openings, err := s.raised(ctx, tx, g, &in)
		if err != nil {
			return uuid.Nil, err
		}
		return g.ID, s.open(ctx, tx, g, topics, openings)
	})
}

func (in *RecordTopicsInput) validate(g *Gathering) error {
	if len(in.Topics) < 1 || len(in.Topics) > mostTopics {
		return core.Invalid(core.Textf("From 1 to %d topics.", "От 1 до %d вопросов.", mostTopics), "input", "topics")
	}
	var p core.Problems
	for i := range in.Topics {
		in.Topics[i].check(&p, i, g.HeldOn)
	}
	return p.Err()
}

// open opens the cases and writes the topics.
func (s *Service) open(ctx context.Context, tx *mutation.Tx, g *Gathering, topics []GatheringTopic, openings []cases.Opening) error {
	opened, err := s.cases.OpenAll(ctx, tx, openings)
	if err != nil {
		return err
	}
	for i := range topics {
		topics[i].CaseID = opened[i]
	}
	if err := insertAll(ctx, tx, topics); err != nil {
		return err
	}
	before := g.facts()
	g.LastTopic += len(topics)
	if err := save(ctx, tx, g, g.Version, []string{"last_topic"}); err != nil {
		return err
	}
	tx.Changed(core.Change{Kind: core.Updated, Type: "Gathering", ID: g.ID, Before: before, After: g.facts()})
	return nil
}

// raised makes topics and openings of the inputs.
func (s *Service) raised(ctx context.Context, tx *mutation.Tx, g *Gathering, in *RecordTopicsInput) ([]GatheringTopic, []cases.Opening, error) {
	found, err := s.findNamed(ctx, tx, g, in)
	if err != nil {
		return nil, nil, err
	}
	source := g.id()
	topics, openings := make([]GatheringTopic, len(in.Topics)), make([]cases.Opening, len(in.Topics))
	for i := range in.Topics {
		t, text := &in.Topics[i], strings.TrimSpace(in.Topics[i].Text)
		topics[i] = GatheringTopic{
			ID: core.NewID(), GatheringID: g.ID, Number: g.LastTopic + i + 1, Kind: t.Kind, Text: text, Place: core.Trimmed(t.Place),
			AddressID: keyOf(t.AddressID), PeopleCount: t.PeopleCount, PromisedByID: keyOf(t.PromisedByID), PromisedUntil: t.PromisedUntil,
		}
		openings[i] = cases.Opening{
			Origin: cases.OriginGathering, Source: &source, Title: title(text), Text: text, ApplicantID: keyOf(t.ApplicantID), DistrictID: found.district(t),
			OwnerOrganisationID: keyOf(t.OwnerOrganisationID), ReceivedOn: g.HeldOn, RegisteredOn: in.RegisteredOn, DueOn: t.PromisedUntil,
			Channel: cases.ChannelMeeting, Path: []string{"input", "topics", strconv.Itoa(i)},
		}
	}
	return topics, openings, nil
}

// keyOf is the key of an id whose type was checked; nil for none.
func keyOf(id *core.ID) *uuid.UUID {
	if id == nil {
		return nil
	}
	return &id.Key
}
