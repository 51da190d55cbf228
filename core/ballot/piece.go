package ballot

import (
	"crypto/sha256"
	"encoding/base32"
	"strings"
)

// piece is one teller's part of a box's private half.
type piece struct {
	needed, number int
	value          []byte
}

const (
	valueSize = 32
	checkSize = 3
	group5    = 5 // letters in a row, as they are printed
)

var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// write is the piece as a teller notes it down: letters and digits in groups, with a check that tells
// a slip of the pen, and another vote's key, from a right one.
func (p piece) write(public []byte) string {
	raw := append([]byte{byte(p.needed), byte(p.number)}, p.value...)
	text := letters.EncodeToString(append(raw, checkOf(public, raw)...))
	var out strings.Builder
	for len(text) > group5 {
		out.WriteString(text[:group5] + "-")
		text = text[group5:]
	}
	return out.String() + text
}

// readPiece reads what write wrote; case, spaces and hyphens do not matter.
func readPiece(public []byte, text string) (piece, error) {
	raw, err := letters.DecodeString(strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(text)))
	if err != nil || len(raw) != 2+valueSize+checkSize {
		return piece{}, ErrKey
	}
	said, check := raw[:2+valueSize], raw[2+valueSize:]
	p := piece{needed: int(said[0]), number: int(said[1]), value: said[2:]}
	if string(check) != string(checkOf(public, said)) || p.needed < 1 || p.number < 1 || p.needed > MaxTellers || p.number > MaxTellers {
		return piece{}, ErrKey
	}
	return p, nil
}

func checkOf(public, raw []byte) []byte {
	sum := sha256.Sum256(append(append([]byte("veche ballot box"), public...), raw...))
	return sum[:checkSize]
}
