package places

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/access"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/tenancy"
)

const maxHosts = 50

// townRow is the tenant's own row. It is not Owned: it is what others are owned by.
type townRow struct {
	bun.BaseModel `bun:"table:municipalities,alias:town"`

	ID              uuid.UUID `bun:"id,pk,type:uuid"`
	Key             string    `bun:"key"`
	Name            core.Text `bun:"name,type:jsonb"`
	Region          core.Text `bun:"region,type:jsonb"`
	TimeZone        string    `bun:"time_zone"`
	Hosts           []string  `bun:"hosts,array"`
	DisabledModules []string  `bun:"disabled_modules,array"`
	Version         int       `bun:"version"`
}

// UpdateMunicipality changes the tenant's row and tells every replica. The answer shows the new
// row; the request under way goes on in the old one.
func (s *Service) UpdateMunicipality(ctx context.Context, in UpdateMunicipalityInput) (*UpdateMunicipalityPayload, error) {
	payload, err := s.writer.Do(ctx, "updateMunicipality", in, func(ctx context.Context, tx *mutation.Tx) (uuid.UUID, error) {
		if err := s.guard.Check(ctx, mayGovern, access.Resource{}); err != nil {
			return uuid.Nil, err
		}
		row := new(townRow)
		if err := tx.NewSelect().Model(row).Where("town.id = ?", core.MunicipalityOf(ctx).ID).For("NO KEY UPDATE").Scan(ctx); err != nil {
			return uuid.Nil, fmt.Errorf("places: municipality: %w", err)
		}
		before := *row
		if err := s.govern(ctx, tx, row, in); err != nil {
			return row.ID, err
		}
		if err := mutation.Save(ctx, tx, row, in.ExpectedVersion, "name", "region", "time_zone", "hosts", "disabled_modules"); err != nil {
			return row.ID, err
		}
		tx.Changed(core.Change{Kind: core.Updated, Type: "Municipality", ID: row.ID, Before: before.record(), After: row.record()})
		_, err := tx.NewRaw("SELECT pg_notify(?, '')", tenancy.Channel).Exec(ctx)
		return row.ID, err
	})
	if err != nil {
		return nil, err
	}
	answer := &UpdateMunicipalityPayload{UserErrors: []*core.UserError{}, ClientMutationID: payload.ClientMutationID}
	for i := range payload.UserErrors {
		answer.UserErrors = append(answer.UserErrors, &payload.UserErrors[i])
	}
	if len(answer.UserErrors) > 0 {
		return answer, nil
	}
	town, err := s.town(ctx)
	if err != nil {
		return nil, err
	}
	answer.Municipality = s.municipality(town.municipality())
	return answer, nil
}

// govern applies the input to the row.
func (s *Service) govern(ctx context.Context, tx *mutation.Tx, row *townRow, in UpdateMunicipalityInput) error {
	var p core.Problems
	assignText(&p, &row.Name, in.Name, "name")
	assignText(&p, &row.Region, in.Region, "region")
	assign(&p, &row.TimeZone, in.TimeZone, "timeZone")
	// "Local" would be the zone of whatever machine serves the request.
	_, err := time.LoadLocation(row.TimeZone)
	p.Check(err == nil && row.TimeZone != "" && row.TimeZone != "Local",
		core.T("There is no such time zone. Write its IANA name: Asia/Krasnoyarsk.", "Такого часового пояса нет. Укажите имя IANA: Asia/Krasnoyarsk."), "input", "timeZone")
	if hosts, set := in.Hosts.ValueOK(); set {
		row.Hosts = readHosts(&p, hosts)
	}
	if off, set := in.DisabledModules.ValueOK(); set {
		row.DisabledModules = s.readModules(&p, off)
	}
	if err := p.Err(); err != nil {
		return err
	}
	return freeHosts(ctx, tx, row)
}

var hostForm = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// readHosts takes names as they stand in a request's Host header, without port; international
// ones in their xn-- form.
func readHosts(p *core.Problems, hosts []string) []string {
	p.Check(len(hosts) <= maxHosts, core.Textf("At most %[1]d host names.", "Не более %[1]d имён.", maxHosts), "input", "hosts")
	clean := []string{}
	for i, host := range hosts {
		host = strings.ToLower(strings.TrimSpace(host))
		p.Check(len(host) <= 253 && hostForm.MatchString(host), core.T("Write a host name without scheme and port: veche.kansk.example.",
			"Укажите имя хоста без схемы и порта: veche.kansk.example."), "input", "hosts", fmt.Sprint(i))
		clean = append(clean, host)
	}
	slices.Sort(clean)
	return slices.Compact(clean)
}

// readModules refuses names of no module, and this one: it holds the switch.
func (s *Service) readModules(p *core.Problems, off []string) []string {
	m := s.municipality(&core.Municipality{})
	for i, module := range off {
		p.Check(m.knows(module), core.T("There is no such module; see municipality.modules.", "Такого модуля нет; список — в municipality.modules."),
			"input", "disabledModules", fmt.Sprint(i))
		p.Check(module != moduleName, core.T("This module holds the switch itself and cannot be switched off.", "Этот модуль сам содержит переключатель, его нельзя отключить."),
			"input", "disabledModules", fmt.Sprint(i))
	}
	clean := slices.Sorted(slices.Values(off))
	return append([]string{}, slices.Compact(clean)...)
}

// freeHosts refuses a host name that leads to another municipality. It is the one question here
// that looks across tenants; the lock keeps two from taking a name at once.
func freeHosts(ctx context.Context, tx *mutation.Tx, row *townRow) error {
	if _, err := tx.NewRaw(tenancy.LockHosts).Exec(ctx); err != nil {
		return fmt.Errorf("places: lock host names: %w", err)
	}
	var others []string
	err := tx.NewSelect().Model((*townRow)(nil)).ColumnExpr("unnest(town.hosts)").Where("town.id <> ?", row.ID).Scan(ctx, &others)
	if err != nil {
		return fmt.Errorf("places: host names: %w", err)
	}
	for _, host := range row.Hosts {
		if slices.Contains(others, host) {
			return core.Conflict(core.Textf("%[1]s leads to another municipality.", "%[1]s ведёт к другому муниципалитету.", host), "input", "hosts")
		}
	}
	return nil
}

// town is the tenant's row as it is now, past every cache.
func (s *Service) town(ctx context.Context) (*townRow, error) {
	row := new(townRow)
	if err := s.db.NewSelect().Model(row).Where("town.id = ?", core.MunicipalityOf(ctx).ID).Scan(ctx); err != nil {
		return nil, fmt.Errorf("places: municipality: %w", err)
	}
	return row, nil
}

func (r *townRow) municipality() *core.Municipality {
	return &core.Municipality{ID: r.ID, Key: r.Key, Name: r.Name, Region: r.Region, TimeZone: r.TimeZone, Hosts: r.Hosts, DisabledModules: r.DisabledModules}
}

func (r *townRow) record() map[string]any {
	return map[string]any{"name": r.Name, "region": r.Region, "timeZone": r.TimeZone, "hosts": r.Hosts, "disabledModules": r.DisabledModules}
}
