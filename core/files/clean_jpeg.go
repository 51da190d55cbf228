package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// Markers of a JPEG (ITU-T T.81, annex B).
const (
	soi, eoi, sos    = 0xd8, 0xd9, 0xda
	sof2, rst0, rst7 = 0xc2, 0xd0, 0xd7
	app0, app15      = 0xe0, 0xef
	app1, app2       = 0xe1, 0xe2
	app14, com       = 0xee, 0xfe
)

// cleanJPEG copies the segments that make the picture, its colours included, and none of those that
// tell of it: EXIF and XMP (APP1), IPTC (APP13), the others' own, comments. What follows the picture's
// end (further pictures and films with metadata of their own) is left out. How it is to be turned is
// written anew where EXIF said it.
func cleanJPEG(w *bufio.Writer, r *bufio.Reader, _ int64) (found, error) {
	learnt := found{orientation: 1}
	if marker, err := nextMarker(r); err != nil || marker != soi {
		return learnt, errBroken
	}
	_, _ = w.Write([]byte{0xff, soi}) // a bufio.Writer keeps its first error for Flush
	marker, err := nextMarker(r)
	for err == nil {
		var body []byte
		if body, err = segment(r, marker); err != nil {
			break
		}
		learnt.passes = learnt.passes || marker == sof2
		switch {
		case marker == app1:
			if turned := orientationIn(body); turned > 1 && learnt.orientation == 1 {
				learnt.orientation = turned
				writeSegment(w, app1, exifOf(turned))
			}
		case marker == app0, marker == app14, marker == app2 && bytes.HasPrefix(body, []byte("ICC_PROFILE\x00")):
			writeSegment(w, marker, body)
		case marker > app0 && marker <= app15, marker == com:
		default:
			writeSegment(w, marker, body)
		}
		switch marker {
		case eoi:
			return learnt, nil
		case sos:
			marker, err = copyScan(w, r)
		default:
			marker, err = nextMarker(r)
		}
	}
	return learnt, err
}

// nextMarker reads a marker.
func nextMarker(r *bufio.Reader) (byte, error) {
	if c, err := r.ReadByte(); err != nil || c != 0xff {
		return 0, errBroken
	}
	return nextCode(r)
}

// nextCode is what follows the byte 0xff, of which there may be several.
func nextCode(r *bufio.Reader) (byte, error) {
	for {
		c, err := r.ReadByte()
		if err != nil {
			return 0, errBroken
		}
		if c != 0xff {
			return c, nil
		}
	}
}

// bare says whether the marker has no segment.
func bare(marker byte) bool {
	return marker == soi || marker == eoi || marker == 1 || marker >= rst0 && marker <= rst7
}

// segment reads what belongs to the marker, without its length; nil where nothing does.
func segment(r *bufio.Reader, marker byte) ([]byte, error) {
	if bare(marker) {
		return nil, nil
	}
	var length [2]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, errBroken
	}
	n := int(binary.BigEndian.Uint16(length[:])) - 2
	if n < 0 {
		return nil, errBroken
	}
	body := make([]byte, n)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, errBroken
	}
	return body, nil
}

func writeSegment(w *bufio.Writer, marker byte, body []byte) {
	_, _ = w.Write([]byte{0xff, marker})
	if bare(marker) {
		return
	}
	_, _ = w.Write(binary.BigEndian.AppendUint16(nil, uint16(len(body)+2)))
	_, _ = w.Write(body)
}

// copyScan copies the coded points, and answers the marker that ends them.
func copyScan(w *bufio.Writer, r *bufio.Reader) (byte, error) {
	for {
		run, err := r.ReadSlice(0xff)
		if errors.Is(err, bufio.ErrBufferFull) { // a long run without a marker
			_, _ = w.Write(run)
			continue
		}
		if err != nil {
			return 0, errBroken
		}
		_, _ = w.Write(run[:len(run)-1])
		switch marker, err := nextCode(r); {
		case err != nil:
			return 0, err
		case marker == 0 || marker >= rst0 && marker <= rst7:
			_, _ = w.Write([]byte{0xff, marker})
		default:
			return marker, nil
		}
	}
}

const orientationTag = 0x0112

// exifOf is the least EXIF that says how a picture is to be turned: one directory of one entry.
func exifOf(orientation int) []byte {
	exif := []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	exif[25] = byte(orientation)
	return exif
}

// orientationIn finds how a picture is to be turned in its EXIF (CIPA DC-008, section 4.6.4); 0: it is not said.
func orientationIn(body []byte) int {
	tiff, isExif := bytes.CutPrefix(body, []byte("Exif\x00\x00"))
	if !isExif || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 0
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == orientationTag {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
