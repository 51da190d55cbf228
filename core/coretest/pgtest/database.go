package pgtest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"

	"github.com/jackc/pgx/v5"
)

const (
	testPrefix     = "veche_test_"
	templatePrefix = "veche_template_"
	buildingPrefix = "veche_building_"
	// keptTemplates is how many templates outlive a run: a few branches' worth.
	keptTemplates = 8
)

// suffix is a template's name in the database, 63 bytes with the longest prefix.
func (t Template) suffix() (string, error) {
	if !regexp.MustCompile(`^[a-z0-9_]{1,24}$`).MatchString(t.Name) {
		return "", fmt.Errorf("template name %q: 1 to 24 lower-case letters, digits and underscores", t.Name)
	}
	sum := sha256.Sum256([]byte(t.Name + "\x00" + t.Fingerprint))
	return fmt.Sprintf("%s_%x", t.Name, sum[:8]), nil
}

// create makes a test's database. Its lock comes first and lasts as long as the
// session: a database without one belongs to a dead test.
func (s *session) create(ctx context.Context, t Template) (string, error) {
	database := randomName()
	if err := s.lock(ctx, "pg_advisory_lock_shared", lockDatabase, database); err != nil {
		return "", err
	}
	if t.Build == nil {
		return database, s.createFrom(ctx, database, "template0")
	}
	suffix, err := t.suffix()
	if err != nil {
		return "", err
	}
	for {
		done, err := s.copyTemplate(ctx, database, templatePrefix+suffix)
		if err != nil || done {
			return database, err
		}
		if err := s.ensureTemplate(ctx, t, suffix); err != nil {
			return "", fmt.Errorf("build template %s: %w", t.Name, err)
		}
	}
}

// copyTemplate reports false where there is no such template yet. The shared lock
// keeps a sweep from dropping it in between.
func (s *session) copyTemplate(ctx context.Context, database, template string) (done bool, err error) {
	if err := s.lock(ctx, "pg_advisory_lock_shared", lockTemplate, template); err != nil {
		return false, err
	}
	defer func() {
		err = errors.Join(err, s.lock(ctx, "pg_advisory_unlock_shared", lockTemplate, template))
	}()
	if found, err := s.exists(ctx, template); err != nil || !found {
		return false, err
	}
	return true, s.createFrom(ctx, database, template)
}

// ensureTemplate lets one process build while the others wait.
func (s *session) ensureTemplate(ctx context.Context, t Template, suffix string) error {
	template := templatePrefix + suffix
	if err := s.lock(ctx, "pg_advisory_lock", lockTemplate, template); err != nil {
		return err
	}
	found, err := s.exists(ctx, template)
	if err == nil && !found {
		err = s.build(ctx, t, buildingPrefix+suffix, template)
	}
	if err = errors.Join(err, s.lock(ctx, "pg_advisory_unlock", lockTemplate, template)); err != nil || found {
		return err
	}
	return s.sweep(ctx)
}

// build works in a database of another name and renames it when done, so that a
// template is whole or not there. It is then closed to connections, which a copy
// cannot bear.
func (s *session) build(ctx context.Context, t Template, building, template string) error {
	if err := s.drop(ctx, building); err != nil {
		return err
	}
	if err := s.createFrom(ctx, building, "template0"); err != nil {
		return err
	}
	if err := t.Build(ctx, s.url(building)); err != nil {
		return errors.Join(err, s.drop(ctx, building))
	}
	name := pgx.Identifier{building}.Sanitize()
	if _, err := s.conn.Exec(ctx, "ALTER DATABASE "+name+" WITH ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	// A pool that Build has closed may still be hanging up; the renaming waits for it.
	if _, err := s.conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", building); err != nil {
		return err
	}
	_, err := s.conn.Exec(ctx, "ALTER DATABASE "+name+" RENAME TO "+pgx.Identifier{template}.Sanitize())
	return err
}

// sweep drops databases of dead tests, half-built templates and all but the
// newest templates. What someone uses is locked and passed over.
func (s *session) sweep(ctx context.Context) error {
	for _, of := range []struct {
		class        int
		prefix, lock string
		keep         int
	}{
		{lockDatabase, testPrefix, testPrefix, 0},
		{lockTemplate, buildingPrefix, templatePrefix, 0},
		{lockTemplate, templatePrefix, templatePrefix, keptTemplates},
	} {
		// Object numbers grow, so the order is that of making. On a server that
		// others use too, what is not ours to drop is left alone.
		rows, err := s.conn.Query(ctx, `SELECT datname FROM pg_database
			WHERE starts_with(datname, $1) AND pg_has_role(datdba, 'MEMBER')
			ORDER BY oid DESC OFFSET $2`, of.prefix, of.keep)
		if err != nil {
			return err
		}
		names, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := s.dropUnused(ctx, name, of.class, of.lock+name[len(of.prefix):]); err != nil {
				return fmt.Errorf("sweep %s: %w", name, err)
			}
		}
	}
	return nil
}

func (s *session) dropUnused(ctx context.Context, database string, class int, lockName string) error {
	var free bool
	err := s.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, hashtext($2))", class, lockName).Scan(&free)
	if err != nil || !free {
		return err
	}
	return errors.Join(s.drop(ctx, database), s.lock(ctx, "pg_advisory_unlock", class, lockName))
}

func (s *session) lock(ctx context.Context, function string, class int, name string) error {
	_, err := s.conn.Exec(ctx, "SELECT "+function+"($1, hashtext($2))", class, name)
	return err
}

func (s *session) exists(ctx context.Context, database string) (found bool, err error) {
	err = s.conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", database).Scan(&found)
	return found, err
}

func (s *session) createFrom(ctx context.Context, database, template string) error {
	sql := "CREATE DATABASE " + pgx.Identifier{database}.Sanitize() + " TEMPLATE " + pgx.Identifier{template}.Sanitize()
	if s.owner != "" {
		sql += " OWNER " + pgx.Identifier{s.owner}.Sanitize()
	}
	_, err := s.conn.Exec(ctx, sql)
	return err
}

// drop drops a database, and the roles of plugins in it: they are the server's, and bear its number.
func (s *session) drop(ctx context.Context, database string) error {
	rows, err := s.conn.Query(ctx, `SELECT rolname FROM pg_roles JOIN pg_database AS d ON d.datname = $1
		WHERE rolname LIKE 'plugin\_%\_' || d.oid AND (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)`, database)
	if err != nil {
		return err
	}
	roles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	_, err = s.conn.Exec(ctx, "DROP DATABASE IF EXISTS "+pgx.Identifier{database}.Sanitize()+" WITH (FORCE)")
	for _, role := range roles {
		if err == nil {
			_, err = s.conn.Exec(ctx, "DROP ROLE IF EXISTS "+pgx.Identifier{role}.Sanitize())
		}
	}
	return err
}
