package bundle

import (
	"archive/zip"
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const card = `name: weather
version: 1.0.0
contract: 1
title: {ru: Погода, en: Weather}
prefix: Weather
schema: schema.graphql
migrations: migrations
build:
  run: printf '#!/bin/sh\necho %s' "$VECHE_OS/$VECHE_ARCH" > "$VECHE_OUT"
  platforms: [any, linux-amd64]
`

func folder(t testing.TB, change ...string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"plugin.yaml": strings.NewReplacer(change...).Replace(card), "schema.graphql": "type WeatherDay { id: ID! }",
		"migrations/1.sql": "SELECT 1;", "secret.key": "not to be packed"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func pack(t testing.TB) ([]byte, string) {
	t.Helper()
	var out bytes.Buffer
	digest, err := Pack(folder(t), &out)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), digest
}

func open(text []byte) (*Bundle, error) { return Open(bytes.NewReader(text), int64(len(text))) }

func TestPack(t *testing.T) {
	text, digest := pack(t)
	again, _ := pack(t)
	if !bytes.Equal(text, again) {
		t.Error("the same files gave two bundles")
	}
	b, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	if b.Digest() != digest || b.Manifest().Name != "weather" || !strings.HasPrefix(b.SDL(), "type WeatherDay") {
		t.Errorf("got %s, %v, %s", b.Digest(), b.Manifest(), b.SDL())
	}
	var names []string
	_ = fs.WalkDir(b.FS(), ".", func(path string, d fs.DirEntry, _ error) error {
		if !d.IsDir() {
			names = append(names, path)
		}
		return nil
	})
	if got := strings.Join(names, " "); got != "bin/any/plugin bin/linux-amd64/plugin files.json migrations/1.sql plugin.yaml schema.graphql" {
		t.Errorf("it holds %s", got)
	}
	if program, _ := fs.ReadFile(b.FS(), "bin/linux-amd64/plugin"); string(program) != "#!/bin/sh\necho linux/amd64" {
		t.Errorf("the program is %s", program)
	}
}

func TestPackRefused(t *testing.T) {
	for words, change := range map[string][]string{
		"exit status 3\nbroken": {`printf '#!/bin/sh\necho %s' "$VECHE_OS/$VECHE_ARCH" > "$VECHE_OUT"`, "echo broken; exit 3"},
		"wrote no program":      {`printf '#!/bin/sh\necho %s' "$VECHE_OS/$VECHE_ARCH" > "$VECHE_OUT"`, "true"},
		`"../x" is neither`:     {"any, linux-amd64", `"../x"`},
		"there is no other.sql": {"migrations: migrations", "migrations: other.sql"},
		"schema":                {"schema: schema.graphql", "schema: ../outside"},
		"not a plain file":      {`printf '#!/bin/sh\necho %s' "$VECHE_OS/$VECHE_ARCH" > "$VECHE_OUT"`, `ln -s /etc/passwd $(dirname $VECHE_OUT)/link; touch $VECHE_OUT`},
	} {
		if _, err := Pack(folder(t, change...), io.Discard); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v", words, err)
		}
	}
}

// entry is one of a zip that a test makes by hand.
type entry struct {
	name string
	text []byte
	mode fs.FileMode
}

func entries(t testing.TB, text []byte) []entry {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		t.Fatal(err)
	}
	var all []entry
	for _, f := range r.File {
		content, err := read(f, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry{f.Name, content, 0o644})
	}
	return all
}

