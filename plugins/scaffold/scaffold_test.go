package scaffold_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/veche-city/veche/plugins/manifest"
	"github.com/veche-city/veche/plugins/scaffold"
)

const veche = "../.."

func TestWhatCannotBeBegun(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, one := range map[string]struct {
		dir    string
		plugin scaffold.Plugin
		want   string
	}{
		"name":     {"x", scaffold.Plugin{Name: "My-Plugin", Lang: "go"}, "no name of a plugin"},
		"language": {"x", scaffold.Plugin{Name: "benches", Lang: "cobol"}, "go, ts"},
		"veche":    {"x", scaffold.Plugin{Name: "benches", Lang: "ts", Veche: full}, "not the folder of Veche's repository"},
		"folder":   {full, scaffold.Plugin{Name: "benches", Lang: "go"}, "not empty"},
	} {
		if _, err := scaffold.Write(one.dir, one.plugin); err == nil || !strings.Contains(err.Error(), one.want) {
			t.Errorf("%s: %v, want %q", name, err, one.want)
		}
	}
}

// What is made is a plugin by its manifest, and its own README's first steps pass as they stand there.
func TestANewPluginBuildsAndTestsAtOnce(t *testing.T) {
	for lang, program := range map[string]string{"go": "go", "ts": "npm"} {
		t.Run(lang, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "benches")
			names, err := scaffold.Write(dir, scaffold.Plugin{Name: "benches", Lang: lang, Veche: veche})
			if err != nil {
				t.Fatal(err)
			}
			t.Log(names)
			m, err := manifest.Read(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := exec.LookPath(program); err != nil {
				t.Skipf("%s is not installed: scripts/install-node.sh does it", program)
			}
			if _, err := os.Stat(filepath.Join(veche, "plugins/sdk-node/dist/src/index.js")); lang == "ts" && err != nil {
				t.Skip("the SDK for Node is not built: make plugins-node does it")
			}
			readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			steps := regexp.MustCompile("(?s)```sh\n(.*?)```").FindSubmatch(readme)
			shell(t, dir, string(steps[1]))
			out := filepath.Join(t.TempDir(), "plugin")
			shell(t, dir, "export VECHE_OS=linux VECHE_ARCH=amd64 VECHE_OUT="+out+"\n"+m.Build.Run)
			if info, err := os.Stat(out); err != nil || info.Mode()&0o100 == 0 {
				t.Errorf("build.run made no program: %v", err)
			}
		})
	}
}

func shell(t *testing.T, dir, lines string) {
	t.Helper()
	run := exec.Command("sh", "-euc", lines)
	run.Dir = dir
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", lines, err, out)
	}
}
