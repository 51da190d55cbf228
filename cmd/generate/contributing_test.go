package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The six steps of CONTRIBUTING.md, taken as they stand there, in a copy of the repository: the
// module's folder, one line, one migration, and nothing else.
func TestAModuleInSixSteps(t *testing.T) {
	page, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := regexp.MustCompile("(?s)```(graphql|sql|go)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(steps) != 5 {
		t.Fatalf("%d pieces of code in CONTRIBUTING.md, want the schema, the migration, the types, the card and the writes", len(steps))
	}
	house := t.TempDir()
	for _, part := range []string{"cmd", "core", "graph", "migrations", "modules", "plugins", "go.mod", "go.sum", "gqlgen.yml"} {
		copyTree(t, filepath.Join("../..", part), filepath.Join(house, part))
	}
	imports := func(paths ...string) string {
		return "package monuments\n\nimport (\n\t\"" + strings.Join(paths, "\"\n\t\"") + "\"\n)\n\n"
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(house, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("modules/monuments/monuments.graphqls", steps[0][2])
	write("migrations/09999_monuments.sql", steps[1][2])
	write("modules/monuments/monuments.go", imports("github.com/google/uuid", "github.com/uptrace/bun", module+"/core", module+"/core/postgres", module+"/core/read", module+"/modules/places")+steps[2][2])
	write("modules/monuments/module.go", imports(module+"/core", module+"/core/access", module+"/core/host", module+"/core/read")+steps[3][2])
	write("modules/monuments/service.go", imports("context", "strings", "github.com/google/uuid", module+"/core", module+"/core/access", module+"/core/mutation", module+"/core/read", module+"/modules/places")+steps[4][2])
	list, err := os.ReadFile("../../modules/modules.go")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(list), "import (\n", "import (\n\t\""+module+"/modules/monuments\"\n", 1)
	text = strings.Replace(text, "\t\tplaces,\n", "\t\tplaces,\n\t\tmonuments.New(h),\n", 1)
	write("modules/modules.go", text)

	for _, command := range []string{"run ./cmd/generate", "run ./cmd/veche schema"} {
		run := exec.Command("go", strings.Fields(command)...)
		run.Dir = house
		run.Env = append(os.Environ(), "GOFLAGS=-trimpath") // so that what the copy leaves as it is, is not compiled anew
		out, err := run.CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", command, err, out)
		}
		if strings.HasSuffix(command, "schema") {
			for _, want := range []string{"monuments(first: Int", "type MonumentConnection", "type MonumentPayload", "createMonument("} {
				if !strings.Contains(string(out), want) {
					t.Errorf("the schema has no %s", want)
				}
			}
		}
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || entry.IsDir() {
			return err
		}
		target := filepath.Join(to, rel)
		if rel == "." {
			target = to
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		return os.WriteFile(target, text, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}
