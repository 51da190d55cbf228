package bundle

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

// index is files.json.
type index struct {
	Files []file `json:"files"` // by name
}

type file struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

func (f file) matches(size int64, sum string) error {
	if size != f.Size || sum != f.SHA256 {
		return fmt.Errorf("%s was changed: it is not the file that %s names", f.Name, list)
	}
	return nil
}

var sumPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// parseIndex reads files.json strictly: there is one way to write it.
func parseIndex(text []byte) (index, error) {
	var i index
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&i); err != nil {
		return i, fmt.Errorf("%s: %w", list, err)
	}
	if _, err := decoder.Token(); err != io.EOF { //nolint:errorlint // as Token documents it
		return i, fmt.Errorf("%s: something follows its end", list)
	}
	if len(i.Files) > MaxFiles {
		return i, fmt.Errorf("%s names %d files; at most %d are allowed", list, len(i.Files), MaxFiles)
	}
	var sum int64
	for n, f := range i.Files {
		switch {
		case n > 0 && f.Name <= i.Files[n-1].Name:
			return i, fmt.Errorf("%s: %q: each file stands there once, by name", list, f.Name)
		case !fs.ValidPath(f.Name) || f.Name == list || strings.HasPrefix(f.Name, signatures):
			return i, fmt.Errorf("%s: %q is no name of a file of a bundle", list, f.Name)
		case f.Size < 0 || f.Size > MaxBytes || !sumPattern.MatchString(f.SHA256):
			return i, fmt.Errorf("%s: %s: its size or sha256 is none", list, f.Name)
		}
		if sum += f.Size; sum > MaxBytes {
			return i, fmt.Errorf("the bundle's files are larger than %d bytes together", MaxBytes)
		}
	}
	return i, nil
}

var platformPattern = regexp.MustCompile(`^(any|[a-z0-9]+-[a-z0-9]+)$`)

func checkPlatform(platform string) error {
	if !platformPattern.MatchString(platform) {
		return fmt.Errorf("build.platforms: %q is neither any nor of the form linux-amd64", platform)
	}
	return nil
}

func programName(platform string) string { return "bin/" + platform + "/plugin" }

func isProgram(name string) bool { return strings.HasPrefix(name, "bin/") }
