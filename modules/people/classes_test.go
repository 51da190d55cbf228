package people

import (
	"reflect"
	"slices"
	"testing"
)

// Every column of personal data says of which class it is, and the class is on the module's card.
func TestPersonalDataBearsItsClass(t *testing.T) {
	var declared []string
	for _, c := range dataClasses() {
		declared = append(declared, c.Key)
	}
	model := reflect.TypeFor[PersonalData]()
	for i := range model.NumField() {
		f := model.Field(i)
		if f.Anonymous || f.Name == "ID" || f.Name == "Version" {
			continue
		}
		if class := f.Tag.Get("class"); !slices.Contains(declared, class) {
			t.Errorf("%s bears the data class %q", f.Name, class)
		}
	}
}
