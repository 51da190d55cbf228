-- +goose Up
-- The production calendar of each municipality, as exceptions from Saturdays and Sundays off, and the
-- deadline engine that counts by it.

-- A year whose exceptions were imported. In a year without a row the days of the Labour Code hold.
CREATE TABLE calendar_years (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    year            int NOT NULL CHECK (year BETWEEN 1900 AND 2200),
    source          text NOT NULL,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT calendar_years_once UNIQUE (municipality_id, year)
);

CREATE TABLE calendar_days (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    year_id         uuid NOT NULL,
    day             date NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('WORKING', 'DAY_OFF')),
    name_en         text NOT NULL,
    name_ru         text NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, year_id) REFERENCES calendar_years,
    CONSTRAINT calendar_days_once UNIQUE (municipality_id, day)
);
CREATE INDEX calendar_days_day ON calendar_days (municipality_id, day, id);
CREATE INDEX calendar_days_year ON calendar_days (municipality_id, year_id, day, id);

-- One row a municipality, from its first moment. Whoever writes a deadline locks it FOR SHARE, whoever
-- changes the calendar or the rule FOR UPDATE: no deadline is written by a calendar that has gone.
CREATE TABLE calendar_settings (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    deadline_rule   text NOT NULL DEFAULT 'NEXT_WORKING_DAY' CHECK (deadline_rule IN ('NEXT_WORKING_DAY', 'SAME_DAY', 'PREVIOUS_WORKING_DAY')),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT calendar_settings_once UNIQUE (municipality_id)
);
INSERT INTO calendar_settings (municipality_id) SELECT id FROM municipalities;

-- +goose StatementBegin
CREATE FUNCTION calendar_settle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO calendar_settings (municipality_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER calendar_settle AFTER INSERT ON municipalities FOR EACH ROW EXECUTE FUNCTION calendar_settle();

-- The days of the Labour Code, article 112, part 1, as it has stood since 1 January 2013.
CREATE FUNCTION statutory_holiday(day date) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_char(day, 'MMDD') IN ('0101', '0102', '0103', '0104', '0105', '0106', '0107', '0108', '0223', '0308', '0501', '0509', '0612', '1104');

-- Part 2 of it: a day off that falls on a holiday is taken on the next working day, save in January,
-- whose days off the Government moves. So a Monday is off after a holiday on the weekend.
CREATE FUNCTION statutory_day_off(day date) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN extract(isodow FROM day) > 5 OR statutory_holiday(day)
        OR extract(isodow FROM day) = 1 AND extract(month FROM day) > 1 AND (statutory_holiday(day - 1) OR statutory_holiday(day - 2));

-- Each day from the first to the last, and whether it is off.
-- +goose StatementBegin
CREATE FUNCTION calendar_between(town uuid, first_day date, last_day date) RETURNS TABLE (day date, day_off boolean)
    LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT each.day::date, coalesce(exception.kind = 'DAY_OFF',
            CASE WHEN known.year IS NULL THEN statutory_day_off(each.day::date) ELSE extract(isodow FROM each.day) > 5 END)
        FROM generate_series(first_day::timestamp, last_day::timestamp, interval '1 day') AS each (day)
        LEFT JOIN calendar_days AS exception ON exception.municipality_id = town AND exception.day = each.day::date
        LEFT JOIN calendar_years AS known ON known.municipality_id = town AND known.year = extract(year FROM each.day)::int;
    END;
-- +goose StatementEnd

-- The last day of a term of that many days that begins after a day: article 191 of the Civil Code. Where
-- it is a day off, the municipality's rule decides (article 193: the next working day). The day before
-- is taken only where the term has a working day before it; else the next one.
--
-- How far one must look for a working day is bounded by the days that the calendar takes off: each week
-- and each year leaves the more the longer one looks.
-- +goose StatementBegin
CREATE FUNCTION deadline_on(municipality uuid, begins date, days int, unit text) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
    BEGIN ATOMIC
        WITH room AS (
            SELECT 100 + 2 * days + 2 * count(*)::int AS days FROM calendar_days AS taken
            WHERE taken.municipality_id = deadline_on.municipality AND taken.kind = 'DAY_OFF' AND taken.day > begins
        ), counted AS (
            SELECT CASE WHEN unit = 'CALENDAR' OR deadline_on.days = 0 THEN begins + deadline_on.days ELSE (
                SELECT working.day FROM calendar_between(deadline_on.municipality, begins + 1, begins + room.days) AS working
                WHERE NOT working.day_off ORDER BY working.day OFFSET deadline_on.days - 1 LIMIT 1) END AS day, room.days AS room
            FROM room
        )
        SELECT CASE WHEN settings.deadline_rule = 'SAME_DAY' OR NOT last.day_off THEN counted.day
            ELSE coalesce(
                CASE WHEN settings.deadline_rule = 'PREVIOUS_WORKING_DAY' THEN (
                    SELECT max(before.day) FROM calendar_between(deadline_on.municipality, begins + 1, counted.day) AS before WHERE NOT before.day_off) END,
                (SELECT min(after.day) FROM calendar_between(deadline_on.municipality, counted.day, counted.day + counted.room) AS after WHERE NOT after.day_off))
            END
        FROM counted
        JOIN calendar_settings AS settings ON settings.municipality_id = deadline_on.municipality
        CROSS JOIN LATERAL calendar_between(deadline_on.municipality, counted.day, counted.day) AS last;
    END;
-- +goose StatementEnd

-- How many days of the unit lie after the first day, up to and with the last.
CREATE FUNCTION days_between(municipality uuid, after_day date, up_to date, unit text) RETURNS int LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN unit = 'CALENDAR' THEN greatest(0, up_to - after_day) ELSE
        (SELECT count(*)::int FROM calendar_between(municipality, after_day + 1, up_to) AS each WHERE NOT each.day_off) END;

-- +goose Down
DROP FUNCTION days_between;
DROP FUNCTION deadline_on;
DROP FUNCTION calendar_between;
DROP FUNCTION statutory_day_off;
DROP FUNCTION statutory_holiday;
DROP TRIGGER calendar_settle ON municipalities;
DROP FUNCTION calendar_settle;
DROP TABLE calendar_settings, calendar_days, calendar_years;
