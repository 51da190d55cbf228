package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/people"
)

// post is the post of the n-th member of a body.
func post(n int) councils.MembershipPost {
	switch n {
	case 0:
		return councils.Chair
	case 1:
		return councils.DeputyChair
	case 2:
		return councils.Secretary
	}
	return councils.Member
}

// chamber is the local public chamber, part of the region's Civic Assembly, since 2010.
func (l *loader) chamber(ctx context.Context) error {
	b := l.body("public-chamber")
	region, err := l.organisation(ctx, regionalBody, people.RegionalBody, b.PartOf.Ru)
	if err != nil {
		return err
	}
	founded := on(2010, 1, 1)
	id, err := l.council(ctx, "demo/council/public-chamber", councils.CreateCouncilInput{
		Kind: councils.PublicChamber, Name: b.Name.Ru, FoundingAct: "В источнике не указан", FoundedOn: founded, ActiveFrom: &founded, ParentOrganisationID: &region,
	})
	if err != nil {
		return err
	}
	const members = 9 // the source gives no number
	for n := range members {
		if err := l.newMember(ctx, id, n, councils.ByPublicAssociation, founded); err != nil {
			return err
		}
	}
	return nil
}

// mayorsCouncil is the public council under the head: its members come on every ground that the
// source names, in turn.
func (l *loader) mayorsCouncil(ctx context.Context) error {
	b := l.body("mayors-council")
	founded := on(2012, 5, 10)
	seats := b.Members
	id, err := l.council(ctx, "demo/council/mayors-council", councils.CreateCouncilInput{
		Kind: councils.PublicCouncil, Name: b.Name.Ru, Purpose: "Обратная связь между органами местного самоуправления и общественностью.",
		FoundingAct: "Распоряжение главы города, май 2012 года", FoundedOn: founded, ActiveFrom: &founded, SeatLimit: &seats,
	})
	if err != nil {
		return err
	}
	for n := range b.Members {
		basis := councils.MembershipBasis(strings.ToUpper(b.Grounds[n%len(b.Grounds)]))
		if err := l.newMember(ctx, id, n, basis, founded); err != nil {
			return err
		}
	}
	return nil
}

// communityCouncils were formed in 13 of the 15 districts from May 2012 on.
func (l *loader) communityCouncils(ctx context.Context) error {
	for n := 1; n <= l.city.Districts.WithCouncil; n++ {
		district, _, err := l.places.Known(ctx, "District", districtKey(n))
		if err != nil {
			return err
		}
		founded := on(2012, 5, 10+n)
		id, err := l.council(ctx, fmt.Sprintf("demo/council/community-%02d", n), councils.CreateCouncilInput{
			Kind: councils.CommunityCouncil, Name: fmt.Sprintf("Общественный совет микрорайона № %d", n), FoundingAct: "Собрание жителей микрорайона, 2012 год",
			Purpose: "Короткий путь жителей к власти: местные вопросы, план развития, дворы, жильё и коммунальные услуги, народный контроль.", FoundedOn: founded, ActiveFrom: &founded, DistrictID: &district,
		})
		if err != nil {
			return err
		}
		const members = 7 // the source gives no number
		for m := range members {
			if err := l.newMember(ctx, id, m, councils.ActiveCitizen, founded); err != nil {
				return err
			}
		}
	}
	return nil
}

// commissions draw their members from the councils, as the source says.
func (l *loader) commissions(ctx context.Context) error {
	founded := on(2012, 6, 1)
	for _, c := range []struct {
		key, name string
		kind      councils.CouncilKind
		from      int // the community councils whose chairs sit here
		to        int
	}{
		{"budget", "Межведомственная комиссия по формированию бюджета", councils.InterdepartmentalCommittee, 1, 5},
		{"arrears", "Территориальная комиссия по снижению задолженности в бюджет", councils.TerritorialCommission, 6, 9},
		{"coordination", "Координационный совет", councils.CoordinationCouncil, 10, 13},
	} {
		id, err := l.council(ctx, "demo/council/"+c.key, councils.CreateCouncilInput{
			Kind: c.kind, Name: c.name, FoundingAct: "В источнике не указан", FoundedOn: founded, ActiveFrom: &founded,
		})
		if err != nil {
			return err
		}
		for n := c.from; n <= c.to; n++ {
			if err := l.chairOf(ctx, fmt.Sprintf("demo/council/community-%02d", n), id, post(n-c.from), founded); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *loader) chairOf(ctx context.Context, council string, into core.ID, as councils.MembershipPost, from core.Date) error {
	key, _, err := l.councils.ByExternalKey(ctx, council)
	if err != nil {
		return err
	}
	person, err := l.councils.ChairOf(ctx, key, from)
	if err != nil {
		return err
	}
	return l.seat(ctx, councils.AddMemberInput{CouncilID: into, PersonID: core.ID{Type: "Person", Key: person}, Post: as, Basis: councils.ExOfficio, StartsOn: from})
}

// newMember seats the next made-up person.
func (l *loader) newMember(ctx context.Context, council core.ID, n int, basis councils.MembershipBasis, from core.Date) error {
	person, err := l.person(ctx)
	if err != nil {
		return err
	}
	organisation, err := l.delegating(ctx, basis, n+1)
	if err != nil {
		return err
	}
	if basis == councils.RecognisedMerit || basis == councils.HonoraryCitizen {
		if err := l.honour(ctx, person, basis); err != nil {
			return err
		}
	}
	return l.seat(ctx, councils.AddMemberInput{CouncilID: council, PersonID: person, Post: post(n), Basis: basis, OrganisationID: organisation, StartsOn: from})
}
