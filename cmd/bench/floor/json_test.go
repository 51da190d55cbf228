package floor

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/veche-city/veche/core"
)

func marshalled(m graphql.Marshaler) string {
	var out bytes.Buffer
	m.MarshalGQL(&out)
	return out.String()
}

func equal(t *rapid.T, want string, got []byte) {
	t.Helper()
	if string(got) != want {
		t.Fatalf("veche writes %s, the floor %s", want, got)
	}
}

// What the floor writes by hand is what Veche's types write.
func TestWritesAsVeche(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		equal(t, marshalled(graphql.MarshalString(text)), appendText(nil, []byte(text)))

		given, patronymic := rapid.String().Draw(t, "given"), rapid.StringMatching(`[а-яё]*`).Draw(t, "patronymic")
		parts := slices.DeleteFunc([]string{text, given, patronymic}, func(part string) bool { return part == "" })
		equal(t, marshalled(graphql.MarshalString(strings.Join(parts, " "))), appendName(nil, []byte(text), []byte(given), []byte(patronymic)))

		id := core.ID{Type: rapid.SampledFrom([]string{"Person", "Council", "Membership"}).Draw(t, "type"), Key: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "key"))}
		equal(t, marshalled(id), appendID(nil, id.Type, id.Key[:]))
		if key, err := parseID(id.String(), id.Type); err != nil || key != id.Key {
			t.Fatalf("%s was read as %v: %v", id, key, err)
		}

		days := rapid.Int32Range(-100_000, 100_000).Draw(t, "days")
		equal(t, marshalled(core.NewDate(2000, time.January, 1).AddDays(int(days))), appendDate(nil, binary.BigEndian.AppendUint32(nil, uint32(days))))

		micros := rapid.Int64Range(-1e15, 1e15).Draw(t, "microseconds")
		moment := time.UnixMicro(epoch.UnixMicro() + micros).UTC()
		equal(t, marshalled(core.MarshalDateTime(moment)), appendTime(nil, binary.BigEndian.AppendUint64(nil, uint64(micros))))

		equal(t, marshalled(graphql.MarshalInt64(micros)), appendInt(nil, binary.BigEndian.AppendUint64(nil, uint64(micros))))
		equal(t, marshalled(graphql.MarshalInt32(days)), appendInt(nil, binary.BigEndian.AppendUint32(nil, uint32(days))))
	})
}

func TestNull(t *testing.T) {
	for _, got := range [][]byte{appendText(nil, nil), appendInt(nil, nil), appendDate(nil, nil), appendTime(nil, nil)} {
		if string(got) != null {
			t.Errorf("no value is written as %s", got)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, id := range []string{"", "?", core.ID{Type: "Person", Key: uuid.New()}.String(), core.ID{Type: "Council"}.String()[:12]} {
		if _, err := parseID(id, "Council"); err == nil {
			t.Errorf("%q was taken for a council's id", id)
		}
	}
	for _, text := range []string{"", "?", "bm90IEpTT04", "eyJ2IjoxLCJrIjpbImEiXX0"} {
		if _, _, err := parseCursor(text); err == nil {
			t.Errorf("%q was taken for a cursor", text)
		}
	}
	for _, id := range []string{"", "?", core.ID{Type: "Venue", Key: uuid.New()}.String(), core.ID{Type: "Council"}.String()[:12]} {
		if _, _, err := parseNodeID(id); err == nil {
			t.Errorf("%q was taken for an id that nodes finds", id)
		}
	}
	if _, err := find("Drop"); err == nil {
		t.Error("an unknown operation was found")
	}
	q := &asked{}
	if err := json.Unmarshal([]byte(`{"variables": {"on": "yesterday"}}`), q); err != nil {
		t.Fatal(err)
	}
	if _, err := communityCouncils(context.Background(), &server{}, q, nil); err == nil {
		t.Error("yesterday was taken for a date")
	}
	council, person := core.ID{Type: "Council", Key: uuid.New()}.String(), core.ID{Type: "Person", Key: uuid.New()}.String()
	for _, ids := range [][2]string{{person, person}, {council, council}, {"", person}, {council, "?"}} {
		q.Variables.Council, q.Variables.Person = ids[0], ids[1]
		if _, err := q.seat(); err == nil {
			t.Errorf("%v were taken for a body and a person", ids)
		}
	}
}
