package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// form is the body of a multipart request: field, content, field, content; a field that begins with a
// digit is a file.
func form(t testing.TB, parts ...string) (body, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for i := 0; i < len(parts); i += 2 {
		var part io.Writer
		var err error
		if parts[i] != "" && parts[i][0] >= '0' && parts[i][0] <= '9' {
			part, err = w.CreateFormFile(parts[i], "file "+parts[i])
		} else {
			part, err = w.CreateFormField(parts[i])
		}
		if err == nil {
			_, err = io.WriteString(part, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String(), w.FormDataContentType()
}

// takesFiles is a town whose echo tells of the file that it gets; files lie in the folder.
func takesFiles(t testing.TB, limits Limits) (options Options, folder string) {
	t.Helper()
	town := newTown()
	town.fields["Query.echo"] = func(_ context.Context, args map[string]any) (any, error) {
		upload, ok := args["data"].(graphql.Upload)
		if !ok {
			return fmt.Sprint(args["data"]), nil
		}
		text, err := io.ReadAll(upload.File)
		return fmt.Sprintf("%s, %d: %s", upload.Filename, upload.Size, text), err
	}
	folder = t.TempDir()
	return Options{
		Schema:  func(*http.Request) graphql.ExecutableSchema { return town },
		Uploads: func(context.Context) int64 { return 100 }, UploadFolder: folder, Limits: limits,
	}, folder
}

const echo = `{"query": "query($f: Data, $g: Data) { a: echo(data: $f) b: echo(data: $g) }", "variables": {"f": null, "g": [null, {"h": null}]}}`

func TestFilesWithinARequest(t *testing.T) {
	options, folder := takesFiles(t, Limits{Files: 3, Body: 2000})
	server := serve(t, options)
	for name, c := range map[string]struct {
		parts  []string
		status int
		code   string
		body   string
	}{
		"fine":                     {[]string{"operations", echo, "map", `{"0": ["variables.f"], "1": ["variables.g.1.h"]}`, "0", "one", "1", "two"}, 200, "", "file 0, 3: one"},
		"in another order":         {[]string{"operations", echo, "map", `{"0": ["variables.g.0"], "1": ["variables.f"]}`, "1", "one", "0", "two"}, 200, "", "file 1, 3: one"},
		"no files":                 {[]string{"operations", echo, "map", `{}`}, 200, "", `"a":"\u003cnil\u003e"`},
		"as large as may be":       {[]string{"operations", echo, "map", `{"0": ["variables.f"]}`, "0", strings.Repeat("x", 100)}, 200, "", "100: xxx"},
		"too large":                {[]string{"operations", echo, "map", `{"0": ["variables.f"]}`, "0", strings.Repeat("x", 101)}, 413, codeTooLarge, ""},
		"too many":                 {[]string{"operations", echo, "map", `{"0": ["variables.f"], "1": ["variables.f"], "2": ["variables.f"], "3": ["variables.f"]}`}, 400, codeLimit, ""},
		"large operations":         {[]string{"operations", echo + strings.Repeat(" ", 2000), "map", `{}`}, 413, codeTooLarge, ""},
		"large map":                {[]string{"operations", echo, "map", `{}` + strings.Repeat(" ", 2000)}, 413, codeTooLarge, ""},
		"several operations":       {[]string{"operations", "[" + echo + "]", "map", `{"0": ["0.variables.f"]}`, "0", "x"}, 400, codeInput, ""},
		"the file first":           {[]string{"0", "x", "operations", echo, "map", `{"0": ["variables.f"]}`}, 400, codeInput, ""},
		"no map":                   {[]string{"operations", echo}, 400, codeInput, ""},
		"map of something else":    {[]string{"operations", echo, "map", `{"0": "variables.f"}`}, 400, codeInput, ""},
		"one file for two places":  {[]string{"operations", echo, "map", `{"0": ["variables.f", "variables.g.0"]}`, "0", "x"}, 400, codeInput, ""},
		"a place twice":            {[]string{"operations", echo, "map", `{"0": ["variables.f"], "1": ["variables.f"]}`, "0", "x", "1", "y"}, 400, codeInput, ""},
		"a file twice":             {[]string{"operations", echo, "map", `{"0": ["variables.f"]}`, "0", "x", "0", "y"}, 400, codeInput, ""},
		"a file that is not named": {[]string{"operations", echo, "map", `{"0": ["variables.f"]}`, "1", "x"}, 400, codeInput, ""},
		"a file that is missing":   {[]string{"operations", echo, "map", `{"0": ["variables.f"]}`}, 400, codeInput, ""},
		"outside of variables":     {[]string{"operations", echo, "map", `{"0": ["query"]}`, "0", "x"}, 400, codeInput, ""},
		"all of the variables":     {[]string{"operations", echo, "map", `{"0": ["variables"]}`, "0", "x"}, 400, codeInput, ""},
		"beyond a list":            {[]string{"operations", echo, "map", `{"0": ["variables.g.2"]}`, "0", "x"}, 400, codeInput, ""},
		"before a list":            {[]string{"operations", echo, "map", `{"0": ["variables.g.-1"]}`, "0", "x"}, 400, codeInput, ""},
		"a list itself":            {[]string{"operations", echo, "map", `{"0": ["variables.g"]}`, "0", "x"}, 400, codeInput, ""},
		"below null":               {[]string{"operations", echo, "map", `{"0": ["variables.f.x"]}`, "0", "x"}, 400, codeInput, ""},
		"a place that is not":      {[]string{"operations", echo, "map", `{"0": ["variables.x"]}`, "0", "x"}, 400, codeInput, ""},
		"a broken operation":       {[]string{"operations", "{", "map", `{}`}, 400, codeInput, ""},
	} {
		t.Run(name, func(t *testing.T) {
			body, contentType := form(t, c.parts...)
			a := send(t, server, http.MethodPost, "", body, "Content-Type", contentType, "Apollo-Require-Preflight", "1")
			if a.status != c.status || a.code() != c.code || !strings.Contains(a.body, c.body) {
				t.Errorf("%d %s", a.status, a.body)
			}
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				t.Errorf("left on the disk: %v, %v", left, err)
			}
		})
	}
}

// Who may not send files is refused with the body unread, and so is what a foreign page's form could send.
func TestFilesAreRefusedUnread(t *testing.T) {
	options, _ := takesFiles(t, Limits{})
	open := serve(t, options)
	options.Uploads = func(context.Context) int64 { return 0 }
	closed := serve(t, options)
	options.Uploads = nil
	none := serve(t, options)
	body, contentType := form(t, "operations", echo, "map", `{"0": ["variables.f"]}`, "0", "x")
	for name, c := range map[string]struct {
		a      answer
		status int
		code   string
	}{
		"a form":              {send(t, open, http.MethodPost, "", body, "Content-Type", contentType), 403, codeForbidden},
		"another site's":      {send(t, open, http.MethodPost, "", body, "Content-Type", contentType, "Apollo-Require-Preflight", "1", "Origin", "https://evil.example"), 403, codeForbidden},
		"no right":            {send(t, closed, http.MethodPost, "", body, "Content-Type", contentType, "Apollo-Require-Preflight", "1"), 403, codeForbidden},
		"not served":          {send(t, none, http.MethodPost, "", body, "Content-Type", contentType, "Apollo-Require-Preflight", "1"), 415, codeContentType},
		"without a boundary":  {send(t, open, http.MethodPost, "", body, "Content-Type", "multipart/form-data", "Apollo-Require-Preflight", "1"), 400, codeInput},
		"cut":                 {send(t, open, http.MethodPost, "", body[:len(body)-30], "Content-Type", contentType, "Apollo-Require-Preflight", "1"), 400, codeInput},
		"by multipart, mixed": {send(t, open, http.MethodPost, "", body, "Content-Type", strings.Replace(contentType, "form-data", "mixed", 1)), 415, codeContentType},
	} {
		if c.a.status != c.status || c.a.code() != c.code {
			t.Errorf("%s: %d %s", name, c.a.status, c.a.body)
		}
	}
}

// A sender who falls silent is given up.
func TestASilentSenderIsGivenUp(t *testing.T) {
	options, folder := takesFiles(t, Limits{Read: 50 * time.Millisecond})
	server := serve(t, options)
	body, contentType := form(t, "operations", echo, "map", `{"0": ["variables.f"]}`, "0", "x")
	r, w := io.Pipe()
	defer func() { _ = w.Close() }()
	go func() { _, _ = io.WriteString(w, body[:len(body)-70]) }() // and then nothing
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, r)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Apollo-Require-Preflight", "1")
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if a := read(t, response); a.status != http.StatusRequestTimeout || a.code() != codeTimeout {
		t.Errorf("%d %s", a.status, a.body)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left on the disk: %v, %v", left, err)
	}
}
