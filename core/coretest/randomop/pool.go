package randomop

// Pool is what there is to ask for.
type Pool struct {
	IDs     map[string][]string // by type
	Strange map[string][]string // by type: well-formed ids of nothing that is here
	Kinds   map[string][]string // types of the ids that an input of that name takes, where its name is no type: scope
	Cursors map[string][]string // by CursorKey
	// Texts are by coordinate (Person.familyName), by the name of an argument or input field, by a
	// scalar's name (Date), and under "search" what any other text may be.
	Texts   map[string][]string
	Numbers map[string][]float64 // by the name of an argument or input field
	// Rows is what a list that is asked for no number is taken to hold, by coordinate, where the server prices
	// it so; others are taken for short.
	Rows map[string]int
}
