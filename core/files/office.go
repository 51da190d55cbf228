package files

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"path"
	"strings"
)

// directory is the most bytes of an archive that are read to learn what is in it. The library reads
// entries for as long as there are any, and each takes memory.
const directory = 4 << 20

// bounded ends with an error after so many bytes.
type bounded struct {
	io.ReaderAt
	left int
}

func (b *bounded) ReadAt(p []byte, at int64) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, errBroken
	}
	return b.ReaderAt.ReadAt(p, at)
}

// inZip tells office documents, which are archives, from each other and from all other archives.
func inZip(r io.ReaderAt, size int64) (string, error) {
	archive, err := zip.NewReader(&bounded{r, directory}, size)
	if err != nil {
		return "", errBroken
	}
	name := ""
	for _, f := range archive.File {
		switch entry := strings.ToLower(f.Name); {
		case path.Base(entry) == "vbaproject.bin", strings.HasPrefix(entry, "basic/"), strings.HasPrefix(entry, "scripts/"):
			return "", errMacros
		case entry == "word/document.xml":
			name = docx
		case entry == "xl/workbook.xml":
			name = xlsx
		case entry == "ppt/presentation.xml":
			name = pptx
		case entry == "mimetype":
			name = openDocument(f)
		}
	}
	return name, nil
}

// openDocument is what the first entry of an OpenDocument file says; a template is of its document's type.
func openDocument(f *zip.File) string {
	entry, err := f.Open()
	if err != nil {
		return ""
	}
	defer func() { _ = entry.Close() }()
	said, err := io.ReadAll(io.LimitReader(entry, 100))
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSpace(string(said)), "-template")
}

// oleStorage is the container of the office documents before 2007; an installer is one too.
const oleStorage = "application/x-ole-storage"

// classes are the class of the root entry ([MS-CFB], section 2.6.1), by which programs know their documents.
var classes = map[string]string{
	"\x06\x09\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46": word,
	"\x00\x09\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46": word,
	"\x20\x08\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46": excel,
	"\x10\x08\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46": excel,
	"\x10\x8d\x81\x64\x9b\x4f\xcf\x11\x86\xea\x00\xaa\x00\xb9\x29\xe8": powerPoint,
}

// streams are the entries by which a document is known whose root has no class.
var streams = map[string]string{"WordDocument": word, "Workbook": excel, "Book": excel, "PowerPoint Document": powerPoint}

// inStorage reads the first sector of the directory: the root entry and those that follow it.
func inStorage(r io.ReaderAt) (string, error) {
	header := make([]byte, 512)
	if _, err := r.ReadAt(header, 0); err != nil {
		return "", errBroken
	}
	shift := binary.LittleEndian.Uint16(header[30:])
	if shift != 9 && shift != 12 {
		return "", errBroken
	}
	sector := make([]byte, 1<<shift)
	at := (int64(binary.LittleEndian.Uint32(header[48:])) + 1) << shift
	if n, err := r.ReadAt(sector, at); n < 128 || err != nil && !errors.Is(err, io.EOF) {
		return "", errBroken
	}
	if class := string(sector[80:96]); class != string(make([]byte, 16)) {
		return classes[class], nil
	}
	for ; len(sector) >= 128; sector = sector[128:] {
		if name := streams[string(bytes.ReplaceAll(bytes.TrimRight(sector[:64], "\x00"), []byte{0}, nil))]; name != "" {
			return name, nil
		}
	}
	return "", nil
}
