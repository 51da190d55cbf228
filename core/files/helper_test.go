package files

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/veche-city/veche/core"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newKeeper(t testing.TB, settings Settings) *Keeper {
	t.Helper()
	if settings.Dir == "" {
		settings.Dir = t.TempDir()
	}
	k, err := New(t.Context(), settings, quiet())
	must(t, err)
	return k
}

func newKey() Key { return Key{Municipality: core.NewID(), File: core.NewID()} }

// refused is the reason of a refusal; "" for none.
func refused(err error) Reason {
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal.Reason
	}
	return ""
}

// left are the files below a folder.
func left(t testing.TB, dir string) (names []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	}))
	return names
}

func read(t testing.TB, s Store, key Key) []byte {
	t.Helper()
	blob, err := s.Open(context.Background(), key)
	must(t, err)
	defer func() { _ = blob.Close() }()
	all, err := io.ReadAll(blob)
	must(t, err)
	return all
}

// drawing is a picture of which every quarter has a colour of its own.
func drawing(width, height int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{A: 0xff}
			if x < width/2 {
				c.R = 0xf0
			}
			if y < height/2 {
				c.B = 0xf0
			}
			m.SetRGBA(x, y, c)
		}
	}
	return m
}

func jpegOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, jpeg.Encode(&out, m, &jpeg.Options{Quality: 95}))
	return out.Bytes()
}

func pngOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, png.Encode(&out, m))
	return out.Bytes()
}

func gifOf(t testing.TB, m image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	must(t, gif.Encode(&out, m, nil))
	return out.Bytes()
}

// secret stands for the place where a picture was taken.
const secret = "GPS 56.2050 95.7050"

// gpsEXIF is EXIF with an orientation, and the secret behind it.
func gpsEXIF(orientation int) []byte { return append(exifOf(orientation), secret...) }

// withSegment puts a segment behind the beginning of a JPEG.
func withSegment(picture []byte, marker byte, body []byte) []byte {
	out := append([]byte{}, picture[:2]...)
	out = append(out, 0xff, marker)
	out = binary.BigEndian.AppendUint16(out, uint16(len(body)+2))
	return append(append(out, body...), picture[2:]...)
}

// withChunk puts a chunk behind the head of a PNG.
func withChunk(picture []byte, name string, body []byte) []byte {
	const head = 8 + 12 + 13
	out := append([]byte{}, picture[:head]...)
	out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
	out = append(append(out, name...), body...)
	out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(append([]byte(name), body...)))
	return append(out, picture[head:]...)
}

// archive is a zip of those entries.
func archive(t testing.TB, entries ...string) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for i := 0; i < len(entries); i += 2 {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: entries[i], Method: zip.Store})
		must(t, err)
		_, err = io.WriteString(entry, entries[i+1])
		must(t, err)
	}
	must(t, w.Close())
	return out.Bytes()
}

// storage is a document of before 2007: a header, and one sector of a directory.
func storage(class []byte, streams ...string) []byte {
	out := make([]byte, 1024)
	copy(out, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
	binary.LittleEndian.PutUint16(out[26:], 3)
	binary.LittleEndian.PutUint16(out[28:], 0xfffe)
	out[30] = 9
	for i, name := range append([]string{"Root Entry"}, streams...) {
		for j, c := range []byte(name) {
			out[512+128*i+2*j] = c
		}
	}
	copy(out[512+80:], class)
	return out
}

var documentClass = []byte("\x06\x09\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46")

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
