-- What the benchmark adds to a municipality, all of it made up and the same at each run. Keys are
-- random-like, as real ones lie on disk. Words in braces are filled in by data.go.
CREATE FUNCTION pg_temp.key(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN md5('{town}' || kind || n)::uuid;

-- Persons; every 250th has had their data erased.
INSERT INTO persons (municipality_id, id, family_name, given_name, patronymic, created_at, erased_at)
SELECT '{town}', pg_temp.key('person', n), 'Данные удалены', '', '', '2012-01-01', '2016-03-01 10:20:30.5Z'
FROM generate_series(250, {persons}, 250) AS n;
INSERT INTO persons (municipality_id, id, family_name, given_name, patronymic, created_at)
SELECT '{town}', pg_temp.key('person', n),
    (ARRAY['Образцов', 'Примеров', 'Шаблонов', 'Типовой', 'Опытный', 'Пробный', 'Учебный', 'Условный',
        'Тестов', 'Макетов', 'Эталонов', 'Пилотный', 'Нулевой', 'Вымыслов', 'Чертежов', 'Планов'])[1 + n * 7 % 16],
    (ARRAY['Алексей', 'Борис', 'Виктор', 'Глеб', 'Денис', 'Егор', 'Захар', 'Игорь', 'Кирилл', 'Лев',
        'Максим', 'Никита', 'Олег', 'Павел', 'Роман', 'Семён', 'Тимур', 'Фёдор', 'Юрий', 'Яков'])[1 + n / 16 % 20],
    CASE WHEN n % 9 = 0 THEN '' ELSE (ARRAY['Алексеевич', 'Борисович', 'Викторович', 'Глебович', 'Денисович', 'Егорович', 'Захарович',
        'Игоревич', 'Кириллович', 'Львович', 'Максимович', 'Никитич', 'Олегович', 'Павлович'])[1 + n / 320 % 14] END,
    timestamptz '2012-01-01Z' + n * interval '1 hour'
FROM generate_series(1, {persons}) AS n WHERE n % 250 <> 0;
INSERT INTO personal_data (municipality_id, person_id)
SELECT '{town}', pg_temp.key('person', n) FROM generate_series(1, {persons}) AS n;

-- Bodies, with their members and those who left before them.
INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on, active_from, seat_limit)
SELECT '{town}', pg_temp.key('council', n), 'PUBLIC_COUNCIL', 'Общественный совет «Пример» № ' || n, 'Распоряжение № ' || n,
    '2013-01-01', '2013-01-01', {members} FROM generate_series(1, {councils}) AS n;
INSERT INTO memberships (municipality_id, id, council_id, person_id, post, basis, starts_on, ends_on, leaving_reason)
SELECT '{town}', pg_temp.key('seat', council * {seats} + seat), pg_temp.key('council', council),
    pg_temp.key('person', 1 + ((council - 1) * {seats} + seat) * 13 % {persons}),
    CASE seat WHEN 0 THEN 'CHAIR' WHEN 1 THEN 'DEPUTY_CHAIR' WHEN 2 THEN 'SECRETARY' ELSE 'MEMBER' END,
    CASE seat % 3 WHEN 0 THEN 'ACTIVE_CITIZEN' WHEN 1 THEN 'RECOGNISED_MERIT' ELSE 'EX_OFFICIO' END,
    CASE WHEN seat < {members} THEN date '2014-01-01' + seat ELSE date '2013-01-01' END,
    CASE WHEN seat >= {members} THEN date '2013-12-31' END, CASE WHEN seat >= {members} THEN 'RESIGNED' END
FROM generate_series(1, {councils}) AS council, generate_series(0, {seats} - 1) AS seat;

-- Posts make names public too.
INSERT INTO organisations (municipality_id, id, kind, name, created_at)
VALUES ('{town}', pg_temp.key('organisation', 1), 'MUNICIPAL_INSTITUTION', 'Учреждение «Пример»', '2012-01-01Z');
INSERT INTO posts (municipality_id, id, organisation_id, person_id, title, acting, sole_holder, starts_on)
SELECT '{town}', pg_temp.key('post', n), pg_temp.key('organisation', 1), pg_temp.key('person', n), 'Специалист', false, false, '2013-01-01'
FROM generate_series(1, {persons} / 20) AS n;

-- Districts with a community council each, where the municipality has none of its own.
INSERT INTO districts (municipality_id, id, number, name, founded_on)
SELECT '{town}', pg_temp.key('district', n), n, 'Микрорайон № ' || n, '2000-01-01' FROM generate_series(1, 15) AS n
WHERE NOT EXISTS (SELECT FROM districts WHERE municipality_id = '{town}');
INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on, active_from, district_id)
SELECT '{town}', pg_temp.key('community', number), 'COMMUNITY_COUNCIL', 'Совет микрорайона № ' || number, 'Собрание жителей', '2012-05-01', '2012-05-01', id
FROM districts WHERE municipality_id = '{town}'
    AND NOT EXISTS (SELECT FROM councils WHERE municipality_id = '{town}' AND kind = 'COMMUNITY_COUNCIL');
INSERT INTO memberships (municipality_id, id, council_id, person_id, post, basis, starts_on)
SELECT '{town}', pg_temp.key('local', d.number * 10 + seat), c.id, pg_temp.key('person', 1 + (d.number * 10 + seat) * 11 % {persons}),
    CASE seat WHEN 0 THEN 'CHAIR' ELSE 'MEMBER' END, 'ACTIVE_CITIZEN', '2012-05-01'
FROM councils AS c JOIN districts AS d ON d.municipality_id = c.municipality_id AND d.id = c.district_id, generate_series(0, 6) AS seat
WHERE c.municipality_id = '{town}' AND c.kind = 'COMMUNITY_COUNCIL'
    AND NOT EXISTS (SELECT FROM memberships AS m WHERE m.municipality_id = c.municipality_id AND m.council_id = c.id);

DROP FUNCTION pg_temp.key;
