package postgres_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core/coretest"
	"github.com/veche-city/veche/core/postgres"
)

// Behind a pooler that shares connections nothing is left on them; values go and come in binary all
// the same.
func TestStatementsWithoutPreparing(t *testing.T) {
	for mode, kept := range map[string]int{"": 1, "exec": 0, "cache_describe": 0} {
		address := coretest.Database(t).Pool.Config().ConnString()
		if mode != "" {
			address += separator(address) + "default_query_exec_mode=" + mode
		}
		db, err := postgres.Open(t.Context(), address, 1)
		if err != nil {
			t.Fatal(err)
		}
		id := uuid.New()
		for range 3 {
			rows, err := db.Query(t.Context(), "SELECT $1::uuid, $2::uuid[], $3::text", [16]byte(id), [][16]byte{id}, "a")
			if err != nil {
				t.Fatalf("%q: %v", mode, err)
			}
			var got [16]byte
			for rows.Next() {
				var all [][16]byte
				var text string
				if err := rows.Scan(&got, &all, &text); err != nil {
					t.Errorf("%q: %v", mode, err)
				}
			}
			if rows.Err() != nil || got != id {
				t.Errorf("%q: got %v, %v", mode, got, rows.Err())
			}
		}
		var statements int
		if err := db.QueryRow("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%uuid[]%' AND statement NOT LIKE '%pg_prepared%'").Scan(&statements); err != nil || statements != kept {
			t.Errorf("%q: %d statements are kept on the connection: %v", mode, statements, err)
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}
}

// separator begins one more setting in an address.
func separator(address string) string {
	if strings.Contains(address, "?") {
		return "&"
	}
	return "?"
}
