package identity

import (
	"bufio"
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/veche-city/veche/core"
)

// The cookie's names. __Host- makes browsers insist on Secure, Path=/ and no Domain (RFC 6265bis,
// section 4.1.3.2).
const (
	secureCookie = "__Host-veche"
	plainCookie  = "veche"
)

func cookieName(plain bool) string {
	if plain {
		return plainCookie
	}
	return secureCookie
}

// answer is a ResponseWriter that still takes a cookie from a resolver until its header goes out.
type answer struct {
	http.ResponseWriter
	plain bool

	mu     sync.Mutex
	cookie *http.Cookie // to send; the last one set wins
	sent   bool
}

type answerKey struct{}

var errHeaderSent = &core.Error{Code: core.CodeBadUserInput, Text: core.T("A cookie cannot be set any more in this answer. Send the mutation by POST.",
	"В этом ответе cookie передать уже нельзя. Отправьте мутацию запросом POST.")}

// SetCookie gives the session's token to the browser with the answer to the request of ctx. It
// fails when there is none or its header has gone out.
func SetCookie(ctx context.Context, token string, until time.Time) error {
	return setCookie(ctx, &http.Cookie{Value: token, Expires: until.UTC()})
}

// ClearCookie takes the session's cookie back with the answer to the request of ctx. Without an
// answer to write it to there is nothing to take back: the session has ended anyway.
func ClearCookie(ctx context.Context) error {
	if err := setCookie(ctx, &http.Cookie{MaxAge: -1}); err != nil && !errors.Is(err, errHeaderSent) {
		return err
	}
	return nil
}

func setCookie(ctx context.Context, c *http.Cookie) error {
	a, ok := ctx.Value(answerKey{}).(*answer)
	if !ok {
		return errHeaderSent
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent {
		return errHeaderSent
	}
	c.Name, c.Path, c.HttpOnly, c.Secure, c.SameSite = cookieName(a.plain), "/", true, !a.plain, http.SameSiteLaxMode
	a.cookie = c
	return nil
}

func canSetCookie(ctx context.Context) bool {
	a, ok := ctx.Value(answerKey{}).(*answer)
	if !ok {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.sent
}

// seal sends the cookie with the header that is about to go out.
func (a *answer) seal() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sent {
		return
	}
	a.sent = true
	if a.cookie != nil {
		http.SetCookie(a.ResponseWriter, a.cookie)
	}
}

func (a *answer) WriteHeader(status int) {
	if status >= 200 || status == http.StatusSwitchingProtocols { // 1xx are followed by the header proper
		a.seal()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.seal()
	return a.ResponseWriter.Write(b)
}

// Flush is asked for by the transport of server-sent events.
func (a *answer) Flush() {
	a.seal()
	_ = http.NewResponseController(a.ResponseWriter).Flush() // an error is the connection's, which the next Write meets
}

// Hijack is asked for by WebSocket.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	a.seal()
	return http.NewResponseController(a.ResponseWriter).Hijack()
}

// Unwrap serves http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }
