package permissions

import (
	"context"

	"github.com/veche-city/veche/core"
)

// DataClass is a sort of personal data, as its module declares it.
type DataClass struct {
	Key, Title, Basis, Permission string
	KeepMonths                    *int
	Fields                        []string
}

// dataClasses are all that the modules declare, with the fields that bear them.
func (m *Module) dataClasses(ctx context.Context) []*DataClass {
	lang, fields := core.LanguageOf(ctx), m.host.Reads.Classes()
	all := []*DataClass{}
	for _, info := range m.infos {
		for _, c := range info.DataClasses {
			class := &DataClass{Key: c.Key, Title: c.Title.In(lang), Basis: c.Basis.In(lang), Permission: c.Permission, Fields: fields[c.Key]}
			if c.KeepMonths > 0 {
				class.KeepMonths = &c.KeepMonths
			}
			all = append(all, class)
		}
	}
	return all
}