func zipped(t testing.TB, all []entry) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, one := range all {
		h := &zip.FileHeader{Name: one.name, Method: zip.Deflate}
		h.SetMode(one.mode)
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = f.Write(one.text)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestOpenRefused(t *testing.T) {
	good, _ := pack(t)
	at := func(all []entry, name string) *entry {
		for i := range all {
			if all[i].name == name {
				return &all[i]
			}
		}
		t.Fatal("no", name)
		return nil
	}
	reindex := func(all []entry, change func(*index)) []entry {
		var i index
		_ = json.Unmarshal(at(all, list).text, &i)
		change(&i)
		at(all, list).text, _ = json.Marshal(i)
		return all
	}
	for words, change := range map[string]func([]entry) []entry{
		"was changed":                func(all []entry) []entry { at(all, "schema.graphql").text[0] ^= 1; return all },
		"schema.graphql was changed": func(all []entry) []entry { e := at(all, "schema.graphql"); e.text = append(e.text, 'x'); return all },
		"migrations/1.sql is missing": func(all []entry) []entry {
			*at(all, "migrations/1.sql") = entry{name: "signatures/a.sig", text: bytes.Repeat([]byte("A"), 88)}
			return all
		},
		"extra.txt is not among": func(all []entry) []entry { return append(all, entry{"extra.txt", nil, 0o644}) },
		"may not lead out":       func(all []entry) []entry { return append(all, entry{"../../etc/cron.d/x", nil, 0o644}) },
		`"/etc/x": a name`:       func(all []entry) []entry { return append(all, entry{"/etc/x", nil, 0o644}) },
		`"a\\b": a name`:         func(all []entry) []entry { return append(all, entry{`a\b`, nil, 0o644}) },
		"nor be a folder":        func(all []entry) []entry { return append(all, entry{"folder/", nil, 0o755}) },
		"not a plain file":       func(all []entry) []entry { at(all, "schema.graphql").mode = fs.ModeSymlink | 0o777; return all },
		`"schema.graphql" twice`: func(all []entry) []entry { return append(all, *at(all, "schema.graphql")) },
		`"SCHEMA.graphql" twice`: func(all []entry) []entry { return append(all, entry{"SCHEMA.graphql", nil, 0o644}) },
		"has no files.json":      func(all []entry) []entry { at(all, list).name = "other.json"; return all },
		"files.json":             func(all []entry) []entry { at(all, list).text = []byte("{"); return all },
		"something follows":      func(all []entry) []entry { e := at(all, list); e.text = append(e.text, "{}"...); return all },
		"each file stands there once": func(all []entry) []entry {
			return reindex(all, func(i *index) { i.Files = append(i.Files, i.Files[0]) })
		},
		"no name of a file":          func(all []entry) []entry { return reindex(all, func(i *index) { i.Files[0].Name = "../x" }) },
		"its size or sha256 is none": func(all []entry) []entry { return reindex(all, func(i *index) { i.Files[0].Size = -1 }) },
		"larger than 268435456 bytes together": func(all []entry) []entry {
			return reindex(all, func(i *index) { i.Files[0].Size, i.Files[1].Size = MaxBytes, MaxBytes })
		},
		"is not a signature": func(all []entry) []entry { return append(all, entry{"signatures/a.sig", []byte("forged"), 0o644}) },
		"bin/any/plugin is missing": func(all []entry) []entry {
			all = reindex(all, func(i *index) { i.Files = i.Files[1:] })
			at(all, "bin/any/plugin").name, at(all, "bin/any/plugin").text = "signatures/a.sig", append(bytes.Repeat([]byte("A"), 86), "=="...)
			return all
		},
		"at most 2000 are allowed": func(all []entry) []entry {
			for i := range MaxFiles + maxSigners {
				all = append(all, entry{fmt.Sprint("f", i), nil, 0o644})
			}
			return all
		},
	} {
		t.Run(words, func(t *testing.T) {
			text := zipped(t, change(entries(t, good)))
			if _, err := open(text); err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("got %v", err)
			}
		})
	}
	if _, err := open([]byte("no zip")); err == nil || !strings.Contains(err.Error(), "is no bundle") {
		t.Errorf("got %v", err)
	}
}

// TestBomb: what unpacks to far more than it says, or to far more than is allowed, is not unpacked.
func TestBomb(t *testing.T) {
	good, _ := pack(t)
	all := entries(t, good)
	for i := range all {
		if all[i].name == "schema.graphql" {
			all[i].text = make([]byte, 64<<20)
		}
	}
	text := zipped(t, all)
	if len(text) > 1<<20 {
		t.Fatal("this is no bomb")
	}
	if _, err := open(text); err == nil || !strings.Contains(err.Error(), "schema.graphql was changed") {
		t.Errorf("got %v", err)
	}
	for i := range all {
		if all[i].name == list {
			all[i].text = bytes.Repeat([]byte(" "), 20<<20)
		}
	}
	if _, err := open(zipped(t, all)); err == nil || !strings.Contains(err.Error(), "files.json is larger than") {
		t.Errorf("got %v", err)
	}
}

