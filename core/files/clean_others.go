package files

import (
	"bufio"
	"encoding/binary"
	"io"
	"slices"
)

// pngKept are the chunks that make a picture, its colours and its movement; the others may tell of it
// (eXIf, tEXt, iTXt, zTXt, tIME).
var pngKept = []string{"IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "sBIT", "pHYs", "bKGD", "acTL", "fcTL", "fdAT", "cICP"}

// cleanPNG copies those chunks, up to the end of the picture.
func cleanPNG(w *bufio.Writer, r *bufio.Reader, _ int64) (found, error) {
	learnt := found{orientation: 1}
	if _, err := io.CopyN(w, r, 8); err != nil {
		return learnt, errBroken
	}
	for {
		head, err := r.Peek(8)
		if err != nil {
			return learnt, errBroken
		}
		name, whole := string(head[4:]), 12+int64(binary.BigEndian.Uint32(head))
		into := io.Writer(w)
		if !slices.Contains(pngKept, name) {
			into = io.Discard
		}
		if _, err := io.CopyN(into, r, whole); err != nil {
			return learnt, errBroken
		}
		if name == "IEND" {
			return learnt, nil
		}
	}
}

// cleanWebP copies the chunks but EXIF and XMP. The sizes and flags that speak of them are put right:
// the whole is known only at the end, so that what is left out becomes a chunk of zeros that no reader knows.
func cleanWebP(w *bufio.Writer, r *bufio.Reader, size int64) (found, error) {
	learnt := found{orientation: 1}
	var head [12]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return learnt, errBroken
	}
	left := int64(binary.LittleEndian.Uint32(head[4:])) - 4
	if left > size-12 {
		return learnt, errBroken
	}
	_, _ = w.Write(head[:])
	for left >= 8 {
		chunk := make([]byte, 8)
		if _, err := io.ReadFull(r, chunk); err != nil {
			return learnt, errBroken
		}
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		length += length & 1
		if left -= 8 + length; left < 0 {
			return learnt, errBroken
		}
		if err := copyChunk(w, r, chunk, length); err != nil {
			return learnt, err
		}
	}
	return learnt, nil
}

// The flags of VP8X that say that EXIF and XMP are there (RFC 9649, section 2.7).
const webpTells = 0x08 | 0x04

func copyChunk(w *bufio.Writer, r *bufio.Reader, head []byte, length int64) error {
	switch string(head[:4]) {
	case "EXIF", "XMP ":
		copy(head, "VOID")
		_, _ = w.Write(head)
		if _, err := io.CopyN(io.Discard, r, length); err != nil {
			return errBroken
		}
		for range length {
			_ = w.WriteByte(0)
		}
		return nil
	case "VP8X":
		flags, err := r.ReadByte()
		if err != nil || length < 1 {
			return errBroken
		}
		_, _ = w.Write(append(head, flags&^webpTells))
		length--
	default:
		_, _ = w.Write(head)
	}
	if _, err := io.CopyN(w, r, length); err != nil {
		return errBroken
	}
	return nil
}

// Blocks of a GIF (GIF89a, appendix A).
const (
	gifExtension, gifImage, gifTrailer = 0x21, 0x2c, 0x3b
	gifApplication, gifComment         = 0xff, 0xfe
)

// cleanGIF copies the blocks but comments and applications' own, save those that say how often the
// film is repeated.
func cleanGIF(w *bufio.Writer, r *bufio.Reader, _ int64) (found, error) {
	learnt := found{orientation: 1}
	head, err := r.Peek(13)
	if err != nil {
		return learnt, errBroken
	}
	if _, err := io.CopyN(w, r, 13+colours(head[10])); err != nil {
		return learnt, errBroken
	}
	for {
		kind, err := r.Peek(2)
		if err != nil && (len(kind) == 0 || kind[0] != gifTrailer) {
			return learnt, errBroken
		}
		switch kind[0] {
		case gifTrailer:
			_ = w.WriteByte(gifTrailer)
			return learnt, nil
		case gifExtension:
			err = copyExtension(w, r, kind[1])
		case gifImage:
			err = copyFrame(w, r)
		default:
			err = errBroken
		}
		if err != nil {
			return learnt, err
		}
	}
}

// colours is the length of the table of colours that the flags announce.
func colours(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (1 + flags&7)
}

func copyExtension(w *bufio.Writer, r *bufio.Reader, label byte) error {
	into := w
	if label == gifApplication {
		name, err := r.Peek(14)
		if err != nil {
			return errBroken
		}
		if s := string(name[3:]); s != "NETSCAPE2.0" && s != "ANIMEXTS1.0" {
			into = nil
		}
	}
	if label == gifComment {
		into = nil
	}
	if into == nil {
		into = bufio.NewWriter(io.Discard)
	}
	if _, err := io.CopyN(into, r, 2); err != nil {
		return errBroken
	}
	return copyBlocks(into, r)
}

func copyFrame(w *bufio.Writer, r *bufio.Reader) error {
	head, err := r.Peek(10)
	if err != nil {
		return errBroken
	}
	if _, err := io.CopyN(w, r, 10+colours(head[9])+1); err != nil {
		return errBroken
	}
	return copyBlocks(w, r)
}

// copyBlocks copies blocks, each behind its length, up to the one of none.
func copyBlocks(w *bufio.Writer, r *bufio.Reader) error {
	for {
		n, err := r.Peek(1)
		if err != nil {
			return errBroken
		}
		length := int64(n[0])
		if _, err := io.CopyN(w, r, 1+length); err != nil {
			return errBroken
		}
		if length == 0 {
			return nil
		}
	}
}
