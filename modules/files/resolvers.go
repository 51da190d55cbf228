package files

import (
	"context"

	"github.com/veche-city/veche/core"
)

// MutationResolver is what gqlgen asks for; each method calls the service.
type MutationResolver struct{ Module *Module }

func (r MutationResolver) PrepareUpload(ctx context.Context, input PrepareUploadInput) (*core.Payload, error) {
	return r.Module.Service.PrepareUpload(ctx, input)
}

func (r MutationResolver) AttachFile(ctx context.Context, input AttachFileInput) (*core.Payload, error) {
	return r.Module.Service.AttachFile(ctx, input)
}

func (r MutationResolver) RemoveAttachment(ctx context.Context, input RemoveAttachmentInput) (*core.Payload, error) {
	return r.Module.Service.RemoveAttachment(ctx, input)
}
