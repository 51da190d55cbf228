package people

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"github.com/veche-city/veche/core"
	"github.com/veche-city/veche/core/mutation"
	"github.com/veche-city/veche/core/postgres"
)

// What the constraints of the tables mean to whoever broke them.
var conflicts = map[string]*core.Error{
	"persons_external_key": core.Conflict(core.T("A person came from that system under this key already.",
		"Человек с таким внешним ключом уже есть."), "input", "externalKey"),
	"organisations_external_key": core.Conflict(core.T("An organisation came from that system under this key already.",
		"Организация с таким внешним ключом уже есть."), "input", "externalKey"),
	"organisations_ogrn": core.Conflict(core.T("Another organisation has this OGRN. Take that one, or merge the two.",
		"Этот ОГРН уже есть у другой организации. Возьмите её или объедините обе."), "input", "ogrn"),
	"organisations_inn": core.Conflict(core.T("Another organisation has this INN. Take that one, or merge the two.",
		"Этот ИНН уже есть у другой организации. Возьмите её или объедините обе."), "input", "inn"),
	"organisations_not_own_parent": errCircle,
	"posts_one_holder": core.Conflict(core.T("Somebody holds this post in that time. End theirs first, or let the new holder be acting.",
		"Эта должность в это время занята. Сначала освободите её или назначьте исполняющего обязанности."), "input", "title"),
	"posts_once_a_person": core.Conflict(core.T("The person holds this post in that time already.",
		"Этот человек уже занимает эту должность в это время."), "input", "personId"),
	"household_members_one_household": core.Conflict(core.T("The person belongs to a household in that time. End that first.",
		"Этот человек в это время уже входит в домохозяйство. Сначала завершите ту запись."), "input", "personId"),
}

var errCircle = core.Conflict(core.T("The organisation would stand above itself. Choose another parent.",
	"Организация оказалась бы выше самой себя. Выберите другую вышестоящую."), "input", "parentId")

// insert adds a row; a broken constraint comes back in words.
func insert(ctx context.Context, tx bun.IDB, row any) error {
	if _, err := tx.NewInsert().Model(row).Exec(ctx); err != nil {
		return postgres.Conflicts(fmt.Errorf("insert: %w", err), conflicts)
	}
	return nil
}

// save updates columns of a row with a version.
func save(ctx context.Context, tx *mutation.Tx, row any, expected int, columns ...string) error {
	return postgres.Conflicts(mutation.Save(ctx, tx, row, expected, columns...), conflicts)
}

// load reads the named columns of the row that the model's key names, and locks it against other
// writers.
func load(ctx context.Context, tx bun.IDB, row any, columns ...string) error {
	if err := tx.NewSelect().Model(row).Column(columns...).WherePK().For("NO KEY UPDATE").Scan(ctx); err != nil {
		return missing(err, "row")
	}
	return nil
}

func noRows(err error) bool { return postgres.NoRows(err) }

// PersonByExternalKey finds the person that came from another system under that key, also when they
// were merged since: then it is the survivor. ok is false where there is none.
func (s *Service) PersonByExternalKey(ctx context.Context, key string) (person uuid.UUID, ok bool, err error) {
	return s.byExternalKey(ctx, "persons", key)
}

// OrganisationByExternalKey is PersonByExternalKey for organisations.
func (s *Service) OrganisationByExternalKey(ctx context.Context, key string) (organisation uuid.UUID, ok bool, err error) {
	return s.byExternalKey(ctx, "organisations", key)
}

func (s *Service) byExternalKey(ctx context.Context, table, key string) (found uuid.UUID, ok bool, err error) {
	err = s.host.DB.NewRaw(`WITH RECURSIVE chain AS (
			SELECT id, merged_into_id FROM ?0 WHERE municipality_id = ?1 AND external_key = ?2
			UNION SELECT next.id, next.merged_into_id FROM chain JOIN ?0 AS next ON next.municipality_id = ?1 AND next.id = chain.merged_into_id
		) SELECT id FROM chain WHERE merged_into_id IS NULL`,
		bun.Ident(table), core.MunicipalityOf(ctx).ID, clean(key)).Scan(ctx, &found)
	if noRows(err) {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("find in %s by external key: %w", table, err)
	}
	return found, true, nil
}

// FindPost finds a person's post in an organisation by its title and first day.
func (s *Service) FindPost(ctx context.Context, person, organisation uuid.UUID, title string, startsOn core.Date) (post uuid.UUID, ok bool, err error) {
	err = s.host.DB.NewSelect().Model((*Post)(nil)).Column("id").
		Where("?TableAlias.person_id = ?", person).Where("?TableAlias.organisation_id = ?", organisation).
		Where("fold_name(?TableAlias.title) = fold_name(?)", clean(title)).Where("?TableAlias.starts_on = ?", startsOn).
		Scan(ctx, &post)
	if noRows(err) {
		return uuid.Nil, false, nil
	}
	if err != nil {
		return uuid.Nil, false, fmt.Errorf("find a post: %w", err)
	}
	return post, true, nil
}
