package managed

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

const oldestMajor = 14

// binaries is one installation: a folder with both postgres and initdb.
type binaries struct {
	dir   string
	major int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// findBinaries picks the installation for the cluster in the data folder. A
// cluster is bound to its major version; a new one gets the newest there is.
func findBinaries(cfg Config, cluster string) (binaries, error) {
	found := installed(searchPath(cfg.Bin))
	if len(found) == 0 && cfg.Bin != "" {
		return binaries{}, fmt.Errorf("no postgres and initdb of version %d or later in %s: %w", oldestMajor, cfg.Bin, ErrNoBinaries)
	}
	if len(found) == 0 {
		return binaries{}, ErrNoBinaries
	}
	want, err := clusterMajor(cluster)
	if err != nil {
		return binaries{}, err
	}
	if want == 0 {
		return newest(found), nil
	}
	for _, b := range found {
		if b.major == want {
			return b, nil
		}
	}
	return binaries{}, fmt.Errorf("%w: %s was made by Postgres %d, found here is only %s: install Postgres %d, "+
		"or carry the data over with pg_upgrade, or choose another --data-dir", ErrVersion, cluster, want, listed(found), want)
}

// searchPath lists folders in the order in which equals are preferred.
func searchPath(bin string) []string {
	if bin != "" {
		return []string{bin}
	}
	var dirs []string
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/libexec/postgresql*",
		"/usr/local/pgsql/bin",
		"/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin",
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
	} {
		// The patterns are constants, so a malformed one cannot occur.
		matches, _ := filepath.Glob(pattern)
		dirs = append(dirs, matches...)
	}
	return append(dirs, filepath.SplitList(os.Getenv("PATH"))...)
}

func installed(dirs []string) []binaries {
	var found []binaries
	seen := map[string]bool{}
	for _, dir := range dirs {
		b := binaries{dir: dir}
		if seen[dir] || !executable(b.path("postgres")) || !executable(b.path("initdb")) {
			continue
		}
		seen[dir] = true
		if b.major = majorOf(b.path("postgres")); b.major >= oldestMajor {
			found = append(found, b)
		}
	}
	return found
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func majorOf(postgres string) int {
	out, err := exec.Command(postgres, "--version").Output()
	if err != nil {
		return 0
	}
	match := regexp.MustCompile(`\(PostgreSQL\) (\d+)`).FindSubmatch(out)
	if match == nil {
		return 0
	}
	major, err := strconv.Atoi(string(match[1]))
	if err != nil {
		return 0
	}
	return major
}

func newest(found []binaries) binaries {
	best := found[0]
	for _, b := range found[1:] {
		if b.major > best.major {
			best = b
		}
	}
	return best
}

func listed(found []binaries) string {
	var parts []string
	for _, b := range found {
		parts = append(parts, fmt.Sprintf("%d (%s)", b.major, b.dir))
	}
	return strings.Join(parts, ", ")
}
