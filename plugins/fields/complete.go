package fields

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/valyala/fastjson"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/extension"
	"github.com/veche-city/veche/plugins/contract"
)

// completing walks a plugin's value along the selection and writes it as the schema wants it. What
// others answer within it is asked for, and put into its places. Where its null could spoil what is around
// it, or what is around it is null already, the value is written at a second walk, when all is there.
type completing struct {
	*part
	to      *extension.Wanted
	parser  *fastjson.Parser // whose memory found is; nil: there is no value
	found   *fastjson.Value
	out     []byte
	path    ast.Path
	errors  []*extension.Error
	field   *ast.Field
	asks    []extension.Inner
	hangs   bool // on what is asked for: one walk is not enough
	next    int  // of asks, at the second walk
	settled bool // this is the second walk
	refused map[string]error
}

// complete makes the answer of an item.
func (a *asking) complete(to *extension.Wanted, item *contract.Item) {
	if item.GetError() != nil {
		to.Fail(ErrorOf(item.Error), a.field.Position)
		return
	}
	c := &completing{part: a.part, to: to, refused: map[string]error{}}
	if err := c.parse(item.GetValue()); err != nil {
		to.Fail(badResponse("what is no JSON", "не JSON"), a.field.Position)
		return
	}
	c.walk()
	if len(c.asks) == 0 || !c.hangs {
		to.Inner = c.asks
		c.release()
		return
	}
	to.Value = extension.Value{Settle: func() {
		c.settled = true
		c.walk()
		c.release()
	}}
	for _, one := range c.asks {
		to.Asks = append(to.Asks, one.Wanted)
	}
}

var errNotUTF8 = badResponse("a text that is not UTF-8", "текст не в UTF-8")

// parsers are kept for their memory. A value that is never settled, since something broke, leaves its
// parser to the collector.
var parsers fastjson.ParserPool

// mostKept is the size of a value above which its parser is not kept.
const mostKept = 64 << 10

func (c *completing) parse(text []byte) (err error) {
	if len(text) == 0 {
		return nil
	}
	if !utf8.Valid(text) {
		return errNotUTF8
	}
	p := parsers.Get()
	if c.found, err = p.ParseBytes(text); err == nil && len(text) <= mostKept {
		c.parser = p
	}
	return err
}

// release ends the value: nothing that was written holds any of it.
func (c *completing) release() {
	if c.parser != nil {
		parsers.Put(c.parser)
		c.parser, c.found = nil, nil
	}
}

func (c *completing) walk() {
	c.out, c.path, c.errors, c.field = slices.Clone(c.to.Before), slices.Clone(c.to.Path), nil, c.part.field.Field
	isNull := c.write(c.found, c.part.value, c.part.field.Definition.Type)
	c.to.JSON, c.to.Null, c.to.Errors = c.out, isNull, c.errors
}

func (c *completing) null() bool {
	c.out = append(c.out, "null"...)
	return true
}

// spoil takes back what was written of a list or an object that cannot be.
func (c *completing) spoil(begin int) bool {
	c.hangs, c.out = true, c.out[:begin]
	return c.null()
}

// wrong is a value that does not fit.
func (c *completing) wrong(err *core.Error) bool {
	c.note(err)
	return c.null()
}

func (c *completing) note(err error) {
	c.errors = append(c.errors, &extension.Error{Path: slices.Clone(c.path), Field: c.field.Position, Err: err})
}

// write writes a value, and says whether it is null. A null that must not be has its error by then, and
// is the holder's to hand on (GraphQL, section 6.4.4).
func (c *completing) write(v *fastjson.Value, as *value, t *ast.Type) bool {
	switch {
	case v == nil || v.Type() == fastjson.TypeNull:
		if t.NonNull {
			c.note(errNull)
		}
		return c.null()
	case t.Elem != nil:
		return c.list(v, as, t)
	case as.leaf != nil:
		return c.leaf(v, as.leaf)
	}
	return c.object(v, as, t)
}

func (c *completing) list(v *fastjson.Value, as *value, t *ast.Type) bool {
	items, err := v.Array()
	if err != nil {
		return c.wrong(badResponse("no list where one must be", "не список там, где нужен список"))
	}
	begin, spoiled := len(c.out), false
	c.out = append(c.out, '[')
	c.path = append(c.path, nil)
	for i, item := range items {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		c.path[len(c.path)-1] = ast.PathIndex(i)
		spoiled = c.write(item, as, t.Elem) && t.Elem.NonNull || spoiled
	}
	c.path = c.path[:len(c.path)-1]
	if spoiled {
		return c.spoil(begin)
	}
	c.out = append(c.out, ']')
	return false
}

