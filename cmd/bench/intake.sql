-- What the measured mutation needs: bodies without a limit of seats, and a clerk who is signed in by
-- the token whose hash this is.
INSERT INTO councils (municipality_id, id, kind, name, founding_act, founded_on, active_from)
SELECT '{town}', md5('{town}' || 'intake' || n)::uuid, 'COORDINATION_COUNCIL', 'Координационный совет «Пример» № ' || n,
    'Распоряжение № ' || n, '{founded}', '{founded}' FROM generate_series(1, {intake}) AS n;
INSERT INTO accounts (municipality_id, id, login, display_name, created_at)
VALUES ('{town}', md5('{town}' || 'clerk')::uuid, 'bench', 'Bench', now());
INSERT INTO role_assignments (municipality_id, id, account_id, role, starts_on, assigned_at)
VALUES ('{town}', md5('{town}' || 'assignment')::uuid, md5('{town}' || 'clerk')::uuid, 'clerk', '2013-01-01', now());
INSERT INTO sessions (municipality_id, id, account_id, kind, token_hash, created_at, seen_at, expires_at)
VALUES ('{town}', md5('{town}' || 'session')::uuid, md5('{town}' || 'clerk')::uuid, 'bearer', sha256('{token}'), now(), now(), now() + interval '1 day');
