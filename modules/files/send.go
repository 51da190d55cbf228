package files

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/files"
	"github.com/veche-city/veche/core/postgres"
)

// serveSend takes in the bytes of an announced upload: PUT to its signed address. The rights are those
// that whoever announced it has now; who sends does not matter.
func (s *Service) serveSend(w http.ResponseWriter, r *http.Request) {
	files.CORS(w, http.MethodPut)
	ctx, id, err := s.signed(r, files.Send)
	if err == nil {
		err = s.mayUpload(ctx)
	}
	if err == nil {
		err = s.send(ctx, w, r, id)
	}
	if err != nil {
		s.refuseSend(ctx, w, err)
	}
}

func (s *Service) send(ctx context.Context, w http.ResponseWriter, r *http.Request, id uuid.UUID) error {
	u := &FileUpload{ID: id}
	// Only one may send at a time, and only what is still waited for.
	err := s.host.DB.NewUpdate().Model(u).Set("state = ?", Receiving).WherePK("id").Where("state = ?", Pending).
		Where("account_id = ?", core.ActorOf(ctx).Account).Where("expires_at > ?", s.host.Clock()).Returning("?TableColumns").Scan(ctx)
	if postgres.NoRows(err) {
		return core.Conflict(core.T("This upload is not waited for: it was sent already, or its time is over.", "Эту загрузку больше не ждут: файл уже отправлен или срок истёк."))
	}
	if err != nil {
		return err
	}
	body, done := files.Incoming(w, r, u.Size)
	defer done()
	err = s.fill(ctx, u, &exact{Reader: body, left: u.Size, announced: r.ContentLength, size: u.Size}, u.Size)
	var refusal *files.Refusal
	switch after := context.WithoutCancel(ctx); {
	case err == nil:
		return answer(w, http.StatusOK, map[string]any{"id": core.ID{Type: typeFileUpload, Key: id}.String(), "state": u.State, "name": u.Name, "contentType": u.ContentType, "size": u.Size, "sha256": u.SHA256})
	case errors.As(err, &refusal):
		why := FileRefusal(refusal.Reason)
		u.State, u.Refusal = Refused, &why
		_, failed := s.settle(after, u, "state", "refusal")
		return errors.Join(core.Invalid(refusal.Text), failed)
	default: // the connection, or our own mistake: it may be sent again
		u.State = Pending
		_, failed := s.settle(after, u, "state")
		return errors.Join(err, failed)
	}
}

// exact is a body that must be as long as was announced.
type exact struct {
	io.Reader
	left, announced, size int64
}

func (e *exact) Read(p []byte) (int, error) {
	if e.announced >= 0 && e.announced != e.size {
		return 0, errLength // before anything is read
	}
	n, err := e.Reader.Read(p)
	e.left -= int64(n)
	if e.left < 0 || errors.Is(err, io.EOF) && e.left > 0 {
		return 0, errLength
	}
	return n, err
}

var errLength = core.Invalid(core.T("Send exactly as many bytes as were announced.", "Отправьте ровно столько байтов, сколько было объявлено."))

// refuseSend answers in the form of GraphQL's errors, which the sender's program knows.
func (s *Service) refuseSend(ctx context.Context, w http.ResponseWriter, err error) {
	known := &core.Error{Code: core.CodeInternal, Text: core.T("Something went wrong on our side. It has been recorded; try again later.", "Ошибка на нашей стороне. Она записана, повторите позже.")}
	if !errors.As(err, &known) && ctx.Err() == nil {
		s.host.Log.ErrorContext(ctx, "a file could not be taken in", "error", err)
	}
	w.Header().Set("Connection", "close") // the rest of the body is not read
	_ = answer(w, files.Status(known.Code), map[string]any{"errors": []any{map[string]any{
		"message": known.Text.In(core.LanguageOf(ctx)), "extensions": map[string]any{"code": known.Code},
	}}})
}

func answer(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a reader that is gone cannot be told so
	return nil
}

// signed is the context of whoever the address was made for, with the rights that they have now.
func (s *Service) signed(r *http.Request, use files.Use) (context.Context, uuid.UUID, error) {
	ctx := r.Context()
	town := core.MunicipalityOf(ctx)
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil || id.String() != r.PathValue("id") || !town.Has("files") {
		return ctx, id, core.ErrNotFound
	}
	address, err := s.signer.Check(town.ID, id, use, r.URL.Query(), s.host.Clock())
	switch {
	case errors.Is(err, files.ErrExpired):
		return ctx, id, &core.Error{Code: core.CodeForbidden, Text: core.T("This address has expired. Ask for a fresh one.", "Срок действия этого адреса истёк. Запросите новый.")}
	case err != nil:
		return ctx, id, core.ErrNotFound
	}
	fresh, err := s.host.Fresh(core.WithActor(ctx, address.For))
	if core.CodeOf(err) == core.CodeUnauthenticated {
		err = core.ErrForbidden // the session has ended for which it was made
	}
	return fresh, id, err
}

// Addresses of files, relative to the server.
const (
	pathOfFiles   = "/files/"
	pathOfUploads = "/uploads/"
)

// Handlers serve the signed addresses.
func (m *Module) Handlers() map[string]http.Handler {
	preflight := func(method string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			files.CORS(w, method)
			w.Header().Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
		})
	}
	return map[string]http.Handler{
		"GET " + pathOfFiles + "{id}/{name}":     http.HandlerFunc(m.Service.serveFile),
		"PUT " + pathOfUploads + "{id}":          http.HandlerFunc(m.Service.serveSend),
		"OPTIONS " + pathOfFiles + "{id}/{name}": preflight(http.MethodGet),
		"OPTIONS " + pathOfUploads + "{id}":      preflight(http.MethodPut),
	}
}