func (c *completing) leaf(v *fastjson.Value, def *ast.Definition) bool {
	var fits bool
	switch def.Name {
	case "Int":
		n, err := v.Int64()
		fits = err == nil && n >= -1<<31 && n < 1<<31
	case "Float":
		fits = v.Type() == fastjson.TypeNumber
	case "String":
		fits = v.Type() == fastjson.TypeString
	case "Boolean":
		fits = v.Type() == fastjson.TypeTrue || v.Type() == fastjson.TypeFalse
	case "ID":
		if n, err := v.Int64(); err == nil {
			c.out = strconv.AppendQuote(c.out, strconv.FormatInt(n, 10))
			return false
		}
		fits = v.Type() == fastjson.TypeString
	default:
		fits = c.fits(v, def)
	}
	if !fits {
		return c.wrong(badResponse("no "+def.Name+" where one must be", "не "+def.Name+" там, где он нужен"))
	}
	c.out = v.MarshalTo(c.out)
	return false
}

// fits checks enums by their values, and the core's scalars by its own rules.
func (c *completing) fits(v *fastjson.Value, def *ast.Definition) bool {
	if def.Kind == ast.Enum {
		text, err := v.StringBytes()
		return err == nil && def.EnumValues.ForName(string(text)) != nil
	}
	check := c.Check[def.Name]
	if check == nil {
		return true
	}
	text, err := v.StringBytes()
	return err == nil && check(string(text)) == nil
}

func (c *completing) object(v *fastjson.Value, as *value, t *ast.Type) bool {
	of, err := v.Object()
	if err != nil {
		return c.wrong(badResponse("no object where one must be", "не объект там, где он нужен"))
	}
	name := as.single
	if name == "" {
		name = typeOf(v)
	}
	if ref, ok := as.refs[name]; ok {
		return c.refer(v, ref, name, t)
	}
	s := as.shapes[name]
	if s == nil {
		return c.wrong(badResponse("no __typename of "+t.Name(), "не __typename для "+t.Name()))
	}
	begin, spoiled := len(c.out), false
	c.out = append(c.out, '{')
	for i, m := range s.members {
		if i > 0 {
			c.out = append(c.out, ',')
		}
		c.out = append(c.out, m.text...)
		spoiled = c.member(of, v, s, m) || spoiled
	}
	if spoiled {
		return c.spoil(begin)
	}
	c.out = append(c.out, '}')
	return false
}

// member writes one field of an object, and says whether its null spoils the object.
func (c *completing) member(of *fastjson.Object, v *fastjson.Value, s *shape, m *member) bool {
	if m.name == "__typename" {
		c.out = strconv.AppendQuote(c.out, s.name)
		return false
	}
	outer := c.field
	c.path, c.field = append(c.path, m.step), m.field
	defer func() { c.path, c.field = c.path[:len(c.path)-1], outer }()
	if err := c.may(m.can); err != nil {
		c.note(err)
		return c.null() && m.typ.NonNull
	}
	found := of.Get(m.name)
	if m.part != nil && (m.asked || found == nil) {
		return c.ask(m.part, func() any { return json.RawMessage(v.MarshalTo(nil)) }, m.typ) && m.typ.NonNull
	}
	return c.write(found, m.value, m.typ) && m.typ.NonNull
}

// may asks once for a permission of a field.
func (c *completing) may(permission string) error {
	if permission == "" {
		return nil
	}
	err, known := c.refused[permission]
	if !known {
		err = c.May(c.to.Context, permission)
		c.refused[permission] = err
	}
	return err
}

// refer has the core read the object that the value names.
func (c *completing) refer(v *fastjson.Value, part extension.Part, typ string, t *ast.Type) bool {
	id, err := core.ParseID(string(v.GetStringBytes("id")))
	if err != nil || id.Type != typ {
		return c.wrong(badResponse("no id of a "+typ, "не идентификатор "+typ))
	}
	return c.ask(part, func() any { return id }, t)
}

// typeOf is what a value of an abstract type says that it is: by __typename, or by a core object's id.
func typeOf(v *fastjson.Value) string {
	if name := v.GetStringBytes("__typename"); name != nil {
		return string(name)
	}
	id, _ := core.ParseID(string(v.GetStringBytes("id")))
	return id.Type
}

// ask notes what another part is to answer here; at the second walk it is there.
func (c *completing) ask(of extension.Part, parent func() any, t *ast.Type) bool {
	if !c.settled {
		c.hangs = c.hangs || t.NonNull
		c.asks = append(c.asks, extension.Inner{At: len(c.out), Wanted: &extension.Wanted{Part: of, Parent: parent(), Path: slices.Clone(c.path), Context: c.to.Context}})
		return false
	}
	inner := c.asks[c.next]
	c.next++
	errs := inner.All()
	c.errors = append(c.errors, errs...)
	if inner.Null {
		if t.NonNull && len(errs) == 0 {
			c.note(errNull)
		}
		return c.null()
	}
	c.out = inner.Append(c.out)
	return false
}
