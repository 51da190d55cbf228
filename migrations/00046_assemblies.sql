-- +goose Up
-- City assemblies: who sits in one follows from its charter of the day and from the bodies below it
-- (assembly_seats, in the end), not from a list of seats.
CREATE TABLE assemblies (
    municipality_id    uuid NOT NULL REFERENCES municipalities,
    id                 uuid NOT NULL,
    external_key       text,
    kind               text NOT NULL CHECK (kind IN ('CITY_ASSEMBLY', 'DELEGATE_CONFERENCE')),
    name               text NOT NULL,
    name_folded        text NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED,
    name_order         text NOT NULL GENERATED ALWAYS AS (sort_name(name)) STORED,
    purpose            text NOT NULL DEFAULT '',
    founding_act       text NOT NULL,
    founded_on         date NOT NULL,
    active_from        date CHECK (active_from >= founded_on),
    dissolved_on       date CHECK (dissolved_on >= founded_on),
    dissolution_reason text,
    version            int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, external_key),
    CHECK (active_from <= dissolved_on),
    CHECK ((dissolved_on IS NULL) = (dissolution_reason IS NULL))
);
CREATE INDEX assemblies_name ON assemblies (municipality_id, name_order, id);
CREATE INDEX assemblies_founded ON assemblies (municipality_id, founded_on, id);
CREATE INDEX assemblies_search ON assemblies USING gin (name_folded gin_trgm_ops);

-- A charter's versions follow each other day by day.
CREATE TABLE assembly_charters (
    municipality_id     uuid NOT NULL,
    id                  uuid NOT NULL,
    assembly_id         uuid NOT NULL,
    number              int NOT NULL CHECK (number > 0),
    act                 text NOT NULL,
    starts_on           date NOT NULL,
    ends_on             date CHECK (ends_on >= starts_on),
    term_months         int CHECK (term_months BETWEEN 1 AND 120),
    quorum_of           text NOT NULL CHECK (quorum_of IN ('FILLED', 'ALL')),
    quorum_numerator    int NOT NULL,
    quorum_denominator  int NOT NULL CHECK (quorum_denominator BETWEEN 1 AND 1000),
    quorum_strict       boolean NOT NULL,
    substitutes_allowed boolean NOT NULL,
    proxies_held        int NOT NULL CHECK (proxies_held BETWEEN 0 AND 100),
    proxies_in_quorum   boolean NOT NULL,
    manners             text[] NOT NULL CHECK (manners <@ '{OPEN,NAMED,SECRET}' AND cardinality(manners) BETWEEN 1 AND 3),
    amendments_as       text NOT NULL,
    notice_days         int NOT NULL CHECK (notice_days BETWEEN 0 AND 365),
    version             int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, assembly_id, id),
    UNIQUE (municipality_id, assembly_id, number),
    FOREIGN KEY (municipality_id, assembly_id) REFERENCES assemblies (municipality_id, id),
    CHECK (quorum_numerator BETWEEN 1 AND quorum_denominator),
    CONSTRAINT assembly_charters_no_overlap EXCLUDE USING gist (assembly_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);

-- What seats there are for whom. A rule lives on from one charter to the next under its key, and so do
-- those who sit by it; the number of seats is the charter's.
CREATE TABLE assembly_rules (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    key             text NOT NULL CHECK (key ~ '^[a-z][a-z0-9-]{0,39}$'),
    kind            text NOT NULL CHECK (kind IN ('EACH_DISTRICT', 'EACH_BODY', 'BODY_CHOOSES', 'BODY_ALL', 'NOMINATION')),
    council_kind    text CHECK (council_kind IN ('PUBLIC_CHAMBER', 'PUBLIC_COUNCIL', 'COMMUNITY_COUNCIL',
        'INTERDEPARTMENTAL_COMMISSION', 'TERRITORIAL_COMMISSION', 'COORDINATION_COUNCIL')),
    council_id      uuid,
    organisation_id uuid,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, assembly_id, id),
    CONSTRAINT assembly_rules_key UNIQUE (municipality_id, assembly_id, key),
    FOREIGN KEY (municipality_id, assembly_id) REFERENCES assemblies (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations (municipality_id, id),
    CHECK ((kind IN ('EACH_DISTRICT', 'EACH_BODY')) = (council_kind IS NOT NULL)),
    CHECK (kind NOT IN ('BODY_CHOOSES', 'BODY_ALL') OR council_id IS NOT NULL),
    CHECK (kind NOT IN ('EACH_DISTRICT', 'EACH_BODY') OR council_id IS NULL),
    CHECK (organisation_id IS NULL OR kind = 'NOMINATION' AND council_id IS NULL)
);
CREATE INDEX assembly_rules_council ON assembly_rules (municipality_id, council_id);
CREATE INDEX assembly_rules_organisation ON assembly_rules (municipality_id, organisation_id);

