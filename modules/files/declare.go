package files

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/read"
)

func declare(r *read.Reader, s *Service) {
	read.Declare[Attachment](r, read.Type{
		Name:  typeAttachment,
		Guard: mayRead,
		// What was taken away hangs on nothing any more: nobody sees it.
		Hangs: &read.Hangs{Type: `CASE WHEN ?TableAlias.removed_at IS NULL THEN ?TableAlias.object_type END`, Key: `?TableAlias.object_id`,
			Of: func() []string { return slices.Sorted(maps.Keys(s.writes)) }},
		// Keys are UUIDv7, so the order in which files were sent is that of their keys.
		Orders:     map[string][]read.Key{"SENT": {}},
		Order:      "SENT",
		References: map[string]read.Reference{"object": {Type: `?TableAlias.object_type`, Key: `?TableAlias.object_id`}},
		Computed: map[string]read.Computed{
			"url":        {Show: s.show(files.Read), SQL: `?TableAlias.id::text || '/' || ?TableAlias.name`},
			"previewUrl": {Show: s.show(files.ReadMini), SQL: `CASE WHEN ?TableAlias.preview THEN ?TableAlias.id::text || '/preview.jpg' END`},
		},
	})
	read.Declare[FileUpload](r, read.Type{
		Name:   typeFileUpload,
		Guard:  mayUpload,
		Rows:   access.Rows{Relations: map[string]string{"own": `?TableAlias.account_id = ?actor_account`}},
		Orders: map[string][]read.Key{"SENT": {}},
		Order:  "SENT",
		Computed: map[string]read.Computed{
			"address": {Show: s.show(files.Send), SQL: `CASE WHEN ?TableAlias.state = 'PENDING' THEN ?TableAlias.id::text || '/' END`},
		},
	})
}

// step is how long addresses are steady: who asks twice gets the same, and a browser finds in its
// cache what it has.
const step = time.Hour

// until is when addresses end that are made now: in one to two hours.
func (s *Service) until() time.Time { return s.host.Clock().Truncate(step).Add(2 * step) }

// show makes an address of a key and a name, for whoever asks.
func (s *Service) show(use files.Use) func(context.Context, string) string {
	return func(ctx context.Context, text string) string {
		key, name, _ := strings.Cut(text, "/")
		id, err := uuid.Parse(key)
		if err != nil {
			return ""
		}
		return s.address(ctx, id, use, name)
	}
}

// address is where the caller gets or sends the file.
func (s *Service) address(ctx context.Context, id uuid.UUID, use files.Use, name string) string {
	path := pathOfFiles + id.String() + "/" + escaped(name)
	if use == files.Send {
		path = pathOfUploads + id.String()
	}
	size := ""
	if use == files.ReadMini {
		size = "size=preview&"
	}
	return path + "?" + size + s.signer.Query(files.Address{
		Municipality: core.MunicipalityOf(ctx).ID, File: id, Use: use, Expires: s.until(), For: core.ActorOf(ctx),
	})
}
