package core

import (
	"strings"
	"unicode/utf8"
)

// Words notes a problem at path unless the text says something, in at most so many characters. A NUL is
// none: the database takes no such text.
func (p *Problems) Words(text string, most int, path ...string) {
	n := utf8.RuneCountInString(strings.TrimSpace(text))
	p.Check(n >= 1 && n <= most && storable(text), Textf("From 1 to %d characters.", "От 1 до %d знаков.", most), path...)
}

// Short is Words for a text that may be left out, or be empty.
func (p *Problems) Short(text *string, most int, path ...string) {
	p.Check(text == nil || utf8.RuneCountInString(*text) <= most && storable(*text), Textf("At most %d characters.", "Не более %d знаков.", most), path...)
}

func storable(text string) bool { return !strings.ContainsRune(text, 0) }

// Trimmed is a text without blanks around it; nil where nothing is left.
func Trimmed(text *string) *string {
	if text == nil {
		return nil
	}
	bare := strings.TrimSpace(*text)
	if bare == "" {
		return nil
	}
	return &bare
}
