package identity

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"

	"github.com/veche-city/veche/core"
)

// Argon is the cost of one argon2id hash. OWASP's minimum is 19 MiB, 2 passes, 1 lane.
// Changing it rehashes each password at its owner's next sign-in.
type Argon struct {
	MemoryKiB uint32
	Passes    uint32
	Lanes     uint8
}

const saltLength, hashLength = 16, 32

// hasher hashes and verifies passwords, a bounded number at once: each takes MemoryKiB and a core.
type hasher struct {
	cost  Argon
	slots *semaphore.Weighted
}

func newHasher(cost Argon, atOnce int) (*hasher, error) {
	if cost.MemoryKiB < 8 || cost.Passes < 1 || cost.Lanes < 1 || atOnce < 1 {
		return nil, errors.New("identity: password hashing needs at least 8 KiB, one pass, one lane and one place")
	}
	return &hasher{cost: cost, slots: semaphore.NewWeighted(int64(atOnce))}, nil
}

// derive waits for a place as long as ctx allows.
func (h *hasher) derive(ctx context.Context, password string, salt []byte, cost Argon) ([]byte, error) {
	if err := h.slots.Acquire(ctx, 1); err != nil {
		return nil, &core.Error{Code: core.CodeUnavailable, Err: err, Text: core.T("Too many people are signing in at this moment. Try again.",
			"Сейчас входит слишком много людей. Повторите попытку.")}
	}
	defer h.slots.Release(1)
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.MemoryKiB, cost.Lanes, hashLength), nil
}

// hash is a normalized password's PHC string.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails (crypto/rand)
	key, err := h.derive(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return encodePHC(h.cost, salt, key), nil
}

// verify compares a normalized password with a PHC string. stale says that the hash was made at
// another cost than today's. An empty phc costs the same as a real one and never matches.
func (h *hasher) verify(ctx context.Context, password, phc string) (ok, stale bool, err error) {
	if phc == "" {
		_, err := h.derive(ctx, password, make([]byte, saltLength), h.cost)
		return false, false, err
	}
	cost, salt, want, err := decodePHC(phc)
	if err != nil {
		return false, false, err
	}
	got, err := h.derive(ctx, password, salt, cost)
	if err != nil {
		return false, false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, cost != h.cost, nil
}

func encodePHC(cost Argon, salt, key []byte) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version,
		cost.MemoryKiB, cost.Passes, cost.Lanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func decodePHC(phc string) (cost Argon, salt, key []byte, err error) {
	broken := errors.New("identity: a stored password hash is not an argon2id PHC string of version 19")
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return Argon{}, nil, nil, broken
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.MemoryKiB, &cost.Passes, &cost.Lanes); err != nil {
		return Argon{}, nil, nil, broken
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(parts[4])
	key, err2 := base64.RawStdEncoding.DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(key) != hashLength || cost.Passes < 1 || cost.Lanes < 1 {
		return Argon{}, nil, nil, broken
	}
	return cost, salt, key, nil
}
