package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/veche-city/veche/core"
)

// settingsSchema is the JSON Schema of a plugin's settings.
type settingsSchema struct {
	compiled *jsonschema.Schema
	doc      map[string]any
	secrets  [][]string // the paths of its secrets: properties with writeOnly
}

// nowhere refuses what a schema refers to outside of itself.
type nowhere struct{}

func (nowhere) Load(url string) (any, error) {
	return nil, fmt.Errorf("the schema refers to %s: it must be whole in itself", url)
}

// compileSettings reads a schema; an empty text is one that allows no property. Secrets stand among
// properties at any depth, and nowhere else, so that each has one place.
func compileSettings(text string) (*settingsSchema, error) {
	if text == "" {
		text = `{"type": "object", "additionalProperties": false}`
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("it is no JSON: %w", err)
	}
	root, ok := doc.(map[string]any)
	if !ok || root["type"] != "object" {
		return nil, errors.New("its type is not object")
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(nowhere{})
	if err := compiler.AddResource("settings.json", doc); err != nil {
		return nil, fmt.Errorf("it cannot be read: %w", err)
	}
	s := &settingsSchema{doc: root}
	if s.compiled, err = compiler.Compile("settings.json"); err != nil {
		return nil, fmt.Errorf("it is no JSON Schema: %w", err)
	}
	s.find(root, nil)
	if found := count(root); found != len(s.secrets) {
		return nil, errors.New("writeOnly stands outside of properties: a secret is a property of the settings, or of an object in them")
	}
	return s, nil
}

func properties(schema map[string]any) map[string]any {
	own, _ := schema["properties"].(map[string]any)
	return own
}

// find gathers the paths of secrets.
func (s *settingsSchema) find(schema map[string]any, path []string) {
	for _, name := range slices.Sorted(maps.Keys(properties(schema))) {
		below, _ := properties(schema)[name].(map[string]any)
		at := append(slices.Clone(path), name)
		if below["writeOnly"] == true {
			s.secrets = append(s.secrets, at)
			continue
		}
		s.find(below, at)
	}
}

// count is how many schemas anywhere say writeOnly, but for those within one that does.
func count(v any) (n int) {
	switch v := v.(type) {
	case map[string]any:
		if v["writeOnly"] == true {
			return 1
		}
		for _, below := range v {
			n += count(below)
		}
	case []any:
		for _, below := range v {
			n += count(below)
		}
	}
	return n
}

// fill gives the settings the defaults of properties that they lack.
func fill(schema, settings map[string]any) {
	for name, below := range properties(schema) {
		below, _ := below.(map[string]any)
		value, given := settings[name]
		standard, has := below["default"]
		switch inner, isObject := value.(map[string]any); {
		case !given && has:
			settings[name] = standard
		case isObject:
			fill(below, inner)
		}
	}
}

// check holds settings against the schema. Each problem names its property, and none a value: it may be a
// secret, and ends in logs.
func (s *settingsSchema) check(settings map[string]any) error {
	err := s.compiled.Validate(settings)
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return err
	}
	var problems core.Problems
	leaves(invalid, &problems)
	return problems.Err()
}

func leaves(e *jsonschema.ValidationError, problems *core.Problems) {
	if _, choice := e.ErrorKind.(*kind.OneOf); len(e.Causes) > 0 && !choice {
		for _, cause := range e.Causes {
			leaves(cause, problems)
		}
		return
	}
	path := append([]string{"input", "settings"}, e.InstanceLocation...)
	add := func(name string, text core.Text) {
		at := path
		if name != "" {
			at = append(slices.Clone(path), name)
		}
		name = strings.Join(at[2:], ".")
		if name == "" {
			name = "settings"
		}
		*problems = append(*problems, core.Invalid(core.T(name+": "+text.En+".", name+": "+text.Ru+"."), at...))
	}
	switch k := e.ErrorKind.(type) {
	case *kind.Required:
		for _, name := range k.Missing {
			add(name, core.T("must be given", "нужно указать"))
		}
	case *kind.AdditionalProperties:
		for _, name := range k.Properties {
			add(name, core.T("there is no such setting", "такой настройки нет"))
		}
	default:
		add("", wordsOf(e.ErrorKind))
	}
}

// wordsOf says what is wrong with a value without saying the value.
func wordsOf(k jsonschema.ErrorKind) core.Text {
	switch k := k.(type) {
	case *kind.Type:
		return core.Textf("is to be %s", "нужен тип %s", strings.Join(k.Want, ", "))
	case *kind.Enum:
		return core.Textf("is to be one of %s", "нужно одно из значений %s", list(k.Want))
	case *kind.Const:
		return core.Textf("is to be %s", "нужно значение %s", list([]any{k.Want}))
	case *kind.Format:
		return core.Textf("is to be a %s", "нужен формат %s", k.Want)
	case *kind.Pattern:
		return core.Textf("is to match %s", "должно соответствовать образцу %s", k.Want)
	case *kind.MinLength:
		return core.Textf("has at least %d characters", "не короче %d символов", k.Want)
	case *kind.MaxLength:
		return core.Textf("has at most %d characters", "не длиннее %d символов", k.Want)
	case *kind.Minimum:
		n, _ := k.Want.Float64()
		return core.Textf("is at least %v", "не меньше %v", n)
	case *kind.Maximum:
		n, _ := k.Want.Float64()
		return core.Textf("is at most %v", "не больше %v", n)
	case *kind.MinItems:
		return core.Textf("has at least %d entries", "не менее %d элементов", k.Want)
	case *kind.MaxItems:
		return core.Textf("has at most %d entries", "не более %d элементов", k.Want)
	default:
		return core.Textf("does not fit the schema (%s)", "не соответствует схеме (%s)", strings.Join(k.KeywordPath(), "/"))
	}
}

func list(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		raw, _ := json.Marshal(v) // it came from JSON
		words[i] = string(raw)
	}
	return strings.Join(words, ", ")
}
