package ballot

import (
	"bytes"
	"crypto/hpke"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/cloudflare/circl/group"
	"github.com/cloudflare/circl/secretsharing"
)

// MaxTellers is the most pieces that a key is split into.
const MaxTellers = 16

var (
	// ErrKey is a piece that is mistyped, or of another box.
	ErrKey = errors.New("ballot: not a teller's key of this box")
	// ErrFewKeys are fewer pieces than the box was split for.
	ErrFewKeys = errors.New("ballot: too few tellers' keys")
	// ErrSeal is a ballot that was not sealed for this box and its place in it, or was changed since.
	ErrSeal = errors.New("ballot: a sealed ballot cannot be read")
)

// pieces are numbers of this group: its operations take the same time whatever the secret.
var pieces = group.Ristretto255

func kem() hpke.KEM { return hpke.MLKEM768X25519() }

// NewBox makes the keys of one vote: the public half to seal for, and a piece of the private half for
// each teller, any needed of which read the ballots together. The pieces exist nowhere else.
func NewBox(needed, tellers int) (public []byte, keys []string, err error) {
	if needed < 1 || needed > tellers || tellers > MaxTellers {
		return nil, nil, fmt.Errorf("ballot: %d of %d tellers", needed, tellers)
	}
	secret := pieces.RandomNonZeroScalar(rand.Reader)
	private, err := derive(secret)
	if err != nil {
		return nil, nil, err
	}
	public = private.PublicKey().Bytes()
	for i, share := range secretsharing.New(rand.Reader, uint(needed-1), secret).Share(uint(tellers)) {
		value, err := share.Value.MarshalBinary()
		if err != nil {
			return nil, nil, fmt.Errorf("ballot: %w", err)
		}
		keys = append(keys, piece{needed: needed, number: i + 1, value: value}.write(public))
	}
	return public, keys, nil
}

// derive makes the private half of the secret that the pieces add up to.
func derive(secret group.Scalar) (hpke.PrivateKey, error) {
	raw, err := secret.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("ballot: %w", err)
	}
	private, err := kem().DeriveKeyPair(raw)
	if err != nil {
		return nil, fmt.Errorf("ballot: %w", err)
	}
	return private, nil
}

// Seal closes a ballot so that only the box's tellers read it. place is where it belongs (the vote
// and the voter): moved to another one it is not read.
func Seal(public, place []byte, c Choice) ([]byte, error) {
	key, err := kem().NewPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("ballot: %w", err)
	}
	var t Tally
	if !t.Add(c) {
		return nil, fmt.Errorf("ballot: %q is no choice", c)
	}
	// One byte says it, so that no length tells the choices apart.
	sealed, err := hpke.Seal(key, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), place, []byte{byte(t.Against + 2*t.Abstained)})
	if err != nil {
		return nil, fmt.Errorf("ballot: %w", err)
	}
	return sealed, nil
}

// Sealed is a ballot in the box, with its place.
type Sealed struct{ Place, Content []byte }

// Count reads all ballots and answers what they say together; what each says goes no further than
// this function. One that cannot be read fails the count.
func Count(public []byte, keys []string, ballots []Sealed) (Tally, error) {
	var t Tally
	private, err := open(public, keys)
	if err != nil {
		return t, err
	}
	for _, b := range ballots {
		said, err := hpke.Open(private, hpke.HKDFSHA256(), hpke.ChaCha20Poly1305(), b.Place, b.Content)
		if err != nil || len(said) != 1 || said[0] > 2 {
			return Tally{}, ErrSeal
		}
		t.Add([]Choice{For, Against, Abstained}[said[0]])
	}
	return t, nil
}

// open puts the private half together. A piece given twice counts once.
func open(public []byte, keys []string) (hpke.PrivateKey, error) {
	needed := 1
	given := map[int]secretsharing.Share{}
	for _, key := range keys {
		p, err := readPiece(public, key)
		if err != nil {
			return nil, err
		}
		share := secretsharing.Share{ID: pieces.NewScalar().SetUint64(uint64(p.number)), Value: pieces.NewScalar()}
		if err := share.Value.UnmarshalBinary(p.value); err != nil {
			return nil, ErrKey
		}
		needed, given[p.number] = p.needed, share
	}
	if len(given) < needed {
		return nil, ErrFewKeys
	}
	shares := make([]secretsharing.Share, 0, len(given))
	for _, share := range given {
		shares = append(shares, share)
	}
	secret, err := secretsharing.Recover(uint(needed-1), shares)
	if err != nil {
		return nil, ErrKey
	}
	private, err := derive(secret)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(private.PublicKey().Bytes(), public) {
		return nil, ErrKey
	}
	return private, nil
}
