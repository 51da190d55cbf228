package transport

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// priceGuard adds up the schema's complexity functions, which know what a list of 1,000 costs. The shape guard has bounded the
// number of fields that the sum walks over. A price is kept for the numbers and lengths that it goes by.
type priceGuard struct {
	hook
	door   *door
	schema graphql.ExecutableSchema
	prices *lru.Cache[priced, int]
}

// priced is an operation with what its variables have to say of its price.
type priced struct {
	operation *ast.OperationDefinition
	sizes     string
}

// mostPrices bounds the prices that are kept for a schema.
const mostPrices = 4096

func newPriceGuard(d *door, schema graphql.ExecutableSchema) priceGuard {
	prices, err := lru.New[priced, int](mostPrices)
	if err != nil {
		panic(err) // only a size below 1 is refused
	}
	return priceGuard{hook: "PriceGuard", door: d, schema: schema, prices: prices}
}

func (g priceGuard) MutateOperationContext(ctx context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	price := g.price(ctx, operation)
	if price > g.door.limits.Complexity {
		return g.door.errorOf(ctx, badRequest(codeLimit, "complexity", price, g.door.limits.Complexity))
	}
	return nil
}

func (g priceGuard) price(ctx context.Context, operation *graphql.OperationContext) int {
	if !g.door.options.PricedBySize {
		return complexity.Calculate(ctx, g.schema, operation.Operation, operation.Variables)
	}
	key := priced{operation.Operation, sizes(operation)}
	if known, ok := g.prices.Get(key); ok {
		return known
	}
	price := complexity.Calculate(ctx, g.schema, operation.Operation, operation.Variables)
	g.prices.Add(key, price)
	return price
}

// sizes are the numbers among the variables, and the lengths of the lists; of all others whether they are there.
func sizes(operation *graphql.OperationContext) string {
	out := make([]byte, 0, 64)
	for _, v := range operation.Operation.VariableDefinitions {
		switch value := operation.Variables[v.Variable].(type) {
		case nil:
			out = append(out, '-')
		case json.Number:
			out = append(out, value...)
		case int64:
			out = strconv.AppendInt(out, value, 10)
		case []any:
			out = strconv.AppendInt(append(out, '#'), int64(len(value)), 10)
		default:
			if list := reflect.ValueOf(value); list.Kind() == reflect.Slice {
				out = strconv.AppendInt(append(out, '#'), int64(list.Len()), 10)
			} else {
				out = append(out, '+')
			}
		}
		out = append(out, ' ')
	}
	return string(out)
}
