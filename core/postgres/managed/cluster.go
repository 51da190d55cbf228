package managed

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// initPrefix marks a cluster that is still being made; whatever bears it at the
// next start was cut short.
const initPrefix = "postgres.init-"

// clusterMajor is the version that made the cluster, 0 when there is none yet.
func clusterMajor(cluster string) (int, error) {
	text, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, noCluster(cluster)
	}
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("read the cluster's version: %w", err)
	}
	return major, nil
}

// noCluster refuses a folder in the cluster's place that is not one: it may be
// a damaged cluster, which must never be initialised over.
func noCluster(cluster string) error {
	_, err := os.Lstat(cluster)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cluster folder: %w", err)
	}
	return fmt.Errorf("%s is there but holds no Postgres cluster (no PG_VERSION): restore it from a backup or move it away", cluster)
}

// ensureCluster makes the cluster where there is none. initdb works in a sibling
// folder and the result is renamed into place: whoever is killed in between
// leaves a folder that sweep removes, never half a cluster.
func (s *starter) ensureCluster(ctx context.Context, bin binaries) error {
	s.sweep()
	if major, err := clusterMajor(s.layout.cluster); err != nil || major != 0 {
		return err
	}
	s.cfg.Progress("creating the database cluster in " + s.layout.cluster + " (only once)")
	// C.UTF-8 sorts by code point on every machine, so an upgrade of the system's
	// libraries cannot corrupt an index, and still folds the case of Cyrillic.
	err := s.initdb(ctx, bin, "C.UTF-8")
	if err != nil && strings.Contains(err.Error(), "invalid locale name") {
		err = s.initdb(ctx, bin, "C")
	}
	return err
}

func (s *starter) initdb(ctx context.Context, bin binaries, locale string) error {
	dir, err := os.MkdirTemp(s.layout.root, initPrefix)
	if err != nil {
		return fmt.Errorf("create the cluster: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := s.account.own(dir); err != nil {
		return fmt.Errorf("create the cluster: %w", err)
	}
	args := []string{"--pgdata=" + dir, "--username=" + superuser, "--encoding=UTF8",
		"--locale=" + locale, "--lc-messages=C", "--auth=peer", "--data-checksums"}
	if s.cfg.Volatile {
		args = append(args, "--no-sync")
	}
	if out, err := runOut(ctx, s.account.command(dir, bin.path("initdb"), args...)); err != nil {
		return fmt.Errorf("initdb: %w\n%s", err, lastLines(out))
	}
	if err := os.Rename(dir, s.layout.cluster); err != nil {
		return fmt.Errorf("create the cluster: %w", err)
	}
	return syncDir(s.layout.root)
}

// sweep removes what a killed initdb left. It is only tidying: a leftover that
// cannot be removed does no harm, so it does not stop the start.
func (s *starter) sweep() {
	leftovers, _ := filepath.Glob(filepath.Join(s.layout.root, initPrefix+"*"))
	for _, dir := range leftovers {
		if err := os.RemoveAll(dir); err != nil {
			s.cfg.Log.Warn("leftover of an interrupted initdb stays", "folder", dir, "error", err)
		}
	}
}

// syncDir makes a rename last over a power cut.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
