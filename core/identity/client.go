package identity

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"unicode"
)

// Client is where a request comes from. It is personal data: it goes into the owner's list of
// sessions and, hashed, into the count of attempts.
type Client struct {
	Address   netip.Addr
	UserAgent string
}

type clientKey struct{}

// WithClient puts it into the context; Middleware does so for HTTP.
func WithClient(ctx context.Context, c Client) context.Context {
	return context.WithValue(ctx, clientKey{}, c)
}

// ClientOf is where the request of this context comes from. Requests of unknown origin share one
// count of attempts.
func ClientOf(ctx context.Context) Client {
	c, _ := ctx.Value(clientKey{}).(Client)
	return c
}

func (c Client) addressText() string {
	if !c.Address.IsValid() {
		return ""
	}
	return c.Address.String()
}

func (s *Service) clientOf(r *http.Request) Client {
	return Client{Address: s.address(r), UserAgent: oneLine(r.UserAgent(), 256)}
}

// address is the nearest hop that is not a trusted proxy. X-Forwarded-For is read from its end,
// each hop being vouched for by the one after it; what a stranger writes in front is never reached.
func (s *Service) address(r *http.Request) netip.Addr {
	at := peer(r)
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusts(at); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = hop.Unmap().WithZone("")
	}
	return at
}

func (s *Service) trusts(a netip.Addr) bool {
	for _, p := range s.settings.TrustedProxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// peer is who holds the other end of the connection; invalid for a Unix socket.
func peer(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a, _ := netip.ParseAddr(host)
	return a.Unmap().WithZone("")
}

// oneLine makes header text fit to be kept and shown.
func oneLine(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	if r := []rune(s); len(r) > most {
		return string(r[:most])
	}
	return s
}

// plain says that a request came from this machine over plain HTTP and through no proxy: the one
// case in which a cookie without Secure is right, because a browser might not keep another.
func plain(r *http.Request) bool {
	if r.TLS != nil || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("X-Forwarded-Proto") != "" || r.Header.Get("Forwarded") != "" {
		return false
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return peer(r).IsLoopback() && (host == "localhost" || err == nil && a.IsLoopback())
}