CREATE TABLE charter_rules (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    charter_id      uuid NOT NULL,
    rule_id         uuid NOT NULL,
    position        int NOT NULL CHECK (position BETWEEN 1 AND 20),
    name            text NOT NULL,
    seats           int CHECK (seats BETWEEN 1 AND 500), -- null: as many as the body has members
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, charter_id, position),
    UNIQUE (municipality_id, charter_id, rule_id),
    FOREIGN KEY (municipality_id, assembly_id, charter_id) REFERENCES assembly_charters (municipality_id, assembly_id, id),
    FOREIGN KEY (municipality_id, assembly_id, rule_id) REFERENCES assembly_rules (municipality_id, assembly_id, id)
);
CREATE INDEX charter_rules_rule ON charter_rules (municipality_id, rule_id);

CREATE TABLE charter_majorities (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    charter_id      uuid NOT NULL,
    position        int NOT NULL CHECK (position BETWEEN 1 AND 21),
    question        text NOT NULL CHECK (question ~ '^([a-z][a-z0-9-]{0,39})?$'), -- empty: ordinary
    name            text NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('SIMPLE', 'QUALIFIED')),
    "of"            text NOT NULL CHECK ("of" IN ('PRESENT', 'VOTED', 'FILLED', 'ALL')),
    numerator       int NOT NULL,
    denominator     int NOT NULL CHECK (denominator BETWEEN 1 AND 1000),
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, charter_id, position),
    UNIQUE (municipality_id, charter_id, question),
    FOREIGN KEY (municipality_id, assembly_id, charter_id) REFERENCES assembly_charters (municipality_id, assembly_id, id),
    CHECK (numerator BETWEEN 1 AND denominator),
    CHECK (kind = 'QUALIFIED' OR (numerator, denominator) = (1, 2))
);

-- Who was proposed for a seat by nomination.
CREATE TABLE nominations (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    rule_id         uuid NOT NULL,
    person_id       uuid NOT NULL,
    organisation_id uuid,
    council_id      uuid,
    minutes         text NOT NULL,
    nominated_on    date NOT NULL,
    status          text NOT NULL CHECK (status IN ('PENDING', 'ACCEPTED', 'REJECTED', 'WITHDRAWN')),
    decided_on      date CHECK (decided_on >= nominated_on),
    decision_reason text,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, assembly_id, rule_id) REFERENCES assembly_rules (municipality_id, assembly_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    CHECK ((organisation_id IS NULL) <> (council_id IS NULL)),
    CHECK ((status = 'PENDING') = (decided_on IS NULL)),
    CONSTRAINT nominations_once EXCLUDE USING gist (person_id WITH =, rule_id WITH =, municipality_id WITH =) WHERE (status = 'PENDING')
);
CREATE INDEX nominations_made ON nominations (municipality_id, assembly_id, nominated_on, id);
CREATE INDEX nominations_all ON nominations (municipality_id, nominated_on, id);
CREATE INDEX nominations_person ON nominations (municipality_id, person_id);
CREATE INDEX nominations_organisation ON nominations (municipality_id, organisation_id);
CREATE INDEX nominations_council ON nominations (municipality_id, council_id);

