package transport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// Documents are queries that are known beforehand: a client names one by its id instead of sending its text. They are read once and
// never changed.
type Documents struct {
	texts     map[string]string          // by id
	ids       map[string]string          // by text; of several the first in order
	variables map[string]map[string]bool // by id, their names
}

// apolloManifest is a persisted query manifest as Apollo's tools write it.
type apolloManifest struct {
	Format     string `json:"format"`
	Version    int    `json:"version"`
	Operations []struct {
		ID   string `json:"id"`
		Name string `json:"name"`
		Body string `json:"body"`
	} `json:"operations"`
}

const apolloFormat = "apollo-persisted-query-manifest"

// ReadDocuments reads a manifest: an object of texts by id, as Relay's compiler writes it, or Apollo's persisted query manifest.
// The documents must be valid for the schema and keep to the limits (zero values take the defaults).
func ReadDocuments(manifest []byte, schema *ast.Schema, limits Limits) (*Documents, error) {
	texts, err := readManifest(manifest)
	if err != nil {
		return nil, err
	}
	if len(texts) == 0 {
		return nil, errors.New("it holds no document")
	}
	d := &Documents{texts: texts, ids: map[string]string{}, variables: map[string]map[string]bool{}}
	limits = limits.orDefault()
	for _, id := range slices.Sorted(maps.Keys(texts)) {
		if err := d.check(id, schema, limits); err != nil {
			return nil, fmt.Errorf("document %q: %w", id, err)
		}
		if _, twice := d.ids[texts[id]]; !twice {
			d.ids[texts[id]] = id
		}
	}
	return d, nil
}

func readManifest(manifest []byte) (map[string]string, error) {
	members, err := readObject(manifest)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	if members["operations"] == nil || members["operations"][0] == '"' {
		for id, value := range members {
			var text *string
			if json.Unmarshal(value, &text) != nil || text == nil {
				return nil, fmt.Errorf("document %q: its text is not a string", id)
			}
			texts[id] = *text
		}
		return texts, nil
	}
	var apollo apolloManifest
	if err := json.Unmarshal(manifest, &apollo); err != nil {
		return nil, fmt.Errorf("read as Apollo's manifest: %w", err)
	}
	if apollo.Format != apolloFormat || apollo.Version != 1 {
		return nil, fmt.Errorf("its format is %q, version %d; %s, version 1, is known", apollo.Format, apollo.Version, apolloFormat)
	}
	for i, operation := range apollo.Operations {
		if operation.ID == "" {
			return nil, fmt.Errorf("operation %d (%q) has no id", i+1, operation.Name)
		}
		if _, twice := texts[operation.ID]; twice {
			return nil, fmt.Errorf("document %q is there twice", operation.ID)
		}
		texts[operation.ID] = operation.Body
	}
	return texts, nil
}

// readObject reads a JSON object and refuses a name that is there twice, of which encoding/json would take the last.
func readObject(text []byte) (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if opening, err := decoder.Token(); err != nil || opening != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	members := map[string]json.RawMessage{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, fmt.Errorf("it is not valid JSON: %w", err)
		}
		name, _ := token.(string)
		if _, twice := members[name]; twice {
			return nil, fmt.Errorf("document %q is there twice", name)
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, fmt.Errorf("it is not valid JSON: %w", err)
		}
		members[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, fmt.Errorf("it is not valid JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	return members, nil
}

// check does what would be done to the text as a query, but for its price, which depends on variables.
func (d *Documents) check(id string, schema *ast.Schema, limits Limits) error {
	text := d.texts[id]
	document, err := parser.ParseQueryWithTokenLimit(&ast.Source{Name: id, Input: text}, limits.Tokens)
	if err != nil {
		return fmt.Errorf("read it: %w", err)
	}
	if len(document.Operations) == 0 {
		return errors.New("it holds no operation")
	}
	if refused := limits.checkShape(document); refused != nil {
		return errors.New(Text(English, refused.key, refused.args...))
	}
	if errs := validator.ValidateWithRules(schema, document, rules.NewDefaultRules()); len(errs) != 0 {
		return errs
	}
	d.variables[id] = map[string]bool{}
	for _, operation := range document.Operations {
		for _, variable := range operation.VariableDefinitions {
			d.variables[id][variable.Variable] = true
		}
	}
	return nil
}

// find takes the id as it stands in the manifest, or behind the name of its hash ("sha256:…").
func (d *Documents) find(id string) (string, bool) {
	if text, ok := d.texts[id]; ok {
		return text, true
	}
	text, ok := d.texts[strings.TrimPrefix(id, "sha256:")]
	return text, ok
}

// idOf is the id of a text that is in the manifest, however the client named it; "" for any other, and without a manifest.
func (d *Documents) idOf(text string) string {
	if d == nil {
		return ""
	}
	return d.ids[text]
}

// resolve puts the text into a request that names a document: by documentId, or by the hash of a persisted query that the manifest
// has. Without a manifest nothing is different from a door that knows of none.
func (d *Documents) resolve(params *graphql.RawParams, documentID string) *refusal {
	if d == nil {
		return nil
	}
	if documentID != "" {
		text, known := d.find(documentID)
		switch {
		case params.Query != "":
			return badRequest(codeInput, "document_and_query")
		case !known:
			return badRequest(codeNotFound, "document", cut(documentID, 200))
		}
		params.Query = text
		return nil
	}
	persisted, _ := params.Extensions["persistedQuery"].(map[string]any)
	hash, _ := persisted["sha256Hash"].(string)
	if text, known := d.texts[hash]; known && params.Query == "" {
		params.Query = text
		delete(params.Extensions, "persistedQuery") // there is nothing left to look up
	}
	return nil
}
