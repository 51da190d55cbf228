package transport

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

type media string

const (
	mediaJSON    media = "application/json"
	mediaGraphQL media = "application/graphql-response+json"
	mediaEvents  media = "text/event-stream"

	allowedMethods = "GET, POST, OPTIONS"
	statusTimeout  = http.StatusServiceUnavailable
	statusInternal = http.StatusInternalServerError
)

// negotiate chooses the answer's media type by Accept: the highest weight, then the first named. A wildcard and a missing header
// mean application/json, which older clients expect; a list that names nothing of ours is refused.
func negotiate(r *http.Request) (media, *refusal) {
	values := r.Header.Values("Accept")
	header := strings.Join(values, ",")
	if strings.TrimSpace(header) == "" {
		return mediaJSON, nil
	}
	var best media
	bestWeight := 0.0
	for part := range strings.SplitSeq(header, ",") {
		candidate, weight := offered(part)
		if candidate != "" && weight > bestWeight {
			best, bestWeight = candidate, weight
		}
	}
	if best == "" {
		return mediaJSON, refuse(http.StatusNotAcceptable, codeAccept, "accept", cut(header, 200))
	}
	return best, nil
}

// offered reads one element of Accept: the media type that it allows, if we have it, and its weight.
func offered(part string) (media, float64) {
	name, parameters, err := mime.ParseMediaType(strings.TrimSpace(part))
	if err != nil {
		return "", 0
	}
	if charset := parameters["charset"]; charset != "" && !isUTF8(charset) {
		return "", 0
	}
	weight := 1.0
	if text, given := parameters["q"]; given {
		if weight, err = strconv.ParseFloat(text, 64); err != nil {
			return "", 0
		}
	}
	switch name {
	case string(mediaJSON), "application/*", "*/*":
		return mediaJSON, weight
	case string(mediaGraphQL):
		return mediaGraphQL, weight
	case string(mediaEvents), "text/*":
		return mediaEvents, weight
	}
	return "", 0
}

func isUTF8(charset string) bool {
	return strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}
