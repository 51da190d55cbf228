package gatherings

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/modules/people"
)

// named are the keys of a list of inputs, with what they lead to.
type named struct {
	persons       map[uuid.UUID]*people.Person
	posts         map[uuid.UUID]*people.Post
	organisations map[uuid.UUID]*people.Organisation
}

// officials makes the rows of those who were there, each as what they were on that day. What the inputs
// name is found in one statement a type.
func (s *Service) officials(ctx context.Context, tx *mutation.Tx, g *Gathering, in []GatheringOfficialInput) ([]GatheringOfficial, error) {
	found, err := s.find(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	rows := make([]GatheringOfficial, len(in))
	var p core.Problems
	there := map[uuid.UUID]bool{}
	for i := range in {
		rows[i] = GatheringOfficial{ID: core.NewID(), GatheringID: g.ID, PersonID: in[i].PersonID.Key}
		if err := p.Add(found.standing(&rows[i], &in[i], i, g.HeldOn)); err != nil {
			return nil, err
		}
		p.Check(!there[rows[i].PersonID], core.T("This person is named twice.", "Этот человек указан дважды."), at("officials", i, "personId")...)
		there[rows[i].PersonID] = true
	}
	return rows, p.Err()
}

func (s *Service) find(ctx context.Context, tx *mutation.Tx, in []GatheringOfficialInput) (*named, error) {
	var persons, posts, organisations []uuid.UUID
	for i := range in {
		for _, of := range []struct {
			id    *core.ID
			typ   string
			field string
			into  *[]uuid.UUID
		}{{&in[i].PersonID, "Person", "personId", &persons}, {in[i].PostID, "Post", "postId", &posts}, {in[i].OrganisationID, "Organisation", "organisationId", &organisations}} {
			key, err := core.KeyOf(of.id, of.typ, at("officials", i, of.field)...)
			if err != nil {
				return nil, err
			}
			if key != nil {
				*of.into = append(*of.into, *key)
			}
		}
	}
	var err error
	found := &named{}
	if found.persons, err = visible(ctx, s.reads, tx, "person", persons, func(p *people.Person) uuid.UUID { return p.ID }); err != nil {
		return nil, err
	}
	if found.posts, err = visible(ctx, s.reads, tx, "post", posts, func(p *people.Post) uuid.UUID { return p.ID }); err != nil {
		return nil, err
	}
	found.organisations, err = visible(ctx, s.reads, tx, "organisation", organisations, func(o *people.Organisation) uuid.UUID { return o.ID })
	return found, err
}

// standing puts into the row as what the official stood there: a post of that day, or an organisation's.
func (f *named) standing(row *GatheringOfficial, in *GatheringOfficialInput, i int, on core.Date) error {
	person := f.persons[row.PersonID]
	if person == nil {
		return notFound(at("officials", i, "personId")...)
	}
	var p core.Problems
	p.Check(person.MergedIntoID == nil && person.ErasedAt == nil, core.T("This person was merged into another, or erased.", "Эта запись объединена с другой или удалена."), at("officials", i, "personId")...)
	if in.PostID != nil {
		post := f.posts[in.PostID.Key]
		if post == nil {
			return notFound(at("officials", i, "postId")...)
		}
		p.Check(post.PersonID == row.PersonID && !on.Before(post.StartsOn) && (post.EndsOn == nil || !post.EndsOn.Before(on)),
			core.Textf("This is not a post that the person held on %s.", "Эту должность этот человек %s не занимал.", on), at("officials", i, "postId")...)
		p.Check(in.OrganisationID == nil && in.Title == nil, core.T("The post says organisation and title: leave them out.", "Организация и должность следуют из postId: не указывайте их."), at("officials", i, "postId")...)
		row.OrganisationID, row.Title = post.OrganisationID, post.Title
		return p.Err()
	}
	if in.OrganisationID == nil {
		return core.Invalid(core.T("Name a post, or an organisation and a title.", "Укажите должность (postId) или организацию и название должности."), at("officials", i, "organisationId")...)
	}
	o := f.organisations[in.OrganisationID.Key]
	if o == nil {
		return notFound(at("officials", i, "organisationId")...)
	}
	p.Check(o.MergedIntoID == nil && (o.FoundedOn == nil || !on.Before(*o.FoundedOn)) && (o.DissolvedOn == nil || !o.DissolvedOn.Before(on)),
		core.Textf("The organisation did not stand on %s, or was merged into another.", "Организация на %s не существовала или объединена с другой.", on), at("officials", i, "organisationId")...)
	title := strings.TrimSpace(orEmpty(in.Title))
	n := utf8.RuneCountInString(title)
	p.Check(n >= 1 && n <= 300, core.T("From 1 to 300 characters.", "От 1 до 300 знаков."), at("officials", i, "title")...)
	row.OrganisationID, row.Title = o.ID, title
	return p.Err()
}
