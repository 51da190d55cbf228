package files

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/veche-city/veche/core"
)

// Receive takes a file in under the key. Of limit bytes (0: of the keeper's MaxSize) no more is read
// than shows that it is larger. An error that is no Refusal, and no error of the reader, is ours.
func (k *Keeper) Receive(ctx context.Context, key Key, name string, r io.Reader, limit int64) (Received, error) {
	if k.spool == "" {
		return Received{}, errNowhere
	}
	if limit <= 0 || limit > k.MaxSize {
		limit = k.MaxSize
	}
	t := &taking{keeper: k, ctx: ctx, key: key}
	defer t.end()
	got, err := t.take(name, r, limit)
	if err != nil && t.kept { // the context may have ended, and this must be done all the same
		err = errors.Join(err, k.Discard(context.WithoutCancel(ctx), key))
	}
	return got, err
}

// taking is one file on its way in.
type taking struct {
	keeper *Keeper
	ctx    context.Context
	key    Key
	files  []*os.File // in the spool
	paths  []string
	kept   bool // something may be in the store
}

func (t *taking) take(name string, r io.Reader, limit int64) (got Received, err error) {
	file, err := t.spool(r, limit)
	if err != nil {
		return got, err
	}
	info, err := file.Stat()
	if err != nil {
		return got, fmt.Errorf("files: %w", err)
	}
	if got.Type, err = typeOf(file, info.Size()); err != nil {
		return got, err
	}
	if err := t.scan(file); err != nil {
		return got, err
	}
	if f, isPicture := forms[got.Type.MIME]; isPicture {
		if file, err = t.picture(f, file, info.Size(), &got); err != nil {
			return got, err
		}
	}
	got.Name = CleanName(name, got.Type)
	if got.SHA256, got.Size, err = hash(file); err != nil {
		return got, err
	}
	return got, t.keep(t.key, file.Name(), got.Type.MIME)
}

// spool writes what comes to the disk, and ends as soon as it is known that it will not be taken.
func (t *taking) spool(r io.Reader, limit int64) (*os.File, error) {
	head := make([]byte, min(sniffed, limit+1))
	n, err := io.ReadFull(r, head)
	if head = head[:n]; err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	if n == 0 {
		return nil, errEmpty
	}
	if err := early(head); err != nil {
		return nil, err
	}
	file, err := t.create()
	if err != nil {
		return nil, err
	}
	if _, err := file.Write(head); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	rest, err := io.Copy(file, io.LimitReader(r, limit+1-int64(n)))
	switch {
	case err != nil:
		return nil, err
	case int64(n)+rest > limit:
		return nil, refuseTooLarge(limit)
	}
	return file, nil
}

// scanTime is how long a scanner may look at a file.
const scanTime = 4 * time.Minute

// scan has the file looked at as it came.
func (t *taking) scan(file *os.File) error {
	if t.keeper.scanner == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(t.ctx, scanTime)
	defer cancel()
	virus, err := t.keeper.scanner.Scan(ctx, io.NewSectionReader(file, 0, 1<<62))
	if err != nil {
		t.keeper.log.ErrorContext(t.ctx, "a file could not be scanned and was not taken", "error", err)
		return &core.Error{Code: core.CodeUnavailable, Text: core.T("The file could not be scanned for viruses just now. Send it again later.", "Проверить файл антивирусом сейчас не удалось. Отправьте его позже."), Err: err}
	}
	if virus != "" {
		t.keeper.log.WarnContext(t.ctx, "a file was refused by the scanner", "found", virus)
		return errVirus
	}
	return nil
}

// picture cleans a picture, and makes its preview.
func (t *taking) picture(f form, file *os.File, size int64, got *Received) (*os.File, error) {
	config, err := f.measure(file)
	if err != nil {
		return nil, err
	}
	clean, err := t.create()
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(clean)
	learnt, err := f.clean(w, bufio.NewReader(io.NewSectionReader(file, 0, size)), size)
	if err != nil {
		return nil, err
	}
	if err := w.Flush(); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	path, made, err := t.keeper.preview(t.ctx, clean, got.Type, config, learnt)
	if err != nil || !made {
		return clean, err
	}
	t.paths = append(t.paths, path)
	key := t.key
	key.Preview, got.Preview = true, true
	return clean, t.keep(key, path, typeJPEG)
}

func (t *taking) keep(key Key, path, contentType string) error {
	t.kept = true
	return t.keeper.Store.Put(t.ctx, key, path, contentType)
}

func (k *Keeper) create() (*os.File, error) {
	file, err := os.CreateTemp(k.spool, "*")
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	return file, nil
}

func (t *taking) create() (*os.File, error) {
	file, err := t.keeper.create()
	if err != nil {
		return nil, err
	}
	t.files, t.paths = append(t.files, file), append(t.paths, file.Name())
	return file, nil
}

// end leaves nothing in the spool.
func (t *taking) end() {
	for _, file := range t.files {
		_ = file.Close()
	}
	for _, path := range t.paths {
		_ = os.Remove(path) // the folder's store has moved it away
	}
}

func hash(file *os.File) (sum string, size int64, err error) {
	h := sha256.New()
	if size, err = io.Copy(h, io.NewSectionReader(file, 0, 1<<62)); err != nil {
		return "", 0, fmt.Errorf("files: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), size, nil
}
