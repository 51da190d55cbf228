-- A year of the territorial order: thirty projects at all stages, with all that hangs on them. Persons, cases and meetings are
-- the town's, among them some that not everybody may see, and keys of what is not there.
BEGIN;
SET LOCAL search_path = plugin_territorialorder_kansk, public;

CREATE TEMPORARY TABLE town ON COMMIT DROP AS
SELECT 'district' AS kind, id, row_number() OVER (ORDER BY id) - 1 AS n FROM districts WHERE municipality_id = (SELECT id FROM municipalities WHERE key = 'kansk')
UNION ALL SELECT 'council', id, row_number() OVER (ORDER BY id) - 1 FROM councils WHERE municipality_id = (SELECT id FROM municipalities WHERE key = 'kansk')
UNION ALL SELECT 'person', id, row_number() OVER (ORDER BY id DESC) - 1 FROM persons WHERE municipality_id = (SELECT id FROM municipalities WHERE key = 'kansk')
UNION ALL SELECT 'case', id, row_number() OVER (ORDER BY id) - 1 FROM cases WHERE municipality_id = (SELECT id FROM municipalities WHERE key = 'kansk')
UNION ALL SELECT 'meeting', id, row_number() OVER (ORDER BY id) - 1 FROM meetings WHERE municipality_id = (SELECT id FROM municipalities WHERE key = 'kansk');

-- one is a row of the town; every eleventh is not there.
CREATE FUNCTION pg_temp.one(which text, nth bigint) RETURNS uuid LANGUAGE sql AS $$
    SELECT CASE WHEN nth % 11 = 10 THEN '01500000-0000-7000-8000-ffffffffffff'::uuid
        ELSE (SELECT id FROM pg_temp.town WHERE kind = which AND n = nth % (SELECT count(*) FROM pg_temp.town WHERE kind = which)) END $$;
CREATE FUNCTION pg_temp.key(sort int, n bigint) RETURNS uuid LANGUAGE sql AS $$
    SELECT ('01500000-0000-7000-8000-' || lpad(to_hex(sort * 65536 + n), 12, '0'))::uuid $$;
CREATE FUNCTION pg_temp.moment(n bigint) RETURNS timestamptz LANGUAGE sql AS $$ SELECT timestamptz '2012-09-01 10:00+08' + n * interval '7 hours 3 seconds 250 milliseconds' $$;
CREATE FUNCTION pg_temp.stage(n bigint) RETURNS text LANGUAGE sql AS $$
    SELECT (ARRAY['IDEA', 'DISCUSSION', 'SUPPORTED', 'RANKING', 'RANKED', 'DEFENCE', 'ACCEPTED', 'RETURNED', 'DONE', 'WITHDRAWN'])[n % 10 + 1] $$;

INSERT INTO projects (id, district_id, council_id, author_id, title, text, place, kind, cost_rubles, stage, case_id, proposed_at, version)
SELECT pg_temp.key(1, n), pg_temp.one('district', n % 4), CASE WHEN pg_temp.stage(n) <> 'IDEA' THEN pg_temp.one('council', n % 6) END, pg_temp.one('person', n * 7),
    'Проект № ' || n, 'Что сделать: «' || n || E'»\nи "зачем" \\ — за 5 < 6 & 7', 'Двор ' || n, (ARRAY['YARD', 'ROADS', 'LIGHTING', 'GREENERY', 'SPORT', 'CULTURE', 'SAFETY', 'OTHER'])[n % 8 + 1],
    n * 60000000 + 1, pg_temp.stage(n), CASE WHEN n % 3 = 0 THEN pg_temp.one('case', n) END, pg_temp.moment(n), n % 5 + 1
FROM generate_series(0, 29) AS n;

INSERT INTO steps (id, project_id, stage, reason, person_id, taken_at)
SELECT pg_temp.key(2, p * 16 + n), pg_temp.key(1, p), pg_temp.stage(n), CASE n % 3 WHEN 2 THEN 'Потому что' ELSE '' END, CASE WHEN n % 4 < 3 THEN pg_temp.one('person', p + n) END, pg_temp.moment(p + n)
FROM generate_series(0, 29) AS p, generate_series(0, 4) AS n WHERE n <= p % 10;

INSERT INTO statements (id, project_id, council_id, person_id, text, made_at)
SELECT pg_temp.key(3, p * 16 + n), pg_temp.key(1, p), pg_temp.one('council', p % 6), pg_temp.one('person', p + n * 3), 'Мнение ' || n, pg_temp.moment(p + n)
FROM generate_series(0, 29) AS p, generate_series(0, 3) AS n WHERE p % 10 > 0;

