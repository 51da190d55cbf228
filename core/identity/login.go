package identity

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"github.com/veche-city/veche/core"
)

const maxLogin = 254 // the longest address that SMTP carries (RFC 5321, section 4.5.3.1)

var (
	// loginProfile is UsernameCaseMapped of RFC 8265 with case folding and NFKC, so that no two
	// logins differ only by case or by the form of a letter. The library's bidi rule is left out:
	// it refuses Cyrillic after a digit. Controls of direction are refused by the class.
	loginProfile = precis.NewIdentifier(precis.FoldWidth, precis.FoldCase(), precis.Norm(norm.NFKC))
	userName     = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{M}\p{N}._-]{1,62}[\p{L}\p{N}]$`)
)

// foldLogin is the form in which a login is kept and compared, or an error that says what a login is.
func foldLogin(login string) (string, error) {
	wrong := core.Invalid(core.T("A login is an e-mail address, or 3 to 64 letters, digits, dots, hyphens and underscores.",
		"Логин — это адрес электронной почты либо от 3 до 64 букв, цифр, точек, дефисов и подчёркиваний."), "input", "login")
	if len(login) > 4*maxLogin {
		return "", wrong
	}
	folded, err := loginProfile.String(strings.TrimSpace(login))
	if err != nil || len(folded) > maxLogin {
		return "", wrong
	}
	if strings.Contains(folded, "@") {
		if a, err := mail.ParseAddress(folded); err != nil || a.Address != folded {
			return "", wrong
		}
		return folded, nil
	}
	if !userName.MatchString(folded) {
		return "", wrong
	}
	return folded, nil
}

// checkName is a person's or token's name as it is shown: one line of 1 to 200 characters.
func checkName(name string, field string) (string, error) {
	name = norm.NFC.String(strings.TrimSpace(name))
	n := utf8.RuneCountInString(name)
	if n < 1 || n > 200 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", core.Invalid(core.T("A name is one line of 1 to 200 characters.", "Имя — одна строка от 1 до 200 символов."), "input", field)
	}
	return name, nil
}
