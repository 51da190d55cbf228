package meetings

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
)

// ResetCalendarFeed makes a new secret address of the caller's own calendar; the one before stops working. Of
// the key only a hash is kept, so a retry under the same Idempotency-Key shows no address.
func (s *Service) ResetCalendarFeed(ctx context.Context, in ResetCalendarFeedInput) (*CalendarFeedPayload, error) {
	answer := &CalendarFeedPayload{ClientMutationID: in.ClientMutationID, UserErrors: []core.UserError{}}
	var path string
	done, err := s.writer.Do(ctx, "resetCalendarFeed", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayRegister, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		person := core.ActorOf(ctx).Person
		if person == uuid.Nil {
			return uuid.Nil, core.Conflict(core.T("Your account belongs to no person, so it has no calendar.", "К вашей учётной записи не привязан человек, поэтому календаря у неё нет."))
		}
		if _, err := tx.NewDelete().Model((*calendarFeed)(nil)).Where("person_id = ?", person).Exec(ctx); err != nil {
			return uuid.Nil, err
		}
		key := newKey()
		if err := insert(ctx, tx, &calendarFeed{ID: core.NewID(), PersonID: person, KeyHash: hashOf(key), MadeAt: tx.Now()}); err != nil {
			return uuid.Nil, err
		}
		id := core.ID{Type: "Person", Key: person}
		path = "/calendar/person/" + id.String() + ".ics?key=" + key
		tx.Changed(core.Change{Kind: core.Updated, Type: "Person", ID: person, After: map[string]any{"calendarFeed": "reset"}})
		return person, nil
	})
	if err != nil {
		return nil, err
	}
	if len(done.UserErrors) > 0 {
		answer.UserErrors = done.UserErrors
	} else if path != "" {
		answer.Path = &path
	}
	return answer, nil
}

// newKey is 256 random bits, as they stand in an address.
func newKey() string {
	var secret [32]byte
	_, _ = rand.Read(secret[:]) // never fails: crypto/rand
	return base64.RawURLEncoding.EncodeToString(secret[:])
}

func hashOf(key string) []byte {
	hash := sha256.Sum256([]byte(key))
	return hash[:]
}

// feedOwner is the person whose calendar the key opens in this municipality, NOT_FOUND when it opens none: a key
// of another town, of another person, one that was reset, or of somebody who may not sign in any more.
func (s *Service) feedOwner(ctx context.Context, id core.ID, key string) (uuid.UUID, error) {
	if id.Type != "Person" || key == "" {
		return uuid.Nil, core.ErrNotFound
	}
	var owners []uuid.UUID
	err := s.reads.DB().NewRaw(`SELECT feed.person_id FROM calendar_feeds AS feed
		JOIN persons AS named ON named.municipality_id = feed.municipality_id AND coalesce(named.merged_into_id, named.id) = feed.person_id
		WHERE feed.municipality_id = ? AND feed.key_hash = ? AND named.id = ?
		AND EXISTS (SELECT FROM accounts AS account WHERE account.municipality_id = feed.municipality_id AND account.person_id = feed.person_id AND account.disabled_at IS NULL)`,
		core.MunicipalityOf(ctx).ID, hashOf(key), id.Key).Scan(ctx, &owners)
	if err != nil {
		return uuid.Nil, fmt.Errorf("calendar: %w", err)
	}
	if len(owners) == 0 {
		return uuid.Nil, core.ErrNotFound
	}
	return owners[0], nil
}

// serve writes the calendar, or says that it has not changed (RFC 9110, section 13).
func (c *calendar) serve(w http.ResponseWriter, r *http.Request) {
	hash := sha256.Sum256([]byte(c.text))
	h := w.Header()
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("ETag", `"`+hex.EncodeToString(hash[:16])+`"`)
	h.Set("Content-Disposition", `inline; filename="meetings.ics"`)
	h.Set("X-Content-Type-Options", "nosniff")
	if c.private {
		h.Set("Cache-Control", "private, no-cache")
		h.Set("Referrer-Policy", "no-referrer")
	} else {
		h.Set("Cache-Control", "public, max-age=300")
	}
	http.ServeContent(w, r, "", c.changed, strings.NewReader(c.text))
}
