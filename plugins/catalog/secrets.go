package catalog

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// keyFile holds 32 random bytes in hex.
const keyFile = "plugins.key"

// sealer seals secrets with AES-256-GCM under a key that stands outside the database: a secret of the
// operator's, or a file that is made at the first need. Whoever has the database alone reads none.
type sealer struct {
	dir, secret string

	once  sync.Mutex
	block cipher.AEAD
	name  string
	// marking is the key of marks; see Mark.
	marking []byte
}

// ready gives the cipher and the name of its key, which tells one key from another.
func (s *sealer) ready() (cipher.AEAD, string, error) {
	s.once.Lock()
	defer s.once.Unlock()
	if s.block != nil {
		return s.block, s.name, nil
	}
	key, err := s.key()
	if err != nil {
		return nil, "", err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, "", fmt.Errorf("the key of plugins' secrets: %w", err)
	}
	if s.block, err = cipher.NewGCM(block); err != nil {
		return nil, "", fmt.Errorf("the key of plugins' secrets: %w", err)
	}
	sum := sha256.Sum256(append([]byte("veche plugins' secrets: which key"), key...))
	s.name = hex.EncodeToString(sum[:6])
	marking := sha256.Sum256(append([]byte("veche plugins' secrets: marks"), key...))
	s.marking = marking[:]
	return s.block, s.name, nil
}

func (s *sealer) key() ([]byte, error) {
	if s.secret != "" {
		if len(s.secret) < 32 {
			return nil, errors.New("VECHE_PLUGIN_SECRET is shorter than 32 characters: make one by openssl rand -hex 32")
		}
		sum := sha256.Sum256([]byte("veche plugins' secrets: key" + s.secret))
		return sum[:], nil
	}
	path := filepath.Join(s.dir, keyFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := s.create(path); err != nil {
			return nil, err
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the key of plugins' secrets: %w", err)
	}
	key := make([]byte, 32)
	if n, err := hex.Decode(key, text[:min(len(text), 64)]); err != nil || n != 32 {
		return nil, fmt.Errorf("%s holds no key of 64 hex digits: bring it back from a backup, or remove it and set the plugins' secrets anew", path)
	}
	return key, nil
}

// create makes the file whole or not at all; of two processes that do, the first wins.
func (s *sealer) create(path string) error {
	if err := makeDir(s.dir); err != nil {
		return fmt.Errorf("the key of plugins' secrets: %w", err)
	}
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	file, err := os.CreateTemp(s.dir, ".key-*")
	if err != nil {
		return fmt.Errorf("the key of plugins' secrets: %w", err)
	}
	_, err = file.WriteString(hex.EncodeToString(key) + "\n")
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Link(file.Name(), path)
	}
	if err = errors.Join(ignore(err, fs.ErrExist), os.Remove(file.Name())); err != nil {
		return fmt.Errorf("the key of plugins' secrets: %w", err)
	}
	return nil
}

func ignore(err, expected error) error {
	if errors.Is(err, expected) {
		return nil
	}
	return err
}

// seal closes a text up; it opens only at the same place (municipality, plugin, property).
func (s *sealer) seal(text []byte, place string) (string, error) {
	block, _, err := s.ready()
	if err != nil {
		return "", err
	}
	nonce := make([]byte, block.NonceSize())
	_, _ = rand.Read(nonce) // never fails
	return base64.StdEncoding.EncodeToString(block.Seal(nonce, nonce, text, []byte(place))), nil
}

// open undoes seal.
func (s *sealer) open(sealed, under, place string) ([]byte, error) {
	block, name, err := s.ready()
	if err != nil {
		return nil, err
	}
	if name != under {
		return nil, fmt.Errorf("the secrets of %s were sealed under another key: give every replica the same VECHE_PLUGIN_SECRET or %s, or set the secrets anew", place, keyFile)
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil || len(raw) < block.NonceSize() {
		return nil, fmt.Errorf("the secret of %s is damaged: set it anew", place)
	}
	text, err := block.Open(nil, raw[:block.NonceSize()], raw[block.NonceSize():], []byte(place))
	if err != nil {
		return nil, fmt.Errorf("the secret of %s is damaged: set it anew", place)
	}
	return text, nil
}

// Mark stands for a text that may hold secrets, where two of them are compared: it tells nothing of the
// text to who has no key. Without a key each text is another's.
func (c *Catalog) Mark(text string) string {
	_, _, err := c.key.ready()
	if err != nil {
		return rand.Text()
	}
	mac := hmac.New(sha256.New, c.key.marking)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