-- Who holds a seat, and who is named to stand in for those who do. place_id tells whose seats are
-- numbered: the district's, the body's, or the rule's own.
CREATE TABLE delegates (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    rule_id         uuid NOT NULL,
    council_id      uuid,
    district_id     uuid,
    place_id        uuid NOT NULL GENERATED ALWAYS AS (coalesce(district_id, council_id, rule_id)) STORED,
    nomination_id   uuid,
    person_id       uuid NOT NULL,
    capacity        text NOT NULL CHECK (capacity IN ('HOLDER', 'SUBSTITUTE')),
    number          int NOT NULL CHECK (number BETWEEN 1 AND 500),
    minutes         text NOT NULL,
    meeting_id      uuid,
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    end_reason      text CHECK (end_reason IN ('SEAT_BELOW_ENDED', 'RECALLED', 'RESIGNED', 'TERM_ENDED', 'CHARTER_CHANGED',
        'ASSEMBLY_DISSOLVED', 'MOVED_AWAY', 'DIED', 'OTHER')),
    -- Why the person left the body below, where that is why the seat here ended.
    leaving_reason  text CHECK (leaving_reason IN ('RESIGNED', 'TERM_ENDED', 'RECALLED', 'REMOVED', 'CHANGED_POST',
        'BODY_DISSOLVED', 'MOVED_AWAY', 'DIED', 'OTHER')),
    end_minutes     text,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, assembly_id, rule_id) REFERENCES assembly_rules (municipality_id, assembly_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, district_id) REFERENCES districts (municipality_id, id),
    FOREIGN KEY (municipality_id, nomination_id) REFERENCES nominations (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    UNIQUE (municipality_id, nomination_id),
    CHECK (meeting_id IS NULL OR council_id IS NOT NULL),
    CHECK ((council_id IS NULL) = (nomination_id IS NOT NULL)),
    CHECK (district_id IS NULL OR council_id IS NOT NULL),
    CHECK ((ends_on IS NULL) = (end_reason IS NULL)),
    CHECK (leaving_reason IS NULL OR end_reason = 'SEAT_BELOW_ENDED'),
    -- One seat has one holder, one place in the row of substitutes one person; and one person is one
    -- of these once in an assembly. (The column that tells most apart comes first.)
    CONSTRAINT delegates_one_holder EXCLUDE USING gist (place_id WITH =, rule_id WITH =, number WITH =, capacity WITH =,
        municipality_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&),
    CONSTRAINT delegates_one_seat EXCLUDE USING gist (person_id WITH =, assembly_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX delegates_roll ON delegates (municipality_id, assembly_id, starts_on, id);
CREATE INDEX delegates_seat ON delegates (municipality_id, rule_id, place_id, number, starts_on);
CREATE INDEX delegates_council ON delegates (municipality_id, council_id, starts_on, id);
CREATE INDEX delegates_district ON delegates (municipality_id, district_id, starts_on, id);
CREATE INDEX delegates_person ON delegates (municipality_id, person_id, starts_on, id);
CREATE INDEX delegates_started ON delegates (municipality_id, starts_on, id);

CREATE TABLE delegate_suspensions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    delegate_id     uuid NOT NULL,
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    minutes         text NOT NULL,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, assembly_id) REFERENCES assemblies (municipality_id, id),
    FOREIGN KEY (municipality_id, delegate_id) REFERENCES delegates (municipality_id, id) ON DELETE CASCADE,
    CONSTRAINT delegate_suspensions_no_overlap EXCLUDE USING gist (delegate_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX delegate_suspensions_of ON delegate_suspensions (municipality_id, delegate_id, starts_on, id);

-- A substitute sits for a holder who is away: one for one at a time.
CREATE TABLE substitute_calls (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    assembly_id     uuid NOT NULL,
    delegate_id     uuid NOT NULL,
    substitute_id   uuid NOT NULL,
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, assembly_id) REFERENCES assemblies (municipality_id, id),
    FOREIGN KEY (municipality_id, delegate_id) REFERENCES delegates (municipality_id, id) ON DELETE CASCADE,
    FOREIGN KEY (municipality_id, substitute_id) REFERENCES delegates (municipality_id, id) ON DELETE CASCADE,
    CHECK (delegate_id <> substitute_id),
    CONSTRAINT substitute_calls_one_for_a_holder EXCLUDE USING gist (delegate_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&),
    CONSTRAINT substitute_calls_one_of_a_substitute EXCLUDE USING gist (substitute_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX substitute_calls_of ON substitute_calls (municipality_id, delegate_id, starts_on, id);
CREATE INDEX substitute_calls_by ON substitute_calls (municipality_id, substitute_id, starts_on, id);

-- +goose StatementBegin
-- The seats of an assembly on a day: one row for each that the charter of the day expects, with who
-- holds it and who sits in it (a called substitute in the holder's stead), or why nobody does.
--   A district that stands has its seats whether or not it has a council. A body has its own while it
-- stands, a named one whether or not it does. Where all members of a body sit, each is a seat, except
-- who holds another here already, or sits in one as a substitute.
--   fillable: there is a body at work to name somebody, or somebody sits. sorted: the seats' order, the
-- same on every day.
CREATE FUNCTION assembly_seats(town uuid, assembly uuid, day date)
RETURNS TABLE (rule_id uuid, "position" int, number int, district_id uuid, council_id uuid, holder_id uuid, membership_id uuid,
    substitute_id uuid, person_id uuid, filled boolean, fillable boolean, reason text, former_id uuid, end_reason text,
    leaving_reason text, sorted text)
LANGUAGE sql STABLE AS $$
WITH rule AS (
    SELECT part.rule_id AS id, part.position, part.seats, of.kind, of.council_kind, of.council_id
    FROM assemblies AS body
    JOIN assembly_charters AS charter ON charter.municipality_id = town AND charter.assembly_id = body.id
        AND charter.starts_on <= day AND (charter.ends_on IS NULL OR charter.ends_on >= day)
    JOIN charter_rules AS part ON part.municipality_id = town AND part.charter_id = charter.id
    JOIN assembly_rules AS of ON of.municipality_id = town AND of.id = part.rule_id
    WHERE body.municipality_id = town AND body.id = assembly AND body.founded_on <= day AND (body.dissolved_on IS NULL OR body.dissolved_on >= day)
), standing AS (
    SELECT c.id, c.kind, c.district_id, c.founded_on, c.name_order, coalesce(c.active_from <= day, FALSE) AS works
    FROM councils AS c
    WHERE c.municipality_id = town AND c.founded_on <= day AND (c.dissolved_on IS NULL OR c.dissolved_on >= day)
        AND EXISTS (SELECT FROM rule WHERE rule.council_kind = c.kind OR rule.council_id = c.id)
), place AS (
    SELECT rule.id AS rule_id, rule.position, rule.seats, district.id AS id, district.id AS district_id, body.id AS council_id,
        body.works, to_char(district.number, 'FM0000') AS sorted
    FROM rule
    JOIN districts AS district ON district.municipality_id = town AND (district.founded_on IS NULL OR district.founded_on <= day)
        AND (district.abolished_on IS NULL OR district.abolished_on >= day)
    LEFT JOIN LATERAL (SELECT s.id, s.works FROM standing AS s WHERE s.kind = rule.council_kind AND s.district_id = district.id
        ORDER BY s.works DESC, s.founded_on, s.id LIMIT 1) AS body ON TRUE
    WHERE rule.kind = 'EACH_DISTRICT'
    UNION ALL
    SELECT rule.id, rule.position, rule.seats, body.id, NULL, body.id, body.works, body.name_order
    FROM rule JOIN standing AS body ON body.kind = rule.council_kind WHERE rule.kind = 'EACH_BODY'
    UNION ALL
    SELECT rule.id, rule.position, rule.seats, rule.council_id, NULL, rule.council_id, body.works, ''
    FROM rule LEFT JOIN standing AS body ON body.id = rule.council_id WHERE rule.kind = 'BODY_CHOOSES'
    UNION ALL
    SELECT rule.id, rule.position, rule.seats, rule.id, NULL, NULL, TRUE, '' FROM rule WHERE rule.kind = 'NOMINATION'
), seat AS (
    SELECT place.*, n.number FROM place CROSS JOIN LATERAL generate_series(1, place.seats) AS n(number)
), named AS (
    SELECT seat.rule_id, seat.position, seat.number, seat.district_id, coalesce(holder.council_id, seat.council_id) AS council_id,
        holder.id AS holder_id, called.id AS substitute_id, coalesce(called.person_id, CASE WHEN away.id IS NULL THEN holder.person_id END) AS person_id,
        seat.works IS TRUE OR holder.id IS NOT NULL AS fillable, away.id IS NOT NULL AS away, seat.works,
        former.id AS former_id, former.end_reason, former.leaving_reason, seat.sorted || ' ' || seat.id AS sorted
    FROM seat
    LEFT JOIN delegates AS holder ON holder.municipality_id = town AND holder.rule_id = seat.rule_id AND holder.place_id = seat.id
        AND holder.number = seat.number AND holder.capacity = 'HOLDER' AND holder.starts_on <= day AND (holder.ends_on IS NULL OR holder.ends_on >= day)
    LEFT JOIN delegate_suspensions AS away ON away.municipality_id = town AND away.delegate_id = holder.id
        AND away.starts_on <= day AND (away.ends_on IS NULL OR away.ends_on >= day)
    LEFT JOIN substitute_calls AS call ON call.municipality_id = town AND call.delegate_id = holder.id
        AND call.starts_on <= day AND (call.ends_on IS NULL OR call.ends_on >= day)
    LEFT JOIN delegates AS called ON called.municipality_id = town AND called.id = call.substitute_id
        AND called.starts_on <= day AND (called.ends_on IS NULL OR called.ends_on >= day)
    LEFT JOIN LATERAL (SELECT d.id, d.end_reason, d.leaving_reason FROM delegates AS d
        WHERE d.municipality_id = town AND d.rule_id = seat.rule_id AND d.place_id = seat.id AND d.number = seat.number
            AND d.capacity = 'HOLDER' AND d.ends_on < day
        ORDER BY d.starts_on DESC LIMIT 1) AS former ON holder.id IS NULL
), member AS (
    SELECT DISTINCT ON (m.person_id) rule.id AS rule_id, rule.position, rule.council_id, m.id AS membership_id, m.person_id, m.post_rank, m.starts_on
    FROM rule JOIN memberships AS m ON m.municipality_id = town AND m.council_id = rule.council_id
        AND m.starts_on <= day AND (m.ends_on IS NULL OR m.ends_on >= day)
    WHERE rule.kind = 'BODY_ALL' AND NOT EXISTS (SELECT FROM named JOIN delegates AS d ON d.municipality_id = town AND d.id = named.holder_id
        WHERE d.person_id = m.person_id OR named.person_id = m.person_id)
    ORDER BY m.person_id, rule.position
)
SELECT rule_id, position, number, district_id, council_id, holder_id, NULL::uuid, substitute_id, person_id, person_id IS NOT NULL, fillable,
    CASE WHEN person_id IS NOT NULL THEN NULL WHEN away THEN 'SUSPENDED' WHEN works IS NULL THEN 'NO_BODY' WHEN NOT works THEN 'BODY_FORMING'
        WHEN former_id IS NOT NULL THEN 'HOLDER_LEFT' ELSE 'NOT_NAMED' END,
    former_id, end_reason, leaving_reason, to_char(position, 'FM00') || ' ' || sorted || ' ' || to_char(number, 'FM000')
FROM named
UNION ALL
SELECT rule_id, position, number::int, NULL, council_id, NULL, membership_id, NULL, person_id, TRUE, TRUE, NULL, NULL, NULL, NULL,
    to_char(position, 'FM00') || ' ' || to_char(number, 'FM0000')
FROM (SELECT member.*, row_number() OVER (PARTITION BY rule_id ORDER BY post_rank, starts_on, membership_id) AS number FROM member) AS member
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION assembly_seats(uuid, uuid, date);
DROP TABLE substitute_calls, delegate_suspensions, delegates, nominations, charter_majorities, charter_rules, assembly_rules, assembly_charters, assemblies;
