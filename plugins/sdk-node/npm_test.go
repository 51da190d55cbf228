package sdknode

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
)

// The SDK's own tests, over gRPC to a plugin's process, and those of the example that uses it. CI
// installs Node (scripts/install-node.sh); a machine for Go alone does without.
func TestNode(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("npm is not installed: scripts/install-node.sh does it")
	}
	if _, err := os.Stat("node_modules"); err != nil {
		t.Skip("the SDK's packages are not installed: make plugins-node does it")
	}
	npm(t, ".", "test")
	npm(t, "../examples/snowclearing", "ci", "--no-fund", "--no-audit", "--loglevel=error", "--prefer-offline")
	npm(t, "../examples/snowclearing", "test")
}

var passed = regexp.MustCompile(`(?m)^# pass [1-9]`)

func npm(t *testing.T, dir string, args ...string) {
	t.Helper()
	run := exec.Command("npm", args...)
	run.Dir = dir
	out, err := run.CombinedOutput()
	if err != nil || args[0] == "test" && !passed.Match(out) {
		t.Errorf("npm %s in %s: %v\n%s", args[0], dir, err, out)
	}
}
