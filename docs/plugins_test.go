// Package docs holds no Go: it is the pages, and these tests keep them true.
package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/veche-city/veche/plugins/scaffold"
)

// asVeche makes this program do what veche plugin new does, for the page's steps.
const asVeche = "VECHE_DOCS_TEST_AS_VECHE"

func TestMain(m *testing.M) {
	if os.Getenv(asVeche) == "" {
		os.Exit(m.Run())
	}
	var c struct {
		Plugin struct {
			New struct {
				Name  string `arg:""`
				Lang  string
				Veche string
			} `cmd:""`
		} `cmd:""`
	}
	parser, err := kong.New(&c)
	if err == nil {
		_, err = parser.Parse(os.Args[1:])
	}
	if err == nil {
		_, err = scaffold.Write(c.Plugin.New.Name, scaffold.Plugin{Name: c.Plugin.New.Name, Lang: c.Plugin.New.Lang, Veche: c.Plugin.New.Veche})
	}
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error() + "\n")
		os.Exit(1)
	}
}

// block is a piece of the page between fences; its marks are the words behind the language.
func blocks(t *testing.T, language, mark string) []string {
	t.Helper()
	page, err := os.ReadFile("plugins.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, found := range regexp.MustCompile("(?ms)^```"+language+"( [a-z]+)?\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		if strings.TrimSpace(found[1]) == mark {
			all = append(all, found[2])
		}
	}
	if len(all) == 0 {
		t.Fatalf("plugins.md has no piece of %s %s", language, mark)
	}
	return all
}

// The steps of the ten minutes, as they stand on the page, in an empty folder beside the repository;
// and the code on the page is what they make.
func TestTenMinutes(t *testing.T) {
	for lang, file := range map[string]string{"go": "main.go", "ts": "src/plugin.ts"} {
		t.Run(lang, func(t *testing.T) {
			needs(t, lang)
			home := at(t)
			shell(t, home, blocks(t, "sh", lang)[0])
			for name, want := range map[string]string{file: blocks(t, lang, "")[0], "benches.graphqls": blocks(t, "graphql", "")[0]} {
				got, err := os.ReadFile(filepath.Join(home, "benches", name))
				if err != nil || string(got) != want {
					t.Errorf("%s of the page is not what the steps make (%v):\n%s", name, err, got)
				}
			}
			if lines := strings.Count(blocks(t, lang, "")[0], "\n"); lines >= 60 {
				t.Errorf("the plugin has %d lines, and the page promises fewer than 60", lines)
			}
		})
	}
}

func needs(t *testing.T, lang string) {
	t.Helper()
	if lang != "ts" {
		return
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed: scripts/install-node.sh does it")
	}
	if _, err := os.Stat("../plugins/sdk-node/dist/src/index.js"); err != nil {
		t.Skip("the SDK for Node is not built: make plugins-node does it")
	}
}

// at is an empty folder with the repository beside it, as after the page's git clone.
func at(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(repository, filepath.Join(home, "veche")); err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n" + asVeche + "=1 exec " + self + " \"$@\"\n"
	if err := os.MkdirAll(filepath.Join(home, "path"), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "path", "veche"), []byte(script), 0o700); err != nil { //nolint:gosec // a program is to be run
		t.Fatal(err)
	}
	return home
}

func shell(t *testing.T, dir, lines string) {
	t.Helper()
	run := exec.Command("sh", "-euc", lines)
	run.Dir = dir
	run.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "path")+":"+os.Getenv("PATH"), "GOWORK=off")
	if out, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", lines, err, out)
	}
}
