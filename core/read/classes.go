package read

import (
	"slices"
	"strings"
)

// Classes are the personal data that declared types hold: for each data class (core.DataClass) the
// fields that bear it, by the tag class:"…" of the model's column. The start checks that every
// class is declared by a module.
func (r *Reader) Classes() map[string][]string {
	fields := map[string][]string{}
	for _, name := range r.Types() {
		for _, column := range r.byName[name].table.Fields {
			if class := column.StructField.Tag.Get("class"); class != "" {
				field := strings.ToLower(column.GoName[:1]) + column.GoName[1:]
				fields[class] = append(fields[class], name+"."+field)
			}
		}
	}
	for class := range fields {
		slices.Sort(fields[class])
	}
	return fields
}
