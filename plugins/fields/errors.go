package fields

import (
	"fmt"
	"slices"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/plugins/contract"
)

// said are the codes that a plugin may answer with.
var said = []core.Code{core.CodeBadUserInput, core.CodeNotFound, core.CodeConflict, core.CodeForbidden, core.CodeUnauthenticated}

// ErrorOf is a plugin's error as the house has it: its words where they are for people, and ours
// where it failed (PLUGIN_ERROR); what it said then is the cause, for the log.
func ErrorOf(e *contract.Error) *core.Error {
	code := core.Code(e.GetCode())
	if !slices.Contains(said, code) || e.GetMessage() == "" {
		return &core.Error{Code: core.CodePluginError, Path: e.GetPath(), Err: fmt.Errorf("%s: %s", e.GetCode(), e.GetMessage()), Text: core.T("The extension that answers this field failed. The rest of the answer stands.", "Расширение, отвечающее за это поле, дало сбой. Остальная часть ответа верна.")}
	}
	return &core.Error{Code: code, Text: core.T(e.Message, e.Message), Path: e.Path}
}

// badResponse is a value that the schema does not allow.
func badResponse(en, ru string) *core.Error {
	return &core.Error{Code: core.CodePluginBadResponse, Text: core.T("The extension that answers this field gave "+en+".", "Расширение, отвечающее за это поле, дало "+ru+".")}
}

var errNull = badResponse("nothing where something must be", "пустое значение там, где оно обязательно")
