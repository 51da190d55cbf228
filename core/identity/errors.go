package identity

import (
	"fmt"
	"math"
	"time"

	"github.com/veche-city/veche/core"
)

// errWrongCredentials is the one answer to an unknown login, a wrong password and an account
// without a password.
func errWrongCredentials() *core.Error {
	return core.Invalid(core.T("The login or the password is wrong.", "Неверный логин или пароль."), "input", "password")
}

// errWrongCode answers unknown, used, replaced and expired codes alike.
func errWrongCode() *core.Error {
	return core.Invalid(core.T("This code is not valid. It may have been used, replaced or have expired: ask for a new one.",
		"Код недействителен. Возможно, он уже использован, заменён или истёк: запросите новый."), "input", "code")
}

// errDisabled is told to whoever has shown the right password only.
func errDisabled() *core.Error {
	return &core.Error{Code: core.CodeForbidden, Text: core.T("This account is disabled. Ask the municipality's administrator.",
		"Учётная запись отключена. Обратитесь к администратору муниципалитета.")}
}

func errEndedToken() *core.Error {
	return &core.Error{Code: core.CodeUnauthenticated, Text: core.T("The token is not valid, has expired or was revoked. Sign in again.",
		"Токен недействителен, истёк или отозван. Войдите снова.")}
}

// RateLimited is a refusal to look at another attempt before RetryAfter has passed. It unwraps to
// a core.Error with code RATE_LIMITED that names the seconds.
type RateLimited struct{ RetryAfter time.Duration }

// Seconds is RetryAfter in whole seconds, at least 1, as Retry-After and the message name it.
func (e *RateLimited) Seconds() int { return max(1, int(math.Ceil(e.RetryAfter.Seconds()))) }

func (e *RateLimited) Error() string {
	return fmt.Sprintf("%s: try again in %d seconds", core.CodeRateLimited, e.Seconds())
}

func (e *RateLimited) Unwrap() error {
	return &core.Error{Code: core.CodeRateLimited, Text: core.Textf("Too many attempts. Try again in %d seconds.",
		"Слишком много попыток. Повторите через %d с.", e.Seconds())}
}
