package transport

import (
	"context"
	"encoding/json"
	"reflect"
	"strconv"

	"github.com/99designs/gqlgen/complexity"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// priceGuard adds up the schema's complexity functions, which know what a list of 1,000 costs. The shape guard has bounded the
// number of fields that the sum walks over. A price is kept for the numbers and lengths that it goes by.
type priceGuard struct {
	hook
	door   *door
	schema graphql.ExecutableSchema
	prices *bounded[priced, int]
}

// priced is an operation with what its variables have to say of its price. It is known by its text, so that what is kept holds no
// parsed document.
type priced struct {
	schema                  graphql.ExecutableSchema
	query, operation, sizes string
}

// priceBytes bounds the texts of the prices that are kept; priceWeight is about what an entry takes beside its own.
const (
	priceBytes  = 4 << 20
	priceWeight = 200
)

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
	key := priced{g.schema, operation.RawQuery, operation.Operation.Name, sizes(operation)}
	if known, ok := g.prices.get(key); ok {
		return known
	}
	price := complexity.Calculate(ctx, g.schema, operation.Operation, operation.Variables)
	g.prices.add(key, price, len(key.query)+len(key.sizes)+priceWeight)
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
