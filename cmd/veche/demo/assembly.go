package demo

import (
	"context"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/modules/assemblies"
	"github.com/veche-city/veche/modules/councils"
	"github.com/veche-city/veche/modules/motions"
)

// The city assembly's rules of composition, by their keys in its charter.
const (
	fromDistricts = "districts"
	fromCouncil   = "mayors-council"
)

// assembly is the city assembly with its charter and delegates: three of each district's council, 21 of
// the mayor's. The two districts without a council have their seats all the same. The source does not
// say how the assembly decides; the charter says what is usual.
func (l *loader) assembly(ctx context.Context) error {
	b := l.body("city-assembly")
	founded, err := core.ParseDate(b.Founded)
	if err != nil {
		return err
	}
	id, err := l.newAssembly(ctx, b, founded)
	if err != nil {
		return err
	}
	for _, part := range b.Composition {
		if part.From == fromCouncil {
			err = l.delegates(ctx, id, fromCouncil, "demo/council/mayors-council", part.Seats, founded)
		}
		for n := 1; part.From != fromCouncil && n <= l.city.Districts.WithCouncil && err == nil; n++ {
			err = l.delegates(ctx, id, fromDistricts, fmt.Sprintf("demo/council/community-%02d", n), part.SeatsEach, founded)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) newAssembly(ctx context.Context, b body, founded core.Date) (core.ID, error) {
	external := "demo/assembly/city"
	key, ok, err := l.assemblies.ByExternalKey(ctx, external)
	id := core.ID{Type: "Assembly", Key: key}
	if err == nil && !ok {
		var p *core.Payload
		p, err = l.assemblies.CreateAssembly(ctx, assemblies.CreateAssemblyInput{
			ExternalKey: &external, Kind: assemblies.CityAssembly, Name: b.Name.Ru, FoundingAct: "В источнике не указан", FoundedOn: founded, ActiveFrom: &founded,
			Purpose: "Совещательный орган делегатов общественных советов города.",
		})
		id, err = savedAs("Assembly", p, err)
	}
	if err != nil {
		return id, err
	}
	if _, ok, err := l.assemblies.Rule(ctx, id.Key, fromDistricts); ok || err != nil {
		return id, err
	}
	rules, err := l.composition(ctx, b)
	if err != nil {
		return id, err
	}
	_, err = saved(l.assemblies.AdoptCharter(ctx, assemblies.AdoptCharterInput{
		AssemblyID: id, Act: "В источнике не указан", StartsOn: founded, QuorumOf: assemblies.OfAll, QuorumNumerator: 1, QuorumDenominator: 2, QuorumStrict: true,
		Manners: []motions.VoteManner{motions.Open, motions.Named, motions.Secret}, Rules: rules,
	}))
	return id, err
}

// composition is the source's: who sends how many.
func (l *loader) composition(ctx context.Context, b body) ([]assemblies.CharterRuleInput, error) {
	var rules []assemblies.CharterRuleInput
	for _, part := range b.Composition {
		if part.From != fromCouncil {
			community := councils.CommunityCouncil
			rules = append(rules, assemblies.CharterRuleInput{Key: fromDistricts, Kind: assemblies.EachDistrict, Seats: &part.SeatsEach, CouncilKind: &community,
				Name: "По три делегата от общественного совета каждого микрорайона"})
			continue
		}
		key, _, err := l.councils.ByExternalKey(ctx, "demo/council/mayors-council")
		if err != nil {
			return nil, err
		}
		rules = append(rules, assemblies.CharterRuleInput{Key: fromCouncil, Kind: assemblies.BodyChooses, Seats: &part.Seats, CouncilID: &core.ID{Type: "Council", Key: key},
			Name: "Делегаты общественного совета при главе города"})
	}
	return rules, nil
}

// delegates names the first members of a body, as many as it has seats.
func (l *loader) delegates(ctx context.Context, assembly core.ID, rule, council string, seats int, from core.Date) error {
	ruleKey, _, err := l.assemblies.Rule(ctx, assembly.Key, rule)
	if err != nil {
		return err
	}
	body, _, err := l.councils.ByExternalKey(ctx, council)
	if err != nil {
		return err
	}
	members, err := l.councils.MembersOn(ctx, body, from)
	if err != nil {
		return err
	}
	for _, person := range members[:min(seats, len(members))] {
		named, err := l.assemblies.Named(ctx, assembly.Key, person)
		if err == nil && !named {
			_, err = saved(l.assemblies.NameDelegate(ctx, assemblies.NameDelegateInput{
				RuleID: core.ID{Type: "SeatRule", Key: ruleKey}, CouncilID: core.ID{Type: "Council", Key: body}, PersonID: core.ID{Type: "Person", Key: person},
				StartsOn: from, Minutes: "Протокол заседания совета, сентябрь 2012 года",
			}))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
