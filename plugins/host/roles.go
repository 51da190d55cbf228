package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/veche-city/veche/core"
)

// errRoles is what an operator is told whose database lets Veche make no roles.
var errRoles = &core.Error{Code: core.CodeUnavailable, Text: core.T(
	"Plugins that keep data need a database role each, and the database user of Veche may make none. Give it the right (ALTER ROLE … CREATEROLE), or let Veche run its own Postgres.",
	"Плагинам, которые хранят данные, нужны собственные роли базы данных, а пользователь базы, под которым работает Вече, не может их создавать. Дайте ему это право (ALTER ROLE … CREATEROLE) либо доверьте Вече собственный Postgres.")}

// errTemp is the same for a database that is not Veche's own.
var errTemp = &core.Error{Code: core.CodeUnavailable, Text: core.T(
	"The database lets every role make temporary tables or tables in the schema public, and its owner alone can change that: REVOKE TEMPORARY ON DATABASE … FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC.",
	"База данных разрешает любой роли создавать временные таблицы или таблицы в схеме public; изменить это может только её владелец: REVOKE TEMPORARY ON DATABASE … FROM PUBLIC; REVOKE CREATE ON SCHEMA public FROM PUBLIC.")}

// ensure makes role and schema, and checks that the role has nothing beside. It may be repeated, and is
// at each start: a backup that was put back on another server has the schema, and no role.
func (s *store) ensure(ctx context.Context) error {
	secret, err := s.host.secrets.get(ctx, s.host.DB)
	if err != nil {
		return err
	}
	verifier, err := verifierOf(passwordOf(secret, s.role))
	if err != nil {
		return err
	}
	return pgx.BeginFunc(ctx, s.host.DB.Pool, func(tx pgx.Tx) error {
		// One store at a time, of all: two changes of one database's rights at once fail.
		if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock(7824115)"); err != nil {
			return err
		}
		if err := s.host.makeRole(ctx, tx, s.role, verifier); err != nil {
			return err
		}
		if err := s.makeSchema(ctx, tx); err != nil {
			return fmt.Errorf("schema %s: %w", s.schema, err)
		}
		if err := s.takeBack(ctx, tx); err != nil {
			return fmt.Errorf("schema %s: %w", s.schema, err)
		}
		return s.bounded(ctx, tx)
	})
}

