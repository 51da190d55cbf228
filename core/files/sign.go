package files

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// Use is what an address is good for.
type Use string

const (
	Read     Use = "read"
	ReadMini Use = "preview"
	Send     Use = "send"
)

// Address is what a signed address says. For is whoever asked for it, without roles: their rights are
// asked for anew when the address is used.
type Address struct {
	Municipality uuid.UUID
	File         uuid.UUID
	Use          Use
	Expires      time.Time // to the second
	For          core.Actor
}

// Signer signs addresses, and reads them again.
type Signer struct{ Key []byte }

var (
	// ErrForged is an address that was not signed here, or not for this.
	ErrForged = errors.New("files: the address was not signed here")
	// ErrExpired is one that was, and whose time is over.
	ErrExpired = errors.New("files: the address has expired")
)

// Query is the address as parameters.
func (s Signer) Query(a Address) string {
	exp, who := strconv.FormatInt(a.Expires.Unix(), 10), whoOf(a.For)
	return "exp=" + exp + "&for=" + who + "&sig=" + base64.RawURLEncoding.EncodeToString(s.sum(a))
}

// Check reads the parameters of an address for that file and use.
func (s Signer) Check(municipality, file uuid.UUID, use Use, query url.Values, now time.Time) (Address, error) {
	a := Address{Municipality: municipality, File: file, Use: use}
	exp, err := strconv.ParseInt(query.Get("exp"), 10, 64)
	if err != nil {
		return a, ErrForged
	}
	a.Expires = time.Unix(exp, 0)
	if a.For, err = actorOf(query.Get("for")); err != nil {
		return a, err
	}
	sig, err := base64.RawURLEncoding.Strict().DecodeString(query.Get("sig"))
	switch {
	case err != nil || !hmac.Equal(sig, s.sum(a)):
		return a, ErrForged
	case !now.Before(a.Expires):
		return a, ErrExpired
	}
	return a, nil
}

// sum is over parts of fixed lengths, the use last, so that no two addresses give the same bytes.
func (s Signer) sum(a Address) []byte {
	h := hmac.New(sha256.New, s.Key)
	h.Write(a.Municipality[:])
	h.Write(a.File[:])
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(a.Expires.Unix())))
	h.Write(bytesOf(a.For))
	h.Write([]byte(a.Use))
	return h.Sum(nil)
}

// kinds are the callers for whom addresses are made: Veche itself needs none.
var kinds = map[byte]core.ActorKind{'n': core.Anonymous, 'a': core.Account, 's': core.Service}

// bytesOf is who it is, without what they may.
func bytesOf(a core.Actor) []byte {
	out := make([]byte, 1, 49)
	for letter, kind := range kinds {
		if kind == a.Kind {
			out[0] = letter
		}
	}
	return append(append(append(out, a.Account[:]...), a.Session[:]...), a.ActingFor[:]...)
}

func whoOf(a core.Actor) string {
	if a.Kind == core.Anonymous {
		return "n"
	}
	return base64.RawURLEncoding.EncodeToString(bytesOf(a))
}

func actorOf(who string) (core.Actor, error) {
	if who == "n" {
		return core.Actor{Kind: core.Anonymous}, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(who)
	if err != nil || len(raw) != 49 || kinds[raw[0]] == "" || kinds[raw[0]] == core.Anonymous {
		return core.Actor{}, ErrForged
	}
	return core.Actor{Kind: kinds[raw[0]], Account: uuid.UUID(raw[1:17]), Session: uuid.UUID(raw[17:33]), ActingFor: uuid.UUID(raw[33:49])}, nil
}
