package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"strings"
)

// servicePrefix lets people and secret scanners tell a service token from other text.
const servicePrefix = "veche_st_"

const tokenLength = 43 // 32 bytes in base64url without padding

// newToken is 256 random bits behind the prefix.
func newToken(prefix string) string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// looksLikeToken spares the database what cannot be one.
func looksLikeToken(token, prefix string) bool {
	rest, ok := strings.CutPrefix(token, prefix)
	if !ok || len(rest) != tokenLength {
		return false
	}
	_, err := base64.RawURLEncoding.DecodeString(rest)
	return err == nil
}

// hashOf is what is kept of a token or code. They are random, so a plain hash is enough.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// crockford leaves out the letters that are mistaken for digits.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// newCode is 120 random bits for people to copy: four groups of six.
func newCode() string {
	b := make([]byte, 15)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	s := base32.NewEncoding(crockford).WithPadding(base32.NoPadding).EncodeToString(b)
	return s[0:6] + "-" + s[6:12] + "-" + s[12:18] + "-" + s[18:24]
}

// hashOfCode forgives what goes wrong in copying: case, groups, spaces, O for 0, I and L for 1.
func hashOfCode(code string) []byte {
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1").Replace(strings.ToUpper(code))
	return hashOf(plain)
}
