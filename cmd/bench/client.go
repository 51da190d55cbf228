package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// path is where both servers answer.
const path = "/graphql"

// client asks one server outside of the measured runs.
type client struct {
	address string
	token   string // whose session it is; empty: nobody's
}

// ask answers the bytes of data as they were written. An answer with errors is an error.
func (c *client) ask(ctx context.Context, town string, body []byte) (json.RawMessage, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+c.address+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Municipality", town)
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var answer struct{ Data, Errors json.RawMessage }
	if err := json.Unmarshal(text, &answer); err != nil || response.StatusCode != http.StatusOK || answer.Errors != nil {
		return nil, fmt.Errorf("%s answered %s: %.500s", c.address, response.Status, text)
	}
	return answer.Data, nil
}

// request is one question as it goes over the wire in the measured runs.
func (c *client) request(town string, body []byte) []byte {
	signed := ""
	if c.token != "" {
		signed = "Authorization: Bearer " + c.token + "\r\n"
	}
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: application/json\r\nX-Municipality: %s\r\n%sContent-Length: %d\r\n\r\n",
		path, c.address, town, signed, len(body))
	return append([]byte(head), body...)
}
