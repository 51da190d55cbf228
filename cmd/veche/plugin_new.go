package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/veche-city/veche/plugins/scaffold"
)

// newPlugin begins a plugin.
type newPlugin struct {
	Name  string `arg:"" help:"Short latin name: benches."`
	Lang  string `help:"go or ts." enum:"go,ts" default:"go"`
	Dir   string `help:"Folder to make; ./NAME by default." placeholder:"DIR"`
	Veche string `help:"Folder of Veche's repository, whose SDK is used in place of the released one." type:"existingdir" placeholder:"PATH"`
}

// Run makes the folder, and says how to go on.
func (n *newPlugin) Run() error {
	if n.Dir == "" {
		n.Dir = n.Name
	}
	names, err := scaffold.Write(n.Dir, scaffold.Plugin{Name: n.Name, Lang: n.Lang, Veche: n.Veche})
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s\n%s\n", filepath.Clean(n.Dir), strings.Join(names, ", "), n.next())
	return nil
}

func (n *newPlugin) next() string {
	steps := map[string]string{"go": "go mod tidy && go test ./...", "ts": "npm install && npm test"}[n.Lang]
	text := "Go on: cd " + n.Dir + " && " + steps + ", then veche plugin dev ."
	if _, err := exec.LookPath("npm"); n.Lang == "ts" && err != nil {
		text += "\nIt needs Node 18 or later, with npm."
	}
	if n.Veche == "" {
		text += "\nThe SDK is taken from the release. Where there is none yet, begin anew with --veche and the folder of Veche's repository."
	}
	return text
}
