package host

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"sync"

	"github.com/veche-city/veche/core/postgres"
)

// secrets are what passwords and seals are worked out from, the same on every replica. They stand in
// the database: whoever reads them there reads the plugins' tables as well.
type secrets struct {
	mu    sync.Mutex
	value []byte
}

func (s *secrets) get(ctx context.Context, db *postgres.DB) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.value != nil {
		return s.value, nil
	}
	var fresh [32]byte
	rand.Read(fresh[:]) // never fails
	if _, err := db.Pool.Exec(ctx, "INSERT INTO plugin_secrets (name, value) VALUES ('storage', $1) ON CONFLICT DO NOTHING", fresh[:]); err != nil {
		return nil, fmt.Errorf("plugins/host: secret: %w", err)
	}
	var value []byte
	if err := db.Pool.QueryRow(ctx, "SELECT value FROM plugin_secrets WHERE name = 'storage'").Scan(&value); err != nil {
		return nil, fmt.Errorf("plugins/host: secret: %w", err)
	}
	s.value = value
	return value, nil
}

// derive is a key of its own for each use.
func derive(secret []byte, use string, parts ...string) []byte {
	mac := hmac.New(sha256.New, secret)
	for _, part := range append([]string{use}, parts...) {
		_, _ = fmt.Fprintf(mac, "%d:%s", len(part), part) // a hash never fails
	}
	return mac.Sum(nil)
}

// passwordOf is a role's: never kept, and the same for every replica.
func passwordOf(secret []byte, role string) string {
	return hex.EncodeToString(derive(secret, "password", role))
}

// verifierOf is what Postgres keeps of a password (RFC 5803, with SCRAM-SHA-256): given this, it never
// sees the password itself, nor does its log. The salt follows from the password, so that setting it
// again changes nothing.
func verifierOf(password string) (string, error) {
	const rounds = 4096
	salt := sha256.Sum256([]byte("veche salt " + password))
	salted, err := pbkdf2.Key(sha256.New, password, salt[:16], rounds, sha256.Size)
	if err != nil {
		return "", err
	}
	sign := func(text string) []byte {
		mac := hmac.New(sha256.New, salted)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(sign("Client Key"))
	enc := base64.StdEncoding.EncodeToString
	return fmt.Sprintf("SCRAM-SHA-256$%d:%s$%s:%s", rounds, enc(salt[:16]), enc(stored[:]), enc(sign("Server Key"))), nil
}
