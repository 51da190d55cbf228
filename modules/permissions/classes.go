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
	Plugin                        *string
}

// Kept is a sort of personal data that something beside the modules keeps: a plugin.
type Kept struct {
	core.DataClass
	By     string
	Fields []string
}

// Join adds what others keep in the context's municipality, each time it is asked. It is called before the
// house serves.
func (m *Module) Join(others func(ctx context.Context) ([]Kept, error)) { m.others = others }

// dataClasses are all that the modules declare, with the fields that bear them, and then the others'.
func (m *Module) dataClasses(ctx context.Context) ([]*DataClass, error) {
	fields := m.host.Reads.Classes()
	all := []*DataClass{}
	for _, info := range m.infos {
		for _, c := range info.DataClasses {
			all = append(all, classOf(ctx, c, fields[c.Key]))
		}
	}
	if m.others == nil {
		return all, nil
	}
	others, err := m.others(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range others {
		class := classOf(ctx, k.DataClass, append([]string{}, k.Fields...))
		class.Plugin = &k.By
		all = append(all, class)
	}
	return all, nil
}

func classOf(ctx context.Context, c core.DataClass, fields []string) *DataClass {
	lang := core.LanguageOf(ctx)
	class := &DataClass{Key: c.Key, Title: c.Title.In(lang), Basis: c.Basis.In(lang), Permission: c.Permission, Fields: fields}
	if c.KeepMonths > 0 {
		class.KeepMonths = &c.KeepMonths
	}
	return class
}
