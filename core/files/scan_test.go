package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

// fakeClamd is a daemon that finds what contains the word virus, and answers with too much that it is too much.
func fakeClamd(t *testing.T, limit int) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				_, _ = io.WriteString(conn, serveClamd(bufio.NewReader(conn), limit))
			}()
		}
	}()
	return "tcp://" + l.Addr().String()
}

func serveClamd(r *bufio.Reader, limit int) string {
	if command, err := r.ReadString(0); err != nil || command != "zINSTREAM\x00" {
		return "UNKNOWN COMMAND\x00"
	}
	var all bytes.Buffer
	for {
		var size [4]byte
		if _, err := io.ReadFull(r, size[:]); err != nil {
			return ""
		}
		n := binary.BigEndian.Uint32(size[:])
		if n == 0 {
			break
		}
		if _, err := io.CopyN(&all, r, int64(n)); err != nil {
			return ""
		}
		if all.Len() > limit {
			return "INSTREAM size limit exceeded. ERROR\x00"
		}
	}
	if bytes.Contains(all.Bytes(), []byte("virus")) {
		return "stream: Test.Virus FOUND\x00"
	}
	return "stream: OK\x00"
}

// A scanner is asked before a file counts as received; where it cannot look, nothing is taken.
func TestScanners(t *testing.T) {
	down, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := "tcp://" + down.Addr().String()
	must(t, down.Close())
	for name, c := range map[string]struct {
		scan, content string
		reason        Reason
		code          core.Code
	}{
		"clamd, clean":      {fakeClamd(t, 1<<20), strings.Repeat("words ", 50_000), "", ""},
		"clamd, infected":   {fakeClamd(t, 1<<20), strings.Repeat("words ", 50_000) + "virus", Infected, ""},
		"clamd, too large":  {fakeClamd(t, 1000), strings.Repeat("words ", 500), "", core.CodeUnavailable},
		"clamd, down":       {nobody, "words", "", core.CodeUnavailable},
		"command, clean":    {"cat", "words", "", ""},
		"command, infected": {"grep -v words", "words", Infected, ""},
		"command, gives up": {"grep -E ( -", "words", "", core.CodeUnavailable},
		"no scanner":        {"", "virus", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k := newKeeper(t, Settings{Dir: dir, Scan: c.scan})
			_, err := k.Receive(t.Context(), newKey(), "a.txt", strings.NewReader(c.content), 0)
			if refused(err) != c.reason || c.code != "" && core.CodeOf(err) != c.code || c.code == "" && c.reason == "" && err != nil {
				t.Errorf("got %v", err)
			}
			if files := left(t, dir); err != nil && len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}
