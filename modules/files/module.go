package files

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/host"
	"github.com/veche-city/veche/core/read"
	"github.com/veche-city/veche/modules/people"
)

const (
	mayRead   = "files:read"
	mayUpload = "files:upload"

	typeAttachment = "Attachment"
	typeFileUpload = "FileUpload"
)

//go:embed policy.csv
var policy string

// Module is the module as the graph joins it.
type Module struct {
	Service *Service
	host    *host.Host
}

// New declares the module's types, makes its service and registers its job. Later modules say by
// Attachable whose objects bear files.
func New(h *host.Host, people *people.Module) (*Module, error) {
	s := &Service{host: h, keeper: h.Files, writes: map[string]string{}}
	var err error
	if s.keeper == nil {
		if s.keeper, err = files.New(context.Background(), files.Settings{}, h.Log); err != nil {
			return nil, err
		}
	}
	if err := h.DB.NewRaw("SELECT secret FROM file_keys").Scan(context.Background(), &s.signer.Key); err != nil {
		return nil, fmt.Errorf("files: the key of addresses: %w", err)
	}
	declare(h.Reads, s)
	register(people)
	if err := h.Jobs.Register(sweeping(s)...); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return &Module{Service: s, host: h}, nil
}

// Attachable says that objects of the type bear files. It adds the list attachments to the type, which
// the owner's schema declares; write is the permission on the object under which files are attached
// and taken away. It is called while modules are made.
func (m *Module) Attachable(typ, write string) {
	m.Service.writes[typ] = write
	read.AddList[Attachment](m.host.Reads, typ+".attachments", read.List{
		By: "ObjectID", Where: "?TableAlias.object_type = '" + typ + "' AND ?TableAlias.removed_at IS NULL",
	})
}

// MaySend says how large a file the caller may send within a request; 0: none. The transport asks it
// before it reads anything.
func (m *Module) MaySend(ctx context.Context) int64 { return m.Service.MaySend(ctx) }

// Info is the module's card.
func (*Module) Info() core.Info {
	return core.Info{
		Name:  "files",
		Title: core.T("Files", "Файлы"),
		Permissions: []core.Permission{
			{Name: mayRead, Title: core.T("See the files of objects that one may see", "Видеть файлы доступных объектов")},
			{Name: mayUpload, Title: core.T("Send files, and see one's own uploads", "Загружать файлы и видеть свои загрузки")},
		},
		Policy: policy,
		DataClasses: []core.DataClass{{
			Key: "file_name", Title: core.T("Name of a file, as its sender wrote it", "Имя файла, данное отправителем"),
			Basis: core.T("Duties of local government towards the person (152-FZ, article 6, part 1, points 2 and 4)",
				"Полномочия органов власти в отношении гражданина (152-ФЗ, ст. 6, ч. 1, п. 2 и 4)"),
			Permission: mayRead,
		}},
	}
}
