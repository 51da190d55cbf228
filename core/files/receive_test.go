package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/veche-city/veche/core"
)

func program() []byte {
	exe := make([]byte, 4096)
	copy(exe, "MZ\x90\x00")
	binary.LittleEndian.PutUint32(exe[60:], 128)
	copy(exe[128:], "PE\x00\x00")
	return exe
}

// What is not taken is told by its content, whatever it is called, and leaves nothing behind.
func TestRefusals(t *testing.T) {
	picture := drawing(64, 48)
	bomb := pngOf(t, picture)
	binary.BigEndian.PutUint32(bomb[16:], 60_000)
	binary.BigEndian.PutUint32(bomb[20:], 60_000)
	fixed := withCRC(bomb)
	macros := archive(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>", "word/vbaProject.bin", "x")
	for name, c := range map[string]struct {
		content []byte
		want    Reason
	}{
		"program.pdf":   {program(), WrongType},
		"photo.jpg":     {program(), WrongType},
		"linux.docx":    {append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 500)...), WrongType},
		"script.txt":    {[]byte("#!/bin/sh\nrm -rf /\n"), WrongType},
		"page.txt":      {[]byte("<!DOCTYPE html><html><script>alert(1)</script></html>"), WrongType},
		"drawing.png":   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), WrongType},
		"packed.docx":   {archive(t, "a.exe", "MZ"), WrongType},
		"program.xlsx":  {archive(t, "META-INF/MANIFEST.MF", "x", "a.class", "x"), WrongType},
		"installer.doc": {storage([]byte("\x84\x10\x0c\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"), "WordDocument"), WrongType},
		"unknown.doc":   {storage(nil, "Something"), WrongType},
		"macros.docx":   {macros, Macros},
		"macros.odt":    {archive(t, "mimetype", "application/vnd.oasis.opendocument.text", "Basic/script.xml", "x"), Macros},
		"broken.docx":   {archive(t, "word/document.xml", "<w/>")[:60], Damaged},
		"bomb.png":      {fixed, PictureTooLarge},
		"cut.jpg":       {jpegOf(t, picture)[:300], Damaged},
		"cut.png":       {pngOf(t, picture)[:60], Damaged},
		"cut.gif":       {gifOf(t, picture)[:900], Damaged},
		"empty.txt":     {nil, Empty},
		"large.txt":     {bytes.Repeat([]byte("word "), 300_000), TooLarge},
		"large.jpg":     {append(jpegOf(t, picture), make([]byte, 2<<20)...), TooLarge},
		"noise":         {[]byte("\x00\x01\x02\x03\x04\x05\x06\x07"), WrongType},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			k := newKeeper(t, Settings{Dir: dir, MaxSize: 1 << 20})
			_, err := k.Receive(t.Context(), newKey(), name, bytes.NewReader(c.content), 0)
			if got := refused(err); got != c.want {
				t.Errorf("refused for %q (%v), want %q", got, err, c.want)
			}
			if files := left(t, dir); len(files) > 0 {
				t.Errorf("left behind: %v", files)
			}
		})
	}
}

// withCRC puts the checksum of a PNG's head right, so that its sizes are believed.
func withCRC(picture []byte) []byte {
	return append(append([]byte{}, picture[:8]...), withChunk(append(make([]byte, 33), picture[33:]...), "IHDR", picture[16:29])[33:]...)
}

func TestWhatIsTaken(t *testing.T) {
	k := newKeeper(t, Settings{})
	picture := drawing(64, 48)
	for name, c := range map[string]struct {
		content    []byte
		mime, want string
		preview    bool
	}{
		"Протокол.pdf":     {[]byte("%PDF-1.7\n1 0 obj\n"), "application/pdf", "Протокол.pdf", false},
		"photo.JPG":        {jpegOf(t, picture), typeJPEG, "photo.JPG", true},
		"photo.exe":        {pngOf(t, picture), typePNG, "photo.exe.png", true},
		"film.gif":         {gifOf(t, picture), typeGIF, "film.gif", true},
		"C:\\docs\\a.docx": {archive(t, "[Content_Types].xml", "<Types/>", "word/document.xml", "<w/>"), docx, "a.docx", false},
		"b.xlsx":           {archive(t, "[Content_Types].xml", "<Types/>", "xl/workbook.xml", "<w/>"), xlsx, "b.xlsx", false},
		"c.pptx":           {archive(t, "ppt/presentation.xml", "<w/>"), pptx, "c.pptx", false},
		"d.odt":            {archive(t, "mimetype", "application/vnd.oasis.opendocument.text", "content.xml", "x"), openText + "text", "d.odt", false},
		"e.doc":            {storage(documentClass), word, "e.doc", false},
		"f.xls":            {storage(nil, "Workbook"), excel, "f.xls", false},
		"g.bat":            {[]byte("Просто текст.\n"), "text/plain", "g.bat.txt", false},
		"h.rtf":            {[]byte(`{\rtf1\ansi text}`), "text/rtf", "h.rtf", false},
		"../../i":          {[]byte("words"), "text/plain", "i.txt", false},
	} {
		key := newKey()
		got, err := k.Receive(t.Context(), key, name, bytes.NewReader(c.content), 0)
		if err != nil || got.Type.MIME != c.mime || got.Name != c.want || got.Preview != c.preview {
			t.Errorf("%s: got %+v, %v", name, got, err)
			continue
		}
		kept := read(t, k.Store, key)
		sum := sha256.Sum256(kept)
		if got.SHA256 != hex.EncodeToString(sum[:]) || got.Size != int64(len(kept)) {
			t.Errorf("%s: hash or size are not those of what is kept", name)
		}
		if c.preview {
			key.Preview = true
			if !bytes.HasPrefix(read(t, k.Store, key), []byte{0xff, soi}) {
				t.Errorf("%s: the preview is no JPEG", name)
			}
		}
	}
	if files := left(t, k.Spool()); len(files) > 0 {
		t.Errorf("left in the spool: %v", files)
	}
}

