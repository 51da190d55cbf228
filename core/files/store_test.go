package files

import (
	"bytes"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

func s3Settings(t *testing.T) S3Settings {
	t.Helper()
	backend := s3mem.New()
	must(t, backend.CreateBucket("veche"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	return S3Settings{Endpoint: server.URL, Region: "us-east-1", Bucket: "veche", AccessKey: "key", SecretKey: "secret"}
}

// Both stores keep to the same rules.
func TestStores(t *testing.T) {
	folder, err := NewFolder(t.TempDir())
	must(t, err)
	bucket, err := NewS3(t.Context(), s3Settings(t))
	must(t, err)
	for name, s := range map[string]Store{"folder": folder, "s3": bucket} {
		t.Run(name, func(t *testing.T) {
			key, other := newKey(), newKey()
			other.File = key.File
			content := bytes.Repeat([]byte("bytes of a file "), 1000)
			if _, err := s.Open(t.Context(), key); !errors.Is(err, ErrAbsent) {
				t.Errorf("before it is there: %v", err)
			}
			dir := t.TempDir()
			if name == "folder" {
				dir = filepath.Join(folder.root.Name())
			}
			path := filepath.Join(dir, "incoming-file")
			must(t, os.WriteFile(path, content, 0o600))
			must(t, s.Put(t.Context(), key, path, "text/plain"))
			if !bytes.Equal(read(t, s, key), content) {
				t.Error("it gives other bytes than it got")
			}
			blob, err := s.Open(t.Context(), key)
			must(t, err)
			_, err = blob.Seek(-5, io.SeekEnd)
			must(t, err)
			if end, err := io.ReadAll(blob); err != nil || string(end) != "file " {
				t.Errorf("the end is %q, %v", end, err)
			}
			must(t, blob.Close())
			preview := key
			preview.Preview = true
			for _, absent := range []Key{other, preview} {
				if _, err := s.Open(t.Context(), absent); !errors.Is(err, ErrAbsent) {
					t.Errorf("%s: %v", absent, err)
				}
			}
			must(t, s.Remove(t.Context(), other))
			must(t, s.Remove(t.Context(), key))
			must(t, s.Remove(t.Context(), key))
			if _, err := s.Open(t.Context(), key); !errors.Is(err, ErrAbsent) {
				t.Errorf("after its removal: %v", err)
			}
		})
	}
}

func TestAKeeperOverS3(t *testing.T) {
	dir := t.TempDir()
	k := newKeeper(t, Settings{Dir: dir, S3: s3Settings(t)})
	key := newKey()
	got, err := k.Receive(t.Context(), key, "photo.jpg", bytes.NewReader(withSegment(jpegOf(t, drawing(900, 600)), app1, gpsEXIF(6))), 0)
	must(t, err)
	kept := read(t, k.Store, key)
	if int64(len(kept)) != got.Size || bytes.Contains(kept, []byte(secret)) || !got.Preview {
		t.Errorf("kept %d bytes, said %+v", len(kept), got)
	}
	if files := left(t, dir); len(files) > 0 {
		t.Errorf("left on the disk: %v", files)
	}
	must(t, k.Discard(t.Context(), key))
	if _, err := k.Store.Open(t.Context(), key); !errors.Is(err, ErrAbsent) {
		t.Errorf("after its removal: %v", err)
	}
}

func TestWrongSettingsStopTheStart(t *testing.T) {
	good := s3Settings(t)
	absent, foreign := good, good
	absent.Bucket = "nothing"
	foreign.Endpoint = "s3.example.org"
	for name, settings := range map[string]Settings{
		"no such bucket": {S3: absent}, "no address": {S3: foreign}, "no such scanner": {Scan: "/no/such/program -"}, "scanner by http": {Scan: "http://localhost"},
	} {
		settings.Dir = t.TempDir()
		if _, err := New(t.Context(), settings, quiet()); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
