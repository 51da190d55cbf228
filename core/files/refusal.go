package files

import "github.com/veche-city/veche/core"

// Reason is why a file was refused.
type Reason string

const (
	Empty           Reason = "EMPTY"
	TooLarge        Reason = "TOO_LARGE"
	WrongType       Reason = "TYPE"
	Macros          Reason = "MACROS"
	Damaged         Reason = "DAMAGED"
	PictureTooLarge Reason = "PICTURE_TOO_LARGE"
	Infected        Reason = "INFECTED"
)

// Refusal is the error of a file that is not taken, whatever is tried.
type Refusal struct {
	Reason Reason
	Text   core.Text
}

func (r *Refusal) Error() string { return "files: refused: " + r.Text.En }

func refuseTooLarge(limit int64) *Refusal {
	return &Refusal{TooLarge, core.Textf("The file is larger than %d MB, which is the most that is taken.", "Файл больше допустимого размера: %d МБ.", limit>>20)}
}

var (
	errEmpty = &Refusal{Empty, core.T("The file is empty.", "Файл пуст.")}
	errType  = &Refusal{WrongType, core.T(
		"Files of this kind are not taken; what counts is the content, not the name. Send PDF, a picture (JPEG, PNG, GIF, WebP), an office document, plain text or sound.",
		"Такие файлы не принимаются; вид определяется по содержимому, а не по имени. Отправьте PDF, изображение (JPEG, PNG, GIF, WebP), офисный документ, простой текст или звук.")}
	errMacros = &Refusal{Macros, core.T("The document holds macros. Save it without them.", "Документ содержит макросы. Сохраните его без них.")}
	errBroken = &Refusal{Damaged, core.T("The file is damaged: it cannot be read to its end.", "Файл повреждён: его не удаётся прочитать до конца.")}
	errPixels = &Refusal{PictureTooLarge, core.Textf("The picture has more than %d million pixels. Make it smaller.", "В изображении больше %d млн точек. Уменьшите его.", MaxPixels>>20)}
	errVirus  = &Refusal{Infected, core.T("The virus scanner has found something in the file.", "Антивирус нашёл в файле угрозу.")}
)
