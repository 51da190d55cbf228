package read

import (
	"github.com/google/uuid"

	"github.com/veche-city/veche/core"
)

// What a module's own object (a payload, an event, a row of a report) holds of declared ones: their
// keys. A field of one of these types is resolved by generated code, which reads the objects that
// the caller may see.
type (
	// Ref is the key of one M; nil is none.
	Ref[M any] uuid.UUID
	// Refs are the keys of some M, in their order.
	Refs[M any] []uuid.UUID
	// AnyRef is an object of any type; the zero one is none.
	AnyRef core.ID
)
