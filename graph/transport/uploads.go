package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// multipartForm is the content type of a request with files: https://github.com/jaydenseric/graphql-multipart-request-spec. A foreign
// page's form can send it as well, so that a header is wanted that none can (preflighted).
const multipartForm = "multipart/form-data"

// uploading marks the context of a request that came with files.
type uploading struct{}

func isMultipart(r *http.Request) bool {
	name, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && name == multipartForm
}

// readMultipart reads, in this order and no other, the operation, where its files belong, and the files themselves, which go to the
// disk. A file is a graphql.Upload in the variables, at the one place that map names.
func (x *exchange) readMultipart() (*graphql.RawParams, *refusal) {
	limit := x.door.options.Uploads(x.r.Context())
	if limit <= 0 {
		return nil, refuse(http.StatusForbidden, codeForbidden, "uploads")
	}
	x.r = x.r.WithContext(context.WithValue(x.r.Context(), uploading{}, true))
	control := http.NewResponseController(x.w)
	x.r.Body = &slowBody{x.r.Body, x, control, time.Now().Add(x.door.limits.FilesTime)}
	reader, err := x.r.MultipartReader()
	if err != nil {
		return nil, badRequest(codeInput, "multipart")
	}
	params, places, refused := x.readForm(reader)
	if refused != nil {
		return nil, refused
	}
	for len(places) > 0 {
		if refused := x.readFile(reader, params, places, limit); refused != nil {
			return nil, refused
		}
	}
	if _, err := reader.NextPart(); !errors.Is(err, io.EOF) { // more than map names
		return nil, x.unreadable()
	}
	_ = control.SetReadDeadline(time.Time{}) // a failure shows at the next read
	return params, nil
}

// readForm reads the operation and the places of its files, by the names of their parts.
func (x *exchange) readForm(reader *multipart.Reader) (*graphql.RawParams, map[string]string, *refusal) {
	operations, refused := x.readField(reader, "operations")
	if refused != nil {
		return nil, nil, refused
	}
	params, refused := x.door.parseBody(operations)
	if refused != nil {
		return nil, nil, refused
	}
	text, refused := x.readField(reader, "map")
	if refused != nil {
		return nil, nil, refused
	}
	var given map[string][]string
	if json.Unmarshal(text, &given) != nil {
		return nil, nil, badRequest(codeInput, "multipart")
	}
	if len(given) > x.door.limits.Files {
		return nil, nil, badRequest(codeLimit, "files", x.door.limits.Files)
	}
	places := make(map[string]string, len(given))
	for name, paths := range given {
		if len(paths) != 1 {
			return nil, nil, badRequest(codeInput, "multipart")
		}
		places[name] = paths[0]
	}
	return params, places, nil
}

// readField reads the next part, which must be the field of that name and no file.
func (x *exchange) readField(reader *multipart.Reader, name string) ([]byte, *refusal) {
	part, err := reader.NextPart()
	if err != nil || part.FormName() != name {
		return nil, x.unreadable()
	}
	limit := x.door.limits.Body
	text, err := io.ReadAll(io.LimitReader(part, limit+1))
	switch {
	case err != nil:
		return nil, x.unreadable()
	case int64(len(text)) > limit:
		return nil, refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "body_stream", limit)
	}
	return text, nil
}

// readFile writes the next part to the disk and puts it into its place.
func (x *exchange) readFile(reader *multipart.Reader, params *graphql.RawParams, places map[string]string, limit int64) *refusal {
	part, err := reader.NextPart()
	if err != nil {
		return x.unreadable()
	}
	place, named := places[part.FormName()]
	if !named {
		return badRequest(codeInput, "multipart")
	}
	file, err := os.CreateTemp(x.door.options.UploadFolder, "upload-*")
	if err != nil {
		panic(err) // ours; the net below tells it
	}
	x.files = append(x.files, file)
	size, err := io.Copy(file, io.LimitReader(part, limit+1))
	switch {
	case err != nil:
		return x.unreadable()
	case size > limit:
		return refuse(http.StatusRequestEntityTooLarge, codeTooLarge, "file_size", limit)
	}
	upload := graphql.Upload{File: io.NewSectionReader(file, 0, size), Filename: part.FileName(), Size: size, ContentType: part.Header.Get("Content-Type")}
	if !put(params.Variables, strings.Split(place, "."), upload) {
		return badRequest(codeInput, "multipart")
	}
	delete(places, part.FormName())
	return nil
}

// put sets a place in the variables that is null: variables.input.files.0.
func put(variables map[string]any, steps []string, upload graphql.Upload) bool {
	if len(steps) < 2 || steps[0] != "variables" {
		return false
	}
	var at any = variables
	for i, step := range steps[1:] {
		last := i == len(steps)-2
		switch within := at.(type) {
		case map[string]any:
			value, there := within[step]
			if last && there && value == nil {
				within[step] = upload
				return true
			}
			at = value
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(within) {
				return false
			}
			if last && within[n] == nil {
				within[n] = upload
				return true
			}
			at = within[n]
		default:
			return false
		}
	}
	return false
}

// unreadable is a body that ended too early, came too slowly, or is no form.
func (x *exchange) unreadable() *refusal {
	if x.late {
		return refuse(http.StatusRequestTimeout, codeTimeout, "body_slow", x.door.limits.Read.String())
	}
	return badRequest(codeInput, "multipart")
}

// closeFiles leaves nothing on the disk: whoever wanted a file has copied it.
func (x *exchange) closeFiles() {
	for _, file := range x.files {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}
}

// slowBody bounds each pause in a body's arrival, and the whole of it.
type slowBody struct {
	io.ReadCloser
	x       *exchange
	control *http.ResponseController
	end     time.Time
}

func (b *slowBody) Read(p []byte) (int, error) {
	next := time.Now().Add(b.x.door.limits.Read)
	if next.After(b.end) {
		next = b.end
	}
	_ = b.control.SetReadDeadline(next) // a writer without deadlines leaves the time to the server's own settings
	n, err := b.ReadCloser.Read(p)
	b.x.late = b.x.late || errors.Is(err, os.ErrDeadlineExceeded) // what reads the form hides it
	return n, err
}
