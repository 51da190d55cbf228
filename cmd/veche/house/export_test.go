package house

// Examples are what GraphiQL opens with.
var Examples = examples
