package core

import (
	"context"
	"fmt"

	"golang.org/x/text/language"
)

// Text is a sentence or name in the two languages of the house.
type Text struct {
	En string `json:"en" yaml:"en"`
	Ru string `json:"ru" yaml:"ru"`
}

// T writes a Text: English first, as in the code, then Russian.
func T(en, ru string) Text { return Text{En: en, Ru: ru} }

// Textf formats both languages with the same arguments; use %[n]v where the order differs.
func Textf(en, ru string, args ...any) Text {
	return Text{En: fmt.Sprintf(en, args...), Ru: fmt.Sprintf(ru, args...)}
}

// In is the text in the reader's language, or in the other when it is written in that one alone.
func (t Text) In(lang Language) string {
	if t.En == "" || lang == Russian && t.Ru != "" {
		return t.Ru
	}
	return t.En
}

// Language is one of the two languages that texts are kept in.
type Language string

const (
	English Language = "en"
	Russian Language = "ru"
)

var matcher = language.NewMatcher([]language.Tag{language.English, language.Russian})

// ParseAcceptLanguage picks the reader's language from the header's value (RFC 9110, section
// 12.5.4); English when it names neither.
func ParseAcceptLanguage(header string) Language {
	if header == "" {
		return English
	}
	tags, _, err := language.ParseAcceptLanguage(header)
	if err != nil {
		return English
	}
	if _, i, _ := matcher.Match(tags...); i == 1 {
		return Russian
	}
	return English
}

type languageKey struct{}

// WithLanguage puts the reader's language into the context.
func WithLanguage(ctx context.Context, lang Language) context.Context {
	return context.WithValue(ctx, languageKey{}, lang)
}

// LanguageOf is the reader's language; English when nobody said.
func LanguageOf(ctx context.Context) Language {
	if lang, ok := ctx.Value(languageKey{}).(Language); ok {
		return lang
	}
	return English
}
