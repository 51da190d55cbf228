package managed

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// roleFunctions let Veche's role make and drop the roles of plugins, and do nothing else to roles. The
// right to create roles would be more than that: before Postgres 16 who has it can give itself the
// right to run programs on the machine. They stand in the database postgres, since roles are the
// cluster's; plugins/host calls them there.
//
// What they hold: only names that begin with plugin_, never a superuser's or one that may pass by
// row security, and a password only as a SCRAM verifier, so that none stands in a log. Veche becomes
// a member of the role, to be able to drop what it owns; the role becomes a member of nothing.
const roleFunctions = `
CREATE OR REPLACE FUNCTION veche_plugin_role(role text, verifier text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF role IS NULL OR role !~ '^plugin_[a-z0-9_-]{1,56}$' OR verifier IS NULL OR verifier !~ '^SCRAM-SHA-256\$4096:' THEN
		RAISE insufficient_privilege USING MESSAGE = 'only roles of plugins are made here, with a SCRAM verifier';
	END IF;
	IF EXISTS (SELECT FROM pg_roles WHERE rolname = role AND (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)) THEN
		RAISE insufficient_privilege USING MESSAGE = 'this role is not a plugin''s';
	END IF;
	BEGIN
		EXECUTE format('CREATE ROLE %I', role);
	EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
	END;
	EXECUTE format('ALTER ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 64 PASSWORD %L', role, verifier);
	IF NOT pg_has_role(session_user, role, 'MEMBER') THEN
		EXECUTE format('GRANT %I TO %I', role, session_user);
	END IF;
END $$;
CREATE OR REPLACE FUNCTION veche_plugin_role_drop(role text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF role IS NULL OR role !~ '^plugin_[a-z0-9_-]{1,56}$' THEN
		RAISE insufficient_privilege USING MESSAGE = 'only roles of plugins are dropped here';
	END IF;
	EXECUTE format('DROP ROLE IF EXISTS %I', role);
END $$;
REVOKE ALL ON FUNCTION veche_plugin_role(text, text), veche_plugin_role_drop(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION veche_plugin_role(text, text), veche_plugin_role_drop(text) TO ` + owner

// provideRoles makes the functions, one start at a time: replacing one function twice at once fails.
func provideRoles(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "BEGIN; SELECT pg_advisory_xact_lock(7824114); "+roleFunctions+"; COMMIT"); err != nil {
		return fmt.Errorf("managed postgres: functions for plugins' roles: %w", err)
	}
	return nil
}
