package identity

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/veche-city/veche/core"
)

// Middleware puts who acts, for whom and from where into the request's context. It stands behind
// whatever puts municipality and language there, and before whatever asks for an actor.
//
// A bearer token that is not valid is refused with 401: its sender believes to be somebody. A
// cookie that is not valid only means nobody, and is taken back. X-Acting-For names an
// organisation and is refused with 403 without a mandate. When the database does not answer
// nobody is taken for anonymous: that is 503.
func (s *Service) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out := &answer{ResponseWriter: w, plain: plain(r)}
		ctx := context.WithValue(WithClient(r.Context(), s.clientOf(r)), answerKey{}, out)
		actor, err := s.actor(ctx, r, out.plain)
		if err != nil {
			s.refuse(ctx, out, r, err)
			return
		}
		next.ServeHTTP(out, r.WithContext(core.WithActor(ctx, actor)))
		out.seal() // a handler that wrote nothing is answered with an empty 200
	})
}

func (s *Service) actor(ctx context.Context, r *http.Request, plain bool) (actor core.Actor, err error) {
	if header := r.Header.Values("Authorization"); len(header) > 0 {
		actor, err = s.bearer(ctx, header)
	} else {
		actor, err = s.cookie(ctx, r, plain)
	}
	if acting := r.Header.Get("X-Acting-For"); err == nil && acting != "" {
		return s.ActFor(ctx, actor, acting)
	}
	return actor, err
}

func (s *Service) bearer(ctx context.Context, header []string) (core.Actor, error) {
	scheme, token, _ := strings.Cut(header[0], " ")
	if len(header) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return core.Actor{}, errEndedToken()
	}
	return s.Authenticate(ctx, strings.TrimSpace(token))
}

func (s *Service) cookie(ctx context.Context, r *http.Request, plain bool) (core.Actor, error) {
	c, err := r.Cookie(cookieName(plain))
	if err != nil { // there is none
		return core.Actor{Kind: core.Anonymous}, nil
	}
	actor, err := s.sessionActor(ctx, c.Value, Cookie)
	if errors.Is(err, core.ErrUnauthenticated) {
		return core.Actor{Kind: core.Anonymous}, ClearCookie(ctx)
	}
	return actor, err
}

// refuse answers in the form of GraphQL, which is what whoever sends a token expects to read.
func (s *Service) refuse(ctx context.Context, w http.ResponseWriter, r *http.Request, err error) {
	known := &core.Error{Code: core.CodeUnavailable, Err: err, Text: core.T("Signing in is not possible at this moment. Try again.",
		"Сейчас войти нельзя. Повторите попытку.")}
	errors.As(err, &known)
	if statusOf(known.Code) == http.StatusServiceUnavailable && ctx.Err() == nil {
		s.log.Error("who acts could not be established", "error", err, "request", core.RequestIDOf(ctx))
	}
	media := "application/json"
	if strings.Contains(r.Header.Get("Accept"), "application/graphql-response+json") {
		media = "application/graphql-response+json"
	}
	body, _ := json.Marshal(map[string]any{"errors": []any{map[string]any{ // strings always marshal
		"message":    known.Text.In(core.LanguageOf(ctx)),
		"extensions": map[string]any{"code": known.Code},
	}}})
	h := w.Header()
	h.Set("Content-Type", media+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("Cache-Control", "no-store")
	if known.Code == core.CodeUnauthenticated {
		h.Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	}
	w.WriteHeader(statusOf(known.Code))
	_, _ = w.Write(body) // an error is the connection's
}

func statusOf(code core.Code) int {
	switch code {
	case core.CodeUnauthenticated:
		return http.StatusUnauthorized
	case core.CodeForbidden:
		return http.StatusForbidden
	case core.CodeBadUserInput:
		return http.StatusBadRequest
	default:
		return http.StatusServiceUnavailable
	}
}
