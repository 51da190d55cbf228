-- A long list: seats {from} to {to} of bodies that took {per} seats each, over twelve years. In a body
-- nobody sits twice. A quarter of the persons holds none of these seats, so that some stay hidden.
-- In the order of persons the indexes of the constraints are built twice as fast, and what the foreign
-- keys look up is looked up well only where Postgres knows the tables.
CREATE FUNCTION pg_temp.key(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN md5('{town}' || kind || n)::uuid;

INSERT INTO organisations (municipality_id, id, kind, name, created_at)
SELECT '{town}', pg_temp.key('delegating', n), 'PUBLIC_ASSOCIATION', 'Объединение «Пример» № ' || n, '2000-01-01Z'
FROM generate_series(0, 199) AS n ON CONFLICT DO NOTHING;
INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on, active_from)
SELECT '{town}', pg_temp.key('register', n), 'TERRITORIAL_COMMISSION', 'Комиссия «Пример» № ' || n, 'Постановление № ' || n,
    '2000-01-01', '2000-01-01' FROM generate_series({from} / {per}, {to} / {per}) AS n ON CONFLICT DO NOTHING;
ANALYZE councils, organisations, persons;
INSERT INTO memberships (municipality_id, id, council_id, person_id, post, basis, organisation_id, starts_on, ends_on, leaving_reason)
SELECT '{town}', pg_temp.key('entry', n), pg_temp.key('register', n / {per}), pg_temp.key('person', 1 + n % ({persons} * 3 / 4)),
    CASE n % 20 WHEN 0 THEN 'DEPUTY_CHAIR' WHEN 1 THEN 'SECRETARY' ELSE 'MEMBER' END,
    (ARRAY['PUBLIC_ASSOCIATION', 'PROFESSIONAL_ASSOCIATION', 'POLITICAL_PARTY', 'OTHER_ORGANISATION',
        'ACTIVE_CITIZEN', 'RECOGNISED_MERIT', 'HONORARY_CITIZEN', 'EX_OFFICIO'])[1 + n / 20 % 8],
    CASE WHEN n / 20 % 8 < 4 THEN pg_temp.key('delegating', n % 200) END, started,
    CASE WHEN n % 25 <> 0 THEN started + 30 + (n % 300)::int END, CASE WHEN n % 25 <> 0 THEN 'TERM_ENDED' END
FROM generate_series({from}::bigint, {to}) AS n, LATERAL (SELECT date '2000-01-01' + (n * 7919 % 4500)::int AS started) AS day
ORDER BY pg_temp.key('person', 1 + n % ({persons} * 3 / 4));

DROP FUNCTION pg_temp.key;
