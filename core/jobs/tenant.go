package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/veche-city/veche/core"
)

// metadataKey is where a job's metadata holds its municipality.
const metadataKey = "municipality_id"

// tag writes the context's municipality into each job that is inserted. Whatever the inserter put
// there is replaced, so that a job cannot be sent into another municipality.
type tag struct{ river.HookDefaults }

var _ rivertype.HookInsertBegin = (*tag)(nil)

func (*tag) InsertBegin(ctx context.Context, params *rivertype.JobInsertParams) error {
	metadata := map[string]json.RawMessage{}
	if err := json.Unmarshal(params.Metadata, &metadata); err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	delete(metadata, metadataKey)
	if id := core.MunicipalityOf(ctx).ID; id != uuid.Nil {
		metadata[metadataKey] = json.RawMessage(`"` + id.String() + `"`)
		if params.UniqueKey != nil {
			// River has counted the key without knowing of municipalities.
			key := sha256.Sum256(append(id[:], params.UniqueKey...))
			params.UniqueKey = key[:]
		}
	}
	merged, err := json.Marshal(metadata)
	if err != nil {
		return fmt.Errorf("metadata: %w", err)
	}
	params.Metadata = merged
	return nil
}

// enter works each job in the municipality that it was inserted for, as Veche itself.
type enter struct {
	river.MiddlewareDefaults
	resolve Resolver
}

var _ rivertype.WorkerMiddleware = (*enter)(nil)

func (e *enter) Work(ctx context.Context, job *rivertype.JobRow, work func(context.Context) error) error {
	var metadata struct {
		Municipality uuid.UUID `json:"municipality_id"`
	}
	if err := json.Unmarshal(job.Metadata, &metadata); err != nil {
		return river.JobCancel(fmt.Errorf("jobs: metadata: %w", err))
	}
	ctx = core.WithActor(ctx, core.Actor{Kind: core.System})
	if metadata.Municipality == uuid.Nil {
		return work(ctx)
	}
	municipality, err := e.resolve(ctx, metadata.Municipality)
	if errors.Is(err, core.ErrNotFound) {
		return river.JobCancel(fmt.Errorf("jobs: municipality %s: %w", metadata.Municipality, err))
	}
	if err != nil {
		return fmt.Errorf("jobs: municipality %s: %w", metadata.Municipality, err)
	}
	return work(core.WithMunicipality(ctx, municipality))
}