INSERT INTO rounds (id, district_id, title, opened_at, closes_at, state, weight_residents, weight_council, weight_administration, choices, version)
SELECT pg_temp.key(4, n), CASE WHEN n <> 1 THEN pg_temp.one('district', n) END, 'Голосование ' || n, pg_temp.moment(n * 10), pg_temp.moment(n * 10 + 9), (ARRAY['CLOSED', 'CLOSED', 'COUNTING', 'OPEN'])[n + 1], 50, 30, 20, 5, n + 1
FROM generate_series(0, 3) AS n;

INSERT INTO entries (round_id, project_id, place, score)
SELECT pg_temp.key(4, r), pg_temp.key(1, p), CASE WHEN r < 2 THEN p + 1 END, CASE WHEN r < 2 THEN 1000000 - p * 30000 END
FROM generate_series(0, 3) AS r, generate_series(0, 29) AS p WHERE p % 10 > 1 AND (p + r) % 2 = 0;

INSERT INTO votes (id, round_id, person_id, chamber, cast_at)
SELECT pg_temp.key(5, r * 16 + n), pg_temp.key(4, r), pg_temp.key(15, n), (ARRAY['RESIDENTS', 'COUNCIL', 'ADMINISTRATION'])[n % 3 + 1], pg_temp.moment(r * 10 + n)
FROM generate_series(0, 3) AS r, generate_series(0, 7) AS n WHERE n < r * 3;

INSERT INTO defences (id, round_id, meeting_id, starts_at, state, minutes, reserved_at, version)
SELECT pg_temp.key(6, n), pg_temp.key(4, n), CASE WHEN n < 2 THEN pg_temp.one('meeting', n) END, pg_temp.moment(100 + n), CASE n WHEN 0 THEN 'HELD' ELSE 'PLANNED' END, CASE n WHEN 0 THEN 'Слушали, решили' ELSE '' END, pg_temp.moment(99), 1
FROM generate_series(0, 2) AS n;

INSERT INTO defence_projects (defence_id, position, project_id)
SELECT pg_temp.key(6, d), n, pg_temp.key(1, (n * 10 + 5 + d) % 30) FROM generate_series(0, 2) AS d, generate_series(0, 2) AS n;

INSERT INTO panel (defence_id, person_id, absent)
SELECT DISTINCT ON (1, 2) pg_temp.key(6, d), pg_temp.one('person', n * 5), n = 1 FROM generate_series(0, 2) AS d, generate_series(0, 4) AS n ORDER BY 1, 2, 3;

INSERT INTO questions (id, defence_id, project_id, person_id, text, answer, asked_at)
SELECT pg_temp.key(7, d * 16 + n), pg_temp.key(6, d), pg_temp.key(1, (n * 10 + 5 + d) % 30), pg_temp.one('person', n * 5), 'Кто следит?', 'Город', pg_temp.moment(100 + n) FROM generate_series(0, 1) AS d, generate_series(0, 2) AS n;

INSERT INTO scores (defence_id, project_id, person_id, criterion, points)
SELECT pg_temp.key(6, 0), pg_temp.key(1, (n * 10 + 5) % 30), p.person_id, c, n * 3 + 1
FROM generate_series(0, 2) AS n, (SELECT person_id FROM panel WHERE defence_id = pg_temp.key(6, 0) AND NOT absent) AS p, unnest(ARRAY['NEED', 'FEASIBILITY', 'PARTICIPATION', 'DURABILITY']) AS c;

INSERT INTO decisions (id, project_id, defence_id, accepted, funding_rubles, reasons, person_id, decided_at, decided_on)
SELECT pg_temp.key(8, p * 4 + d), pg_temp.key(1, p), pg_temp.key(6, d), p % 10 <> 7, CASE WHEN p % 10 <> 7 THEN p * 1000 END, CASE p % 10 WHEN 7 THEN 'Дорого' ELSE '' END, pg_temp.one('person', p + d), pg_temp.moment(110 + p), '2012-12-20'
FROM generate_series(0, 29) AS p, generate_series(0, 1) AS d WHERE p % 10 > 5 AND (d = 0 OR p % 10 = 8);

INSERT INTO milestones (id, project_id, position, title, due_on, done_at, report)
SELECT pg_temp.key(9, p * 16 + n), pg_temp.key(1, p), n, 'Этап ' || n, date '2013-01-10' + n::int * 20, CASE WHEN p % 10 = 8 OR n = 1 THEN pg_temp.moment(120 + n) END, CASE WHEN p % 10 = 8 OR n = 1 THEN 'Сделано' ELSE '' END
FROM generate_series(0, 29) AS p, generate_series(1, 3) AS n WHERE p % 10 IN (6, 8);

DROP FUNCTION pg_temp.one, pg_temp.key, pg_temp.moment, pg_temp.stage;
COMMIT;
