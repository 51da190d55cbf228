package assemblies

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
)

// The resolvers that gqlgen asks for and no declaration answers; each calls the service.
type (
	AssemblyResolver     struct{ Module *Module }
	MutationResolver     struct{ Module *Module }
	SubscriptionResolver struct{ Module *Module }
)

func (r AssemblyResolver) Composition(ctx context.Context, obj *Assembly, asOf *core.Date) (*Composition, error) {
	return r.Module.Service.Composition(ctx, obj.ID, asOf)
}

func (r AssemblyResolver) Seats(ctx context.Context, obj *Assembly, first *int, after *string, filter *SeatConditions, asOf *core.Date) (*read.Connection[Seat], error) {
	return r.Module.Service.Seats(ctx, obj.ID, first, after, filter, asOf)
}

func (r MutationResolver) CreateAssembly(ctx context.Context, input CreateAssemblyInput) (*core.Payload, error) {
	return r.Module.Service.CreateAssembly(ctx, input)
}

func (r MutationResolver) UpdateAssembly(ctx context.Context, input UpdateAssemblyInput) (*core.Payload, error) {
	return r.Module.Service.UpdateAssembly(ctx, input)
}

func (r MutationResolver) DissolveAssembly(ctx context.Context, input DissolveAssemblyInput) (*core.Payload, error) {
	return r.Module.Service.DissolveAssembly(ctx, input)
}

func (r MutationResolver) AdoptCharter(ctx context.Context, input AdoptCharterInput) (*core.Payload, error) {
	return r.Module.Service.AdoptCharter(ctx, input)
}

func (r MutationResolver) NameDelegate(ctx context.Context, input NameDelegateInput) (*core.Payload, error) {
	return r.Module.Service.NameDelegate(ctx, input)
}

func (r MutationResolver) NameSubstitute(ctx context.Context, input NameSubstituteInput) (*core.Payload, error) {
	return r.Module.Service.NameSubstitute(ctx, input)
}

func (r MutationResolver) RecallDelegate(ctx context.Context, input RecallDelegateInput) (*core.Payload, error) {
	return r.Module.Service.RecallDelegate(ctx, input)
}

func (r MutationResolver) CallSubstitute(ctx context.Context, input CallSubstituteInput) (*core.Payload, error) {
	return r.Module.Service.CallSubstitute(ctx, input)
}

func (r MutationResolver) EndSubstituteCall(ctx context.Context, input EndSubstituteCallInput) (*core.Payload, error) {
	return r.Module.Service.EndSubstituteCall(ctx, input)
}

func (r MutationResolver) SuspendDelegate(ctx context.Context, input SuspendDelegateInput) (*core.Payload, error) {
	return r.Module.Service.SuspendDelegate(ctx, input)
}

func (r MutationResolver) EndSuspension(ctx context.Context, input EndSuspensionInput) (*core.Payload, error) {
	return r.Module.Service.EndSuspension(ctx, input)
}

func (r MutationResolver) Nominate(ctx context.Context, input NominateInput) (*core.Payload, error) {
	return r.Module.Service.Nominate(ctx, input)
}

func (r MutationResolver) AcceptNomination(ctx context.Context, input AcceptNominationInput) (*core.Payload, error) {
	return r.Module.Service.AcceptNomination(ctx, input)
}

func (r MutationResolver) RejectNomination(ctx context.Context, input RejectNominationInput) (*core.Payload, error) {
	return r.Module.Service.RejectNomination(ctx, input)
}

func (r MutationResolver) WithdrawNomination(ctx context.Context, input WithdrawNominationInput) (*core.Payload, error) {
	return r.Module.Service.WithdrawNomination(ctx, input)
}

func (r SubscriptionResolver) AssemblyChanged(ctx context.Context, id *core.ID) (<-chan *AssemblyChange, error) {
	return host.Watch[Assembly](ctx, r.Module.host, "Assembly", id, changeOf)
}

func changeOf(e core.Event) (*AssemblyChange, uuid.UUID) {
	change := &AssemblyChange{EventID: core.ID{Type: "Event", Key: e.ID}, Kind: e.Kind, At: e.At}
	for _, id := range slices.Concat(e.Touched, []core.ID{{Type: e.Type, Key: e.Object}}) {
		switch id.Type {
		case "Assembly":
			change.Assembly = read.Ref[Assembly](id.Key)
		case "Delegate":
			change.Delegate = read.Ref[Delegate](id.Key)
		}
	}
	return change, uuid.UUID(change.Assembly)
}