// makeRole makes the role by Veche's own right to make roles, or through the functions of a managed
// server (core/postgres/managed), which stand in its database postgres.
func (h *Host) makeRole(ctx context.Context, tx pgx.Tx, role, verifier string) error {
	var may, there bool
	err := tx.QueryRow(ctx, `SELECT (SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user),
		EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, role).Scan(&may, &there)
	if err != nil {
		return err
	}
	if !may {
		return h.managed(ctx, "SELECT veche_plugin_role($1, $2)", role, verifier)
	}
	verb := "CREATE"
	if there {
		verb = "ALTER"
	}
	_, err = tx.Exec(ctx, fmt.Sprintf("%s ROLE %s LOGIN NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 64 PASSWORD '%s'", verb, quote(role), verifier))
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, "GRANT "+quote(role)+" TO CURRENT_USER")
	return err
}

func (h *Host) managed(ctx context.Context, sql string, args ...any) error {
	config := h.DB.Pool.Config().ConnConfig.Copy()
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return errors.Join(errRoles, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	_, err = conn.Exec(ctx, sql, args...)
	var told *pgconn.PgError
	if errors.As(err, &told) && (told.Code == "42883" || told.Code == "42501") { // no such function, not allowed
		return errors.Join(errRoles, err)
	}
	return err
}

// makeSchema makes what the house owns of the plugin's schema. The role may make tables in it, and owns
// those; the schema itself, so that it can be dropped whole, and the two tables are the house's.
func (s *store) makeSchema(ctx context.Context, tx pgx.Tx) error {
	words := strings.NewReplacer("SCHEMA_", quote(s.schema), "ROLE_", quote(s.role))
	for _, statement := range []string{
		"CREATE SCHEMA IF NOT EXISTS SCHEMA_",
		"REVOKE ALL ON SCHEMA SCHEMA_ FROM PUBLIC",
		"GRANT USAGE, CREATE ON SCHEMA SCHEMA_ TO ROLE_",
		`CREATE TABLE IF NOT EXISTS SCHEMA_.veche_outbox (
			seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, batch text NOT NULL, seal bytea NOT NULL)`,
		`CREATE TABLE IF NOT EXISTS SCHEMA_.veche_values (
			key text COLLATE "C" PRIMARY KEY, value jsonb NOT NULL, version bigint NOT NULL)`,
		"REVOKE ALL ON SCHEMA_.veche_outbox, SCHEMA_.veche_values FROM PUBLIC, ROLE_",
		"GRANT INSERT (id, batch, seal) ON SCHEMA_.veche_outbox TO ROLE_",
		"GRANT SELECT, INSERT, UPDATE, DELETE ON SCHEMA_.veche_values TO ROLE_",
	} {
		if _, err := tx.Exec(ctx, words.Replace(statement)); err != nil {
			return err
		}
	}
	return nil
}

// takeBack gives the role what stands in its schema and belongs to somebody else, as after a backup was
// put back where the role was not there.
func (s *store) takeBack(ctx context.Context, tx pgx.Tx) error {
	rows, err := tx.Query(ctx, `WITH of AS (SELECT to_regnamespace(quote_ident($1::text)) AS schema, to_regrole(quote_ident($2::text)) AS role)
		SELECT format('ALTER %s %I.%I OWNER TO %I', CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, $1::text, c.relname, $2::text)
		FROM of JOIN pg_class AS c ON c.relnamespace = of.schema AND c.relkind IN ('r', 'p', 'v', 'm', 'S') AND c.relname NOT IN ('veche_outbox', 'veche_values')
			AND c.relowner <> of.role AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))
		UNION ALL SELECT format('ALTER ROUTINE %s OWNER TO %I', p.oid::regprocedure, $2::text) FROM of JOIN pg_proc AS p ON p.pronamespace = of.schema AND p.proowner <> of.role
		UNION ALL SELECT format('ALTER TYPE %I.%I OWNER TO %I', $1::text, t.typname, $2::text)
		FROM of JOIN pg_type AS t ON t.typnamespace = of.schema AND t.typtype IN ('e', 'd') AND t.typowner <> of.role`, s.schema, s.role)
	if err != nil {
		return err
	}
	statements, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, statement := range statements {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// bounded takes from everybody what would reach beyond the schema, and refuses a database in which the
// role has it all the same.
func (s *store) bounded(ctx context.Context, tx pgx.Tx) error {
	var database string
	var owner bool
	if err := tx.QueryRow(ctx, "SELECT datname, pg_has_role(datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()").Scan(&database, &owner); err != nil {
		return err
	}
	if owner {
		for _, statement := range []string{"REVOKE TEMPORARY ON DATABASE " + quote(database) + " FROM PUBLIC", "REVOKE CREATE ON SCHEMA public FROM PUBLIC"} {
			if _, err := tx.Exec(ctx, statement); err != nil {
				return err
			}
		}
	}
	var beyond bool
	err := tx.QueryRow(ctx, `SELECT has_database_privilege($1, current_database(), 'TEMPORARY') OR has_database_privilege($1, current_database(), 'CREATE') OR has_schema_privilege($1, 'public', 'CREATE')`, s.role).Scan(&beyond)
	if err == nil && beyond {
		return errTemp
	}
	return err
}

// erase drops the schema with all that is in it, and the role.
func (s *store) erase(ctx context.Context) error {
	var there bool
	err := s.host.DB.Pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)", s.role).Scan(&there)
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.host.DB.Pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "DROP SCHEMA IF EXISTS "+quote(s.schema)+" CASCADE"); err != nil || !there {
			return err
		}
		_, err := tx.Exec(ctx, "DROP OWNED BY "+quote(s.role)) // and what it may have outside: large objects
		return err
	})
	if err != nil || !there {
		return err
	}
	var may bool
	if err := s.host.DB.Pool.QueryRow(ctx, "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").Scan(&may); err != nil {
		return err
	}
	if !may {
		return s.host.managed(ctx, "SELECT veche_plugin_role_drop($1)", s.role)
	}
	_, err = s.host.DB.Pool.Exec(ctx, "DROP ROLE IF EXISTS "+quote(s.role))
	return err
}
