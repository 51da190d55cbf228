// Package files takes files in, keeps them and gives them out. It knows nothing of municipalities'
// rows: the module files says whose a file is and who may see it.
//
// A file comes in through Keeper.Receive, in this order: it is written to a spool on the local disk
// (whatever its size, the memory used is the same), told by its content, checked as its type wants
// it (office documents, pictures), scanned, cleaned of a picture's metadata (the place where it was
// taken above all), hashed, and only then put into the store, together with a picture's preview. A
// file that is refused (Refusal) has never been in the store; after any other error nothing of it is
// left there either.
//
// The store is a folder (Folder) or S3-compatible storage (S3). A key is made of ids alone and
// begins with the municipality's: no path comes from outside, and no two towns share one.
//
// Addresses (Signer) bear what they are for, until when and for whom; they are no right by
// themselves: whoever serves them asks for the rights of the one they name.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/datadir"
)

// Settings are the operator's choices.
type Settings struct {
	// Dir is the folder of files; with S3 only of those that are coming in. Empty: files are refused.
	Dir string
	S3  S3Settings
	// MaxSize is the largest file in bytes; 0: DefaultMaxSize.
	MaxSize int64
	// Scan is the address of a clamd (tcp://host:port, unix:///path) or a command that reads a file
	// from its standard input and ends with 0 (clean) or 1 (not). Empty: files are not scanned.
	Scan string
}

const (
	// DefaultMaxSize is 100 MB.
	DefaultMaxSize = 100 << 20
	// MaxPixels is the largest picture. It is compared with what the picture says of itself, before
	// anything is decoded.
	MaxPixels = 64 << 20
)

// Keeper takes files in and gives them out. It is safe for concurrent use.
type Keeper struct {
	Store   Store
	MaxSize int64

	scanner Scanner
	spool   string
	log     *slog.Logger
	drawing chan struct{} // one picture at a time is decoded, so that its memory is needed once
}

// New makes a keeper. Without a folder it is one that refuses every file.
func New(ctx context.Context, settings Settings, log *slog.Logger) (*Keeper, error) {
	k := &Keeper{Store: nowhere{}, MaxSize: settings.MaxSize, log: log, drawing: make(chan struct{}, 1)}
	if k.MaxSize <= 0 {
		k.MaxSize = DefaultMaxSize
	}
	if settings.Dir == "" {
		return k, nil
	}
	k.spool = filepath.Join(settings.Dir, "incoming")
	if err := errors.Join(datadir.Make(filepath.Dir(settings.Dir)), os.MkdirAll(k.spool, 0o700)); err != nil {
		return nil, fmt.Errorf("files: %w; --files-dir names another folder", err)
	}
	var err error
	if k.scanner, err = newScanner(settings.Scan); err != nil {
		return nil, err
	}
	if k.scanner == nil {
		log.InfoContext(ctx, "files are not scanned for viruses: no scanner is set (--scan-files)")
	}
	if settings.S3.Endpoint != "" {
		k.Store, err = NewS3(ctx, settings.S3)
	} else {
		k.Store, err = NewFolder(settings.Dir)
	}
	return k, err
}

// Spool is the folder of what is coming in; empty: the system's own.
func (k *Keeper) Spool() string { return k.spool }

// Key names what is kept: a file, or its preview.
type Key struct {
	Municipality, File uuid.UUID
	Preview            bool
}

// String is the key as stores write it. It holds nothing but ids.
func (k Key) String() string {
	s := k.Municipality.String() + "/" + k.File.String()
	if k.Preview {
		return s + ".preview"
	}
	return s
}

// Received is what is known of a file that was taken in: of the bytes as they are kept.
type Received struct {
	Name    string // clean, with an extension that fits the content
	Type    Type
	Size    int64
	SHA256  string // in hexadecimal digits
	Preview bool
}

// Store keeps blobs under keys. A blob is written once and never changed.
type Store interface {
	// Put takes over the file at that path: whether it moves or copies it is its own matter. What it
	// answers without an error is on the disk for good.
	Put(ctx context.Context, key Key, path, contentType string) error
	// Open is ErrAbsent when there is no such blob.
	Open(ctx context.Context, key Key) (io.ReadSeekCloser, error)
	// Remove is no error when there is no such blob.
	Remove(ctx context.Context, key Key) error
}

// ErrAbsent is what Open answers for a blob that is not there.
var ErrAbsent = core.ErrNotFound

// nowhere is the store of a house without a folder for files.
type nowhere struct{}

var errNowhere = &core.Error{Code: core.CodeUnavailable, Text: core.T("No place for files is set up on this server.", "На этом сервере не настроено хранилище файлов.")}

func (nowhere) Put(context.Context, Key, string, string) error       { return errNowhere }
func (nowhere) Open(context.Context, Key) (io.ReadSeekCloser, error) { return nil, ErrAbsent }
func (nowhere) Remove(context.Context, Key) error                    { return nil }

// Discard removes a file with its preview.
func (k *Keeper) Discard(ctx context.Context, key Key) error {
	for _, preview := range []bool{true, false} {
		key.Preview = preview
		if err := k.Store.Remove(ctx, key); err != nil {
			return fmt.Errorf("files: remove: %w", err)
		}
	}
	return nil
}

// stale is how old something in the spool is that no request can be writing any more.
const stale = 24 * time.Hour

// SweepSpool removes what processes that died have left in the spool.
func (k *Keeper) SweepSpool() error {
	if k.spool == "" {
		return nil
	}
	entries, err := os.ReadDir(k.spool)
	if err != nil {
		return fmt.Errorf("files: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && time.Since(info.ModTime()) > stale {
			_ = os.Remove(filepath.Join(k.spool, entry.Name())) // another replica may have been first
		}
	}
	return nil
}
