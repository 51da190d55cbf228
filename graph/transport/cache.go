package transport

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/hashicorp/golang-lru/v2/simplelru"
	"github.com/vektah/gqlparser/v2/ast"
)

// bounded keeps what was used last, up to a total weight. Entries differ in size by a thousand times, so that a bound on their
// number would bound nothing.
type bounded[K comparable, V any] struct {
	mu     sync.Mutex
	lru    *simplelru.LRU[K, weighed[V]]
	weight int
	limit  int
}

type weighed[V any] struct {
	value  V
	weight int
}

func newBounded[K comparable, V any](limit int) (*bounded[K, V], error) {
	b := &bounded[K, V]{limit: limit}
	removed := func(_ K, entry weighed[V]) { b.weight -= entry.weight }
	kept, err := simplelru.NewLRU(math.MaxInt32, removed) // its own bound is out of reach: ours is the weight
	if err != nil {
		return nil, fmt.Errorf("cache: %w", err)
	}
	b.lru = kept
	return b, nil
}

func (b *bounded[K, V]) get(key K) (V, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	entry, ok := b.lru.Get(key)
	return entry.value, ok
}

func (b *bounded[K, V]) add(key K, value V, weight int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if weight > b.limit {
		return
	}
	b.lru.Remove(key)
	for b.weight+weight > b.limit {
		b.lru.RemoveOldest()
	}
	b.lru.Add(key, weighed[V]{value, weight})
	b.weight += weight
}

func (b *bounded[K, V]) removeIf(unwanted func(K) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range b.lru.Keys() {
		if unwanted(key) {
			b.lru.Remove(key)
		}
	}
}

type documentKey struct {
	schema graphql.ExecutableSchema
	query  string
}

// documentCache is one schema's view of the parsed queries. What is in it has passed the shape guard and validation.
type documentCache struct {
	schema    graphql.ExecutableSchema
	documents *bounded[documentKey, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = documentCache{}

func (c documentCache) Get(_ context.Context, query string) (*ast.QueryDocument, bool) {
	return c.documents.get(documentKey{c.schema, query})
}

// Add weighs a document by its nodes, and by its text where that is long: a literal of a megabyte is one node.
func (c documentCache) Add(_ context.Context, query string, document *ast.QueryDocument) {
	c.documents.add(documentKey{c.schema, query}, document, countNodes(document)+len(query)/100)
}

// persistedCache holds texts by hash for automatic persisted queries. A long one is run but not kept.
type persistedCache struct {
	limit int
	texts *bounded[string, string]
}

var _ graphql.Cache[string] = persistedCache{}

func (c persistedCache) Get(_ context.Context, hash string) (string, bool) {
	return c.texts.get(hash)
}

func (c persistedCache) Add(_ context.Context, hash, query string) {
	if len(query) <= c.limit {
		c.texts.add(hash, query, len(query)+len(hash))
	}
}
