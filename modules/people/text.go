package people

import (
	"net/mail"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
	"golang.org/x/text/unicode/norm"

	"github.com/veche-city/veche/core"
)

// clean puts a text into the form in which it is kept: one form of each letter (й typed as и with a
// sign above would never be found), no blanks around.
func clean(s string) string { return strings.TrimSpace(norm.NFC.String(s)) }

// words cleans a text in place and checks that it has least to most characters and none that is no
// writing: Postgres keeps no NUL, and nobody reads the others.
func words(p *core.Problems, s *string, least, most int, path ...string) {
	*s = clean(*s)
	n := utf8.RuneCountInString(*s)
	p.Check(n >= least && n <= most, core.Textf("Write %[1]d to %[2]d characters.", "Напишите от %[1]d до %[2]d знаков.", least, most), path...)
	p.Check(written(*s), core.T("This holds characters that are not writing. Type it anew.", "Здесь есть знаки, которые не являются текстом. Наберите заново."), path...)
}

func written(s string) bool {
	return utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) < 0
}

// given is words for a text that may be missing. It puts a new text in the place of the old, which
// is the caller's.
func given(p *core.Problems, s **string, least, most int, path ...string) {
	if *s == nil {
		return
	}
	text := **s
	words(p, &text, least, most, path...)
	*s = &text
}

// nameIn is words for a part of a name: with single blanks within, so that the parts join to a name.
func nameIn(p *core.Problems, s *string, least int, path ...string) {
	words(p, s, least, mostName, path...)
	*s = strings.Join(strings.Fields(*s), " ")
}

// nameGiven is nameIn for a part that may be missing.
func nameGiven(p *core.Problems, s **string, least int, path ...string) {
	if *s == nil {
		return
	}
	text := **s
	nameIn(p, &text, least, path...)
	*s = &text
}

// maybe is given for a text that may be empty, which is then taken for missing.
func maybe(p *core.Problems, s **string, most int, path ...string) {
	if given(p, s, 0, most, path...); *s != nil && **s == "" {
		*s = nil
	}
}

// ordered checks that a period does not end before it begins.
func ordered(p *core.Problems, startsOn core.Date, endsOn *core.Date) {
	p.Check(endsOn == nil || !endsOn.Before(startsOn), core.T("The last day is before the first.", "Последний день раньше первого."), "input", "endsOn")
}

const (
	homeRegion  = "RU" // numbers written without + are read as Russian
	mostContact = 10
)

// phoneNumbers writes the numbers in E.164, each once.
func phoneNumbers(p *core.Problems, given []string, path ...string) []string {
	p.Check(len(given) <= mostContact, core.Textf("At most %d.", "Не больше %d.", mostContact), path...)
	numbers := []string{}
	for _, s := range given {
		n, err := phonenumbers.Parse(s, homeRegion)
		if err != nil || !phonenumbers.IsValidNumber(n) {
			p.Check(false, core.T("There is no such telephone number. Write it as +7 913 123-45-67.", "Такого номера телефона нет. Пишите так: +7 913 123-45-67."), path...)
			continue
		}
		if e164 := phonenumbers.Format(n, phonenumbers.E164); !slices.Contains(numbers, e164) {
			numbers = append(numbers, e164)
		}
	}
	return numbers
}

// emailAddresses checks that each is a bare address (RFC 5322, without a name), each once.
func emailAddresses(p *core.Problems, given []string, path ...string) []string {
	p.Check(len(given) <= mostContact, core.Textf("At most %d.", "Не больше %d.", mostContact), path...)
	addresses := []string{}
	for _, s := range given {
		s = clean(s)
		a, err := mail.ParseAddress(s)
		if err != nil || a.Address != s || len(s) > 254 || !written(s) {
			p.Check(false, core.T("This is not an e-mail address. Write it as name@example.org.", "Это не адрес электронной почты. Пишите так: name@example.org."), path...)
			continue
		}
		if !slices.Contains(addresses, s) {
			addresses = append(addresses, s)
		}
	}
	return addresses
}