// broken ends in the middle.
type broken struct{ io.Reader }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrClosedPipe
	}
	return n, err
}

// full is a store that keeps previews and has no room for files.
type full struct{ Store }

func (f full) Put(ctx context.Context, key Key, path, contentType string) error {
	if !key.Preview {
		return errors.New("no room")
	}
	return f.Store.Put(ctx, key, path, contentType)
}

func TestAFailureLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	k := newKeeper(t, Settings{Dir: dir})
	_, err := k.Receive(t.Context(), newKey(), "a.txt", broken{strings.NewReader(strings.Repeat("word ", 10_000))}, 0)
	if !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	k.Store = full{k.Store}
	if _, err = k.Receive(t.Context(), newKey(), "a.jpg", bytes.NewReader(jpegOf(t, drawing(600, 400))), 0); err == nil || refused(err) != "" {
		t.Errorf("got %v", err)
	}
	if files := left(t, dir); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

func TestWithoutAPlaceNothingIsTaken(t *testing.T) {
	k, err := New(t.Context(), Settings{}, nil)
	must(t, err)
	if _, err := k.Receive(t.Context(), newKey(), "a.txt", strings.NewReader("words"), 0); core.CodeOf(err) != core.CodeUnavailable {
		t.Errorf("got %v", err)
	}
}

// endless gives the same words again and again.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		n += copy(p[n:], "many words and more of them\n")
	}
	return len(p), nil
}

// A large file takes no more memory than a small one.
func TestMemoryIsBounded(t *testing.T) {
	k := newKeeper(t, Settings{})
	measure := func(size int64) uint64 {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		_, err := k.Receive(t.Context(), newKey(), "a.txt", io.LimitReader(endless{}, size), 0)
		must(t, err)
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc // all that was ever taken, and so an upper bound
	}
	if grown := measure(50 << 20); grown > 4<<20 {
		t.Errorf("50 MB take %d bytes of memory", grown)
	}
}

// An archive of very many entries is given up, not read into memory.
func TestAnArchiveOfManyEntriesIsRefused(t *testing.T) {
	names := make([]string, 0, 200_000)
	for range 100_000 {
		names = append(names, strings.Repeat("x", 20), "")
	}
	k := newKeeper(t, Settings{})
	_, err := k.Receive(t.Context(), newKey(), "a.docx", bytes.NewReader(archive(t, append(names, "word/document.xml", "")...)), 0)
	if refused(err) != Damaged {
		t.Errorf("got %v", err)
	}
}

func TestSweepSpoolLeavesWhatIsYoung(t *testing.T) {
	k := newKeeper(t, Settings{})
	file, err := k.create()
	must(t, err)
	must(t, file.Close())
	must(t, k.SweepSpool())
	if files := left(t, k.Spool()); len(files) != 1 || files[0] != filepath.Join(k.Spool(), filepath.Base(file.Name())) {
		t.Errorf("left %v", files)
	}
}

// Whatever bytes come, the answer is a file or a refusal.
func FuzzReceive(f *testing.F) {
	for _, seed := range [][]byte{jpegOf(f, drawing(20, 10)), pngOf(f, drawing(20, 10)), gifOf(f, drawing(20, 10)), archive(f, "word/document.xml", "x"), storage(documentClass), program()} {
		f.Add(seed)
		r := rand.New(rand.NewPCG(1, uint64(len(seed))))
		for range 20 {
			changed := bytes.Clone(seed)
			for range 3 {
				changed[r.IntN(len(changed))] = byte(r.Uint32())
			}
			f.Add(changed)
		}
	}
	k := newKeeper(f, Settings{Dir: f.TempDir()})
	f.Fuzz(func(t *testing.T, content []byte) {
		key := newKey()
		if _, err := k.Receive(t.Context(), key, "x", bytes.NewReader(content), 0); err != nil && refused(err) == "" {
			t.Errorf("%v", err)
		}
		must(t, k.Discard(t.Context(), key))
	})
}