// TestEveryByte: no byte of a bundle can be changed without its being refused or without effect.
func TestEveryByte(t *testing.T) {
	good, digest := pack(t)
	for i := range good {
		changed := bytes.Clone(good)
		changed[i] ^= 0x40
		if b, err := open(changed); err == nil {
			if b.Digest() != digest || b.SDL() != "type WeatherDay { id: ID! }" {
				t.Errorf("byte %d may be changed", i)
			}
		}
	}
}

func TestSign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "weather.veche")
	text, digest := pack(t)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	public, private, _ := ed25519.GenerateKey(nil)
	other, otherPrivate, _ := ed25519.GenerateKey(nil)
	stranger, _, _ := ed25519.GenerateKey(nil)
	for _, key := range []ed25519.PrivateKey{private, otherPrivate, private} {
		if err := Sign(path, key); err != nil {
			t.Fatal(err)
		}
	}
	text, _ = os.ReadFile(path)
	b, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]ed25519.PublicKey{"town": public, "author": other} {
		if got, ok := b.SignedBy(map[string]ed25519.PublicKey{name: want, "a": stranger}); !ok || got != name {
			t.Errorf("signed by %q, want %s", got, name)
		}
	}
	if name, ok := b.SignedBy(map[string]ed25519.PublicKey{"stranger": stranger, "short": stranger[:5]}); ok {
		t.Errorf("signed by %s", name)
	}
	if b.Digest() != digest || len(b.signed) != 2 {
		t.Errorf("digest %s, %d signatures", b.Digest(), len(b.signed))
	}
	// A signature of another bundle's is none.
	b.signed[KeyID(public)] = ed25519.Sign(private, []byte("another"))
	if _, ok := b.SignedBy(map[string]ed25519.PublicKey{"town": public}); ok {
		t.Error("a signature of something else is taken")
	}
}

func TestUnpack(t *testing.T) {
	text, digest := pack(t)
	b, err := open(text)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "plugins", digest)
	for range 2 {
		if err := b.Unpack(dir); err != nil {
			t.Fatal(err)
		}
	}
	path, sum, err := Program(dir, b.Manifest())
	if err != nil || !strings.HasPrefix(path, dir+"/bin/") || len(sum) != 64 {
		t.Fatalf("got %s, %s, %v", path, sum, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o555 {
		t.Errorf("the program's mode is %s", info.Mode())
	}
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	schema := filepath.Join(dir, "schema.graphql")
	for words, change := range map[string]func() func(){
		"was changed": func() func() {
			_ = os.Chmod(schema, 0o644)
			_ = os.WriteFile(schema, []byte("type WeatherDay { id: ID? }"), 0o644)
			return func() { _ = os.WriteFile(schema, []byte("type WeatherDay { id: ID! }"), 0o644) }
		},
		"not among": func() func() {
			_ = os.WriteFile(dir+"/new", nil, 0o644)
			return func() { _ = os.Remove(dir + "/new") }
		},
		"missing": func() func() {
			_ = os.Rename(schema, dir+"-away")
			return func() { _ = os.Rename(dir+"-away", schema) }
		},
		"another bundle's": func() func() {
			was, _ := os.ReadFile(dir + "/files.json")
			_ = os.Chmod(dir+"/files.json", 0o644)
			_ = os.WriteFile(dir+"/files.json", append(was, ' '), 0o644)
			return func() { _ = os.WriteFile(dir+"/files.json", was, 0o644) }
		},
	} {
		undo := change()
		if _, _, err := Program(dir, b.Manifest()); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: got %v", words, err)
		}
		if err := b.Unpack(dir); err == nil {
			t.Errorf("%s: it is unpacked over what is there", words)
		}
		undo()
	}
	m := *b.Manifest()
	m.Build.Platforms = []string{"plan9-mips"}
	if _, _, err := Program(dir, &m); err == nil || !strings.Contains(err.Error(), "runs on plan9-mips") {
		t.Errorf("got %v", err)
	}
}
