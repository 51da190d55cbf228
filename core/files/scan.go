package files

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os/exec"
	"strings"
)

// Scanner looks for what a file must not hold. An error is that it could not look: the file is then
// not taken, and may be sent again.
type Scanner interface {
	// Scan answers what was found; empty: nothing.
	Scan(ctx context.Context, r io.Reader) (found string, err error)
}

func newScanner(setting string) (Scanner, error) {
	if setting == "" {
		return nil, nil
	}
	if at, err := url.Parse(setting); err == nil {
		switch {
		case at.Scheme == "tcp" && at.Host != "":
			return clamd{"tcp", at.Host}, nil
		case at.Scheme == "unix" && at.Path != "":
			return clamd{"unix", at.Path}, nil
		case at.Scheme != "":
			return nil, fmt.Errorf("files: %q is no scanner: write tcp://host:port or unix:///path of a clamd, or a command", setting)
		}
	}
	words := strings.Fields(setting)
	if _, err := exec.LookPath(words[0]); err != nil {
		return nil, fmt.Errorf("files: the scanner's command: %w", err)
	}
	return command(words), nil
}

// clamd speaks INSTREAM with a ClamAV daemon: chunks with their lengths, and one of none at the end
// (clamd(8)). StreamMaxLength of clamd must be the largest file at least.
type clamd struct{ network, address string }

const chunk = 64 << 10

func (c clamd) Scan(ctx context.Context, r io.Reader) (string, error) {
	conn, err := new(net.Dialer).DialContext(ctx, c.network, c.address)
	if err != nil {
		return "", fmt.Errorf("clamd: %w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	sent := send(conn, r)
	answer, err := bufio.NewReader(conn).ReadString(0)
	if err != nil {
		return "", fmt.Errorf("clamd: %w", errors.Join(sent, err))
	}
	answer = strings.TrimPrefix(strings.TrimSuffix(answer, "\x00"), "stream: ")
	switch found, isFound := strings.CutSuffix(answer, " FOUND"); {
	case isFound:
		return found, nil
	case answer == "OK" && sent == nil:
		return "", nil
	}
	return "", fmt.Errorf("clamd: it answers %q: %w", answer, errors.Join(sent, errUnscanned))
}

var errUnscanned = errors.New("the file was not scanned")

func send(w io.Writer, r io.Reader) error {
	if _, err := io.WriteString(w, "zINSTREAM\x00"); err != nil {
		return err
	}
	buffer := make([]byte, 4+chunk)
	for {
		n, err := r.Read(buffer[4:])
		if n > 0 {
			binary.BigEndian.PutUint32(buffer, uint32(n))
			if _, err := w.Write(buffer[:4+n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			_, err = w.Write(make([]byte, 4))
			return err
		}
		if err != nil {
			return err
		}
	}
}

// command runs a program over the file: clamdscan - and clamscan - are such.
type command []string

func (c command) Scan(ctx context.Context, r io.Reader) (string, error) {
	cmd := exec.CommandContext(ctx, c[0], c[1:]...)
	cmd.Stdin = r
	err := cmd.Run()
	var ended *exec.ExitError
	switch {
	case err == nil:
		return "", nil
	case errors.As(err, &ended) && ended.ExitCode() == 1:
		return "found by " + c[0], nil
	}
	return "", fmt.Errorf("scan by %s: %w", c[0], err)
}
