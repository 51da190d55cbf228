package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http/httputil"
	"strconv"
)

// reader reads answers from one connection, into memory that it keeps.
type reader struct {
	in   *bufio.Reader
	body bytes.Buffer
}

func newReader(conn io.Reader) *reader { return &reader{in: bufio.NewReaderSize(conn, 64<<10)} }

// read takes one answer whole and checks it.
func (r *reader) read() error {
	status, err := r.in.ReadSlice('\n')
	if err != nil {
		return err
	}
	good := bytes.HasPrefix(status, []byte("HTTP/1.1 200"))
	told := string(bytes.TrimSpace(status[:min(len(status), 40)]))
	length, err := r.headers()
	if err != nil {
		return err
	}
	if err := r.readBody(length); err != nil {
		return err
	}
	body := r.body.Bytes()
	if !good || !bytes.HasPrefix(body, []byte(`{"data":{`)) || bytes.Contains(body, []byte(`"errors":`)) {
		return fmt.Errorf("an answer is not as it should be: %s: %.300s", told, body)
	}
	return nil
}

const chunked = -1

// headers answers the body's length.
func (r *reader) headers() (length int, err error) {
	length = -2
	for {
		line, err := r.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		name, value, found := bytes.Cut(bytes.TrimSpace(line), []byte(": "))
		switch {
		case !found && length == -2:
			return 0, errors.New("an answer does not tell its length")
		case !found:
			return length, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = chunked
		}
	}
}

func (r *reader) readBody(length int) error {
	r.body.Reset()
	if length != chunked {
		_, err := io.CopyN(&r.body, r.in, int64(length))
		return err
	}
	if _, err := r.body.ReadFrom(httputil.NewChunkedReader(r.in)); err != nil {
		return err
	}
	// The chunked reader stops at the last chunk; the empty line behind the trailers is ours.
	end, err := r.in.ReadSlice('\n')
	if err == nil && len(bytes.TrimSpace(end)) > 0 {
		err = errors.New("an answer has trailers")
	}
	return err
}
