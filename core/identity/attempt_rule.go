package identity

import (
	"crypto/sha256"
	"net/netip"
	"time"
)

// rule says how long whoever has failed that often must wait: not at all below limit, then base,
// doubled by each further failure up to most. Failures are forgotten window after the last one.
type rule struct {
	limit              int
	base, most, window time.Duration
}

// counted is how many failures still count at now.
func (r rule) counted(failures int, last, now time.Time) int {
	if now.Sub(last) >= r.window {
		return 0
	}
	return failures
}

// wait is how long from now until the next attempt is looked at; 0: at once.
func (r rule) wait(failures int, last, now time.Time) time.Duration {
	over := r.counted(failures, last, now) - r.limit
	if over < 0 {
		return 0
	}
	delay := r.base
	for ; over > 0 && delay < r.most; over-- {
		delay *= 2
	}
	return max(0, last.Add(min(delay, r.most)).Sub(now))
}

// counter is one row of attempts: a kind of count, whose, and the rule for it.
type counter struct {
	kind string
	key  [sha256.Size]byte
	rule rule
}

// byLoginHere counts one login's failures from one address. It is the strict one: a stranger
// cannot reach the owner's row, and the owner's own mistakes cost minutes.
func byLoginHere(login string, from netip.Addr) counter {
	return counter{"login_here", keyOf("login_here", login, network(from)), rule{5, 10 * time.Second, 15 * time.Minute, time.Hour}}
}

// byLogin counts one login's failures from everywhere. It slows guessing from many addresses and
// stays mild, because strangers can fill it; an address from which the owner has signed in before
// is not subject to it.
func byLogin(login string) counter {
	return counter{"login", keyOf("login", login), rule{20, time.Second, time.Minute, time.Hour}}
}

// byAddress counts one address's failures over all logins, against trying one password on many.
func byAddress(from netip.Addr) counter {
	return counter{"address", keyOf("address", network(from)), rule{20, 5 * time.Second, 5 * time.Minute, 15 * time.Minute}}
}

// byCode counts wrong set-up and invitation codes from one address.
func byCode(from netip.Addr) counter {
	return counter{"code", keyOf("code", network(from)), rule{5, 10 * time.Second, 15 * time.Minute, time.Hour}}
}

// bySignUp counts accounts that one address makes for itself, successes too.
func bySignUp(from netip.Addr) counter {
	return counter{"sign_up", keyOf("sign_up", network(from)), rule{20, 30 * time.Second, 10 * time.Minute, day}}
}

// network is what one subscriber has: the address itself, or its /64 (RFC 6177) with IPv6.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}

func keyOf(parts ...string) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(p))
		h.Write([]byte{0})
	}
	return [sha256.Size]byte(h.Sum(nil))
}
