package randomop

import "strings"

// isWrong says whether the next value is to be wrong, and marks the operation.
func (b *builder) isWrong() bool {
	return b.wrong && b.chance(12)
}

// wrongText is what passes validation and is no such value.
func (b *builder) wrongText(scalar string, at place) (string, bool) {
	var wrong []string
	switch scalar {
	case "ID":
		wrong = []string{"", "no-id", one(b, b.pool.IDs[one(b, sorted(b.pool.IDs))])}
	case "String":
		wrong = []string{"", "\x00", "до\x00после", strings.Repeat("слово ", 9), strings.Repeat("я", 201), "%_\\'\"", "🙂"}
	case "Date":
		wrong = []string{"2012-02-30", "yesterday", "", "2012-12-31T00:00:00Z", "99999-01-01"}
	case "DateTime":
		wrong = []string{"2012-12-31", "noon", ""}
	default:
		return "", false
	}
	b.op.Wrong = true
	return one(b, wrong), true
}

// wrongCursor is of another order, or none at all.
func (b *builder) wrongCursor() string {
	b.op.Wrong = true
	all := sorted(b.pool.Cursors)
	if len(all) == 0 || b.chance(30) {
		return one(b, []string{"", "no-cursor", "eyJ2IjoxfQ"})
	}
	return one(b, b.pool.Cursors[one(b, all)])
}
