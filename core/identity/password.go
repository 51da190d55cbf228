package identity

import (
	_ "embed"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/veche-city/veche/core"
)

// commonPasswords are those that guessers try first, folded, one a line; shorter ones than
// minPassword are refused for their length.
//
//go:embed common.txt
var commonPasswords string

const (
	minPassword, maxPassword = 10, 256 // code points
	longestPassword          = 4096    // bytes, well above what normalizes to maxPassword code points
)

// normalizePassword makes one password of what different keyboards send for the same letters. Text
// longer than any password is cut, so that it can match nothing but costs no more than others.
func normalizePassword(password string) string {
	if len(password) > longestPassword {
		return password[:longestPassword]
	}
	return norm.NFKC.String(password)
}

// checkPassword says whether a folded login may take the password, and answers it normalized.
// field is the input's field that errors name.
func checkPassword(login, password, field string) (string, error) {
	normal := normalizePassword(password)
	n := utf8.RuneCountInString(normal)
	folded := cases.Fold().String(normal)
	switch {
	case !utf8.ValidString(password), n < minPassword, n > maxPassword:
		return "", core.Invalid(core.Textf("A password has %d to %d characters.", "Длина пароля — от %d до %d символов.", minPassword, maxPassword), "input", field)
	case folded == login, strings.Contains(login, "@") && folded == login[:strings.LastIndex(login, "@")]:
		return "", core.Invalid(core.T("The password must not be the login.", "Пароль не должен совпадать с логином."), "input", field)
	case slices.Contains(strings.Fields(commonPasswords), folded), sameLetter(folded):
		return "", core.Invalid(core.T("This password is among the first that are guessed. Take a few unrelated words.",
			"Этот пароль подбирают одним из первых. Возьмите несколько не связанных между собой слов."), "input", field)
	}
	return normal, nil
}

func sameLetter(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return strings.Trim(s, string(first)) == ""
}
