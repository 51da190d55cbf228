package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/veche-city/veche/core"
)

const (
	// mostOperations are recorded in one municipality; the longest unseen make room.
	mostOperations = 1000
	// mostWaiting are held in memory until the next Wake; what comes above is not recorded this time.
	mostWaiting = 2000
	// longest is the longest operation that is recorded, in bytes.
	longest = 64 << 10
	// operationsKept is how long one is kept after it was seen last.
	operationsKept = 90 * 24 * time.Hour
)

// recorder holds what was seen since the last flush.
type recorder struct {
	mutex   sync.Mutex
	waiting map[sighting]int64
}

type sighting struct {
	municipality uuid.UUID
	text         string
}

// Seen notes that a client asked this operation, which names fields of plugins, in the context's
// municipality. It is quick, and touches no database: the next Wake records it, without the texts that
// the operation itself carries, for they may be personal.
func (c *Catalog) Seen(ctx context.Context, text string) {
	town := core.MunicipalityOf(ctx).ID
	if town == uuid.Nil || len(text) > longest {
		return
	}
	c.seen.mutex.Lock()
	defer c.seen.mutex.Unlock()
	if c.seen.waiting == nil {
		c.seen.waiting = map[sighting]int64{}
	}
	key := sighting{town, text}
	if _, there := c.seen.waiting[key]; there || len(c.seen.waiting) < mostWaiting {
		c.seen.waiting[key]++
	}
}

// flush records what was seen.
func (c *Catalog) flush(ctx context.Context) error {
	c.seen.mutex.Lock()
	waiting := c.seen.waiting
	c.seen.waiting = nil
	c.seen.mutex.Unlock()
	towns := map[uuid.UUID]bool{}
	for seen, count := range waiting {
		text, err := bare(seen.text)
		if err != nil {
			continue // it was answered by a refusal
		}
		sum := sha256.Sum256([]byte(text))
		_, err = c.db.NewRaw(`INSERT INTO plugin_operations (municipality_id, hash, text, seen_at, count) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (municipality_id, hash) DO UPDATE SET seen_at = EXCLUDED.seen_at, count = plugin_operations.count + EXCLUDED.count`,
			seen.municipality, hex.EncodeToString(sum[:16]), text, c.Clock(), count).Exec(ctx)
		if err != nil {
			return err
		}
		towns[seen.municipality] = true
	}
	for town := range towns {
		_, err := c.db.NewRaw(`DELETE FROM plugin_operations WHERE municipality_id = ?0 AND (seen_at < ?1 OR hash IN
			(SELECT hash FROM plugin_operations WHERE municipality_id = ?0 ORDER BY seen_at DESC, hash OFFSET ?2))`, town, c.ago(operationsKept), mostOperations).Exec(ctx)
		if err != nil {
			return err
		}
	}
	return nil
}

// bare is the operation written in one way, with every text in it made empty: it stays as right or wrong
// by any schema as it was.
func bare(text string) (string, error) {
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return "", err
	}
	for _, o := range doc.Operations {
		for _, v := range o.VariableDefinitions {
			empty(v.DefaultValue)
		}
		emptyIn(o.SelectionSet, o.Directives)
	}
	for _, f := range doc.Fragments {
		emptyIn(f.SelectionSet, f.Directives)
	}
	var out strings.Builder
	formatter.NewFormatter(&out).FormatQueryDocument(doc)
	return out.String(), nil
}

func emptyIn(set ast.SelectionSet, directives ast.DirectiveList) {
	for _, d := range directives {
		emptyAll(d.Arguments)
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			emptyAll(s.Arguments)
			emptyIn(s.SelectionSet, s.Directives)
		case *ast.InlineFragment:
			emptyIn(s.SelectionSet, s.Directives)
		case *ast.FragmentSpread:
			emptyIn(nil, s.Directives)
		}
	}
}

func emptyAll(arguments ast.ArgumentList) {
	for _, a := range arguments {
		empty(a.Value)
	}
}

func empty(v *ast.Value) {
	if v == nil {
		return
	}
	if v.Kind == ast.StringValue || v.Kind == ast.BlockValue {
		v.Kind, v.Raw = ast.StringValue, ""
	}
	for _, child := range v.Children {
		empty(child.Value)
	}
}

// Broken is a recorded operation that a schema refuses.
type Broken struct {
	Hash   string
	Text   string
	SeenAt time.Time
	Count  int64
	Why    []string
}

// broken are the recorded operations that are right by the schema of now and wrong by the one with the
// bundle in it; nil takes the plugin away.
func (c *Catalog) broken(ctx context.Context, db bun.IDB, name string, to *Installed) ([]Broken, error) {
	broken := []Broken{}
	if c.Schema == nil {
		return broken, nil
	}
	var recorded []Broken
	err := db.NewRaw(`SELECT hash, text, seen_at, count FROM plugin_operations WHERE municipality_id = ? AND seen_at >= ? ORDER BY count DESC, hash`,
		core.MunicipalityOf(ctx).ID, c.ago(operationsKept)).Scan(ctx, &recorded)
	if err != nil || len(recorded) == 0 {
		return broken, err
	}
	now, err := c.schema(ctx, db, "", nil)
	if err != nil {
		return nil, fmt.Errorf("the schema of now: %w", err)
	}
	then, err := c.schema(ctx, db, name, to)
	if err != nil {
		return nil, at(refused(err, "The plugin's schema does not fit: %v.", "Схема плагина не подходит: %v."), "digest")
	}
	for _, o := range recorded {
		if len(problems(now, o.Text)) > 0 {
			continue // broken before, or of another plugin that is gone
		}
		if list := problems(then, o.Text); len(list) > 0 {
			for _, problem := range list {
				o.Why = append(o.Why, problem.Message)
			}
			broken = append(broken, o)
		}
	}
	return broken, nil
}

func (c *Catalog) schema(ctx context.Context, db bun.IDB, name string, instead *Installed) (*ast.Schema, error) {
	sources, err := c.sources(ctx, db, name, instead)
	if err != nil {
		return nil, err
	}
	return c.Schema(core.MunicipalityOf(ctx), sources)
}

// problems are what the schema has against an operation.
func problems(schema *ast.Schema, text string) gqlerror.List {
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return gqlerror.List{gqlerror.Wrap(err)}
	}
	return validator.ValidateWithRules(schema, doc, rules.NewDefaultRules())
}
