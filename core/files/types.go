package files

import (
	"io"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// Type is a kind of file that is taken.
type Type struct {
	MIME       string
	Extensions []string // the usual one first
	Inline     bool     // a browser shows it by itself, without a danger
}

func (t Type) extension() string {
	if len(t.Extensions) == 0 {
		return ""
	}
	return t.Extensions[0]
}

const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
	typeGIF  = "image/gif"
	typeWebP = "image/webp"
	typeZip  = "application/zip"

	word       = "application/msword"
	excel      = "application/vnd.ms-excel"
	powerPoint = "application/vnd.ms-powerpoint"
	openXML    = "application/vnd.openxmlformats-officedocument."
	docx       = openXML + "wordprocessingml.document"
	xlsx       = openXML + "spreadsheetml.sheet"
	pptx       = openXML + "presentationml.presentation"
	openText   = "application/vnd.oasis.opendocument."
)

// types is the whole list. What is not on it is not taken: archives, whose content nobody sees;
// pages and drawings that hold programs (HTML, SVG); and every program.
var types = []Type{
	{MIME: "application/pdf", Extensions: []string{".pdf"}, Inline: true},
	{MIME: typeJPEG, Extensions: []string{".jpg", ".jpeg", ".jpe"}, Inline: true},
	{MIME: typePNG, Extensions: []string{".png"}, Inline: true},
	{MIME: typeGIF, Extensions: []string{".gif"}, Inline: true},
	{MIME: typeWebP, Extensions: []string{".webp"}, Inline: true},
	{MIME: word, Extensions: []string{".doc"}},
	{MIME: excel, Extensions: []string{".xls"}},
	{MIME: powerPoint, Extensions: []string{".ppt"}},
	{MIME: docx, Extensions: []string{".docx"}},
	{MIME: xlsx, Extensions: []string{".xlsx"}},
	{MIME: pptx, Extensions: []string{".pptx"}},
	{MIME: openText + "text", Extensions: []string{".odt"}},
	{MIME: openText + "spreadsheet", Extensions: []string{".ods"}},
	{MIME: openText + "presentation", Extensions: []string{".odp"}},
	{MIME: "text/rtf", Extensions: []string{".rtf"}},
	{MIME: "text/plain", Extensions: []string{".txt", ".md", ".log"}},
	{MIME: "text/csv", Extensions: []string{".csv"}},
	{MIME: "audio/mpeg", Extensions: []string{".mp3"}},
	{MIME: "audio/ogg", Extensions: []string{".ogg", ".oga", ".opus"}},
	{MIME: "audio/wav", Extensions: []string{".wav"}},
	{MIME: "audio/flac", Extensions: []string{".flac"}},
	{MIME: "audio/mp4", Extensions: []string{".m4a", ".mp4"}},
	{MIME: "audio/aac", Extensions: []string{".aac"}},
}

// aliases are other names of the same.
var aliases = map[string]string{"audio/x-m4a": "audio/mp4", "application/rtf": "text/rtf", "application/ogg": "audio/ogg", "audio/x-wav": "audio/wav"}

// TypeOf is the type of that name; one that is not on the list has no extension and is not shown.
func TypeOf(mime string) Type {
	if i := slices.IndexFunc(types, func(t Type) bool { return t.MIME == mime }); i >= 0 {
		return types[i]
	}
	return Type{MIME: mime}
}

// sniffed is how much of a file's beginning tells its type.
const sniffed = 3072

// sniff tells the type by the beginning alone. Containers (zip, the old office documents) come back
// as such: only their directory tells.
func sniff(head []byte) string {
	for m := mimetype.Detect(head); m != nil; m = m.Parent() {
		name, _, _ := strings.Cut(m.String(), ";")
		switch {
		case aliases[name] != "":
			return aliases[name]
		case m.Is(typeZip), m.Is(oleStorage):
			return name
		case m.Parent() == nil, m.Is("application/octet-stream"):
			return ""
		}
		if up := m.Parent(); up.Is(typeZip) || up.Is(oleStorage) {
			continue
		}
		return name
	}
	return ""
}

// early refuses by the beginning alone what cannot become one of the list.
func early(head []byte) error {
	switch name := sniff(head); {
	case name == typeZip, name == oleStorage, TypeOf(name).Extensions != nil:
		return nil
	}
	return errType
}

// typeOf tells the type of a whole file by its content.
func typeOf(r io.ReaderAt, size int64) (Type, error) {
	head := make([]byte, min(sniffed, size))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return Type{}, err
	}
	name := sniff(head)
	var err error
	switch name {
	case typeZip:
		name, err = inZip(r, size)
	case oleStorage:
		name, err = inStorage(r)
	}
	if err != nil {
		return Type{}, err
	}
	t := TypeOf(name)
	if t.Extensions == nil {
		return t, errType
	}
	return t, nil
}
