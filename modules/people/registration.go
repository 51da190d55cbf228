package people

import (
	"strings"

	"github.com/veche-city/veche/core"
)

// The registration numbers of Russian organisations carry check digits.
//
// ОГРН: the 13th digit is the last digit of the remainder of the first twelve, as one number,
// divided by 11 (Annex 1 to the Rules of keeping the register of legal entities, Government Decree
// No 438 of 19 June 2002). ОГРНИП: the 15th is that of the first fourteen divided by 13 (the
// register of sole traders, Decree No 630 of 16 October 2003).
//
// ИНН: its make-up is in Order of the Federal Tax Service No ММВ-7-6/435@ of 29 June 2012, which
// names the check digits; how they are counted is the tax service's known algorithm: the sum of
// the digits before, each by its weight, modulo 11, modulo 10.

// validOGRN says whether s is an ОГРН (13 digits) or ОГРНИП (15 digits).
func validOGRN(s string) bool {
	if !digits(s) || strings.Trim(s, "0") == "" {
		return false
	}
	switch len(s) {
	case 13:
		return remainder(s[:12], 11)%10 == int(s[12]-'0')
	case 15:
		return remainder(s[:14], 13)%10 == int(s[14]-'0')
	default:
		return false
	}
}

// validINN says whether s is the ИНН of an organisation (10 digits) or of a person (12 digits).
func validINN(s string) bool {
	if !digits(s) || strings.HasPrefix(s, "00") { // no region has the code 00
		return false
	}
	weights := [...]int{3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8}
	switch len(s) {
	case 10:
		return weighed(s[:9], weights[2:]) == int(s[9]-'0')
	case 12:
		return weighed(s[:10], weights[1:]) == int(s[10]-'0') && weighed(s[:11], weights[:]) == int(s[11]-'0')
	default:
		return false
	}
}

func digits(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '0' || r > '9' }) < 0
}

// remainder is that of the decimal number s by n.
func remainder(s string, n int) int {
	var rest int
	for _, d := range s {
		rest = (rest*10 + int(d-'0')) % n
	}
	return rest
}

func weighed(s string, weights []int) int {
	var sum int
	for i, d := range s {
		sum += int(d-'0') * weights[i]
	}
	return sum % 11 % 10
}

// registration checks both numbers as typed, blanks taken out, and that they speak of the same sort
// of organisation.
func registration(p *core.Problems, ogrn, inn **string) {
	number(p, ogrn, validOGRN, core.T(
		"This is not an OGRN: 13 digits (15 for a sole trader), the last of which checks the others. Compare it with the paper.",
		"Это не ОГРН: в нём 13 цифр (у ИП — 15), и последняя проверяет остальные. Сверьте его с документом."), "input", "ogrn")
	number(p, inn, validINN, core.T(
		"This is not an INN: 10 digits (12 for a person), the last of which check the others. Compare it with the paper.",
		"Это не ИНН: в нём 10 цифр (у физического лица — 12), и последние проверяют остальные. Сверьте его с документом."), "input", "inn")
	if *ogrn != nil && *inn != nil {
		p.Check((len(**ogrn) == 15) == (len(**inn) == 12), core.T(
			"An OGRN of 13 digits goes with an INN of 10, one of 15 with an INN of 12.",
			"ОГРН из 13 цифр сочетается с ИНН из 10, ОГРНИП из 15 — с ИНН из 12."), "input", "inn")
	}
}

func number(p *core.Problems, s **string, valid func(string) bool, wrong core.Text, path ...string) {
	if *s == nil {
		return
	}
	bare := strings.Join(strings.Fields(**s), "")
	p.Check(valid(bare), wrong, path...)
	*s = &bare
}
