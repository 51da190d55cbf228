package files

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/read"
)

// serveFile gives a file, or its preview, at a signed address: while the address lasts, and whoever it
// was made for may see the object. NOT_FOUND tells nothing more of why.
func (s *Service) serveFile(w http.ResponseWriter, r *http.Request) {
	files.CORS(w, http.MethodGet)
	if err := s.fetch(w, r); err != nil {
		known := &core.Error{Code: core.CodeInternal, Text: core.T("Something went wrong on our side. Try again later.", "Ошибка на нашей стороне. Повторите позже.")}
		if !errors.As(err, &known) && r.Context().Err() == nil {
			s.host.Log.ErrorContext(r.Context(), "a file could not be given out", "error", err)
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, known.Text.In(core.LanguageOf(r.Context())), files.Status(known.Code))
	}
}

func (s *Service) fetch(w http.ResponseWriter, r *http.Request) error {
	use := files.Read
	if r.URL.Query().Get("size") == "preview" {
		use = files.ReadMini
	}
	ctx, id, err := s.signed(r, use)
	if err != nil {
		return err
	}
	seen, err := read.Sees[Attachment](ctx, s.host.Reads, id)
	if err != nil {
		return err
	}
	if !seen {
		return core.ErrNotFound
	}
	a := new(Attachment)
	if err := s.host.DB.NewSelect().Model(a).Where("?TableAlias.id = ?", id).Scan(ctx); err != nil {
		return err
	}
	if a.RemovedAt != nil || use == files.ReadMini && !a.Preview {
		return core.ErrNotFound
	}
	key := files.Key{Municipality: core.MunicipalityOf(ctx).ID, File: id, Preview: use == files.ReadMini}
	return s.keeper.Serve(w, r, key, files.Shown{Name: a.Name, MIME: a.ContentType, SHA256: a.SHA256, Size: a.Size})
}

// escaped is a name as one step of a path.
func escaped(name string) string { return url.PathEscape(name) }
