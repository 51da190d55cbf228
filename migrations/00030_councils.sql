-- +goose Up
CREATE TABLE councils (
    municipality_id        uuid NOT NULL REFERENCES municipalities,
    id                     uuid NOT NULL,
    external_key           text,
    kind                   text NOT NULL CHECK (kind IN ('PUBLIC_CHAMBER', 'PUBLIC_COUNCIL', 'COMMUNITY_COUNCIL',
        'INTERDEPARTMENTAL_COMMISSION', 'TERRITORIAL_COMMISSION', 'COORDINATION_COUNCIL')),
    name                   text NOT NULL,
    name_folded            text NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED,
    name_order             text NOT NULL GENERATED ALWAYS AS (sort_name(name)) STORED,
    purpose                text NOT NULL DEFAULT '',
    founding_act           text NOT NULL,
    founded_on             date NOT NULL,
    active_from            date CHECK (active_from >= founded_on),
    dissolved_on           date CHECK (dissolved_on >= founded_on),
    dissolution_reason     text,
    district_id            uuid,
    parent_id              uuid CHECK (parent_id <> id),
    parent_organisation_id uuid,
    seat_limit             int CHECK (seat_limit BETWEEN 1 AND 1000),
    term_months            int CHECK (term_months BETWEEN 1 AND 120),
    version                int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, external_key),
    FOREIGN KEY (municipality_id, district_id) REFERENCES districts (municipality_id, id),
    FOREIGN KEY (municipality_id, parent_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, parent_organisation_id) REFERENCES organisations (municipality_id, id),
    CHECK (active_from <= dissolved_on),
    CHECK (kind <> 'COMMUNITY_COUNCIL' OR district_id IS NOT NULL),
    CHECK ((dissolved_on IS NULL) = (dissolution_reason IS NULL)),
    -- A district has one community council at a time.
    CONSTRAINT councils_one_per_district EXCLUDE USING gist (district_id WITH =, municipality_id WITH =,
        daterange(founded_on, dissolved_on, '[]') WITH &&) WHERE (kind = 'COMMUNITY_COUNCIL')
);
CREATE INDEX councils_name ON councils (municipality_id, name_order, id);
CREATE INDEX councils_founded ON councils (municipality_id, founded_on, id);
CREATE INDEX councils_kind ON councils (municipality_id, kind, name_order, id);
CREATE INDEX councils_district ON councils (municipality_id, district_id);
CREATE INDEX councils_parent ON councils (municipality_id, parent_id);
CREATE INDEX councils_parent_organisation ON councils (municipality_id, parent_organisation_id);
CREATE INDEX councils_search ON councils USING gin (name_folded gin_trgm_ops);

CREATE TABLE council_terms (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    council_id      uuid NOT NULL,
    number          int NOT NULL CHECK (number > 0),
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    UNIQUE (municipality_id, council_id, number),
    CONSTRAINT council_terms_no_overlap EXCLUDE USING gist (council_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);

CREATE TABLE memberships (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    council_id      uuid NOT NULL,
    person_id       uuid NOT NULL,
    post            text NOT NULL CHECK (post IN ('CHAIR', 'DEPUTY_CHAIR', 'SECRETARY', 'MEMBER')),
    basis           text NOT NULL CHECK (basis IN ('PUBLIC_ASSOCIATION', 'PROFESSIONAL_ASSOCIATION', 'POLITICAL_PARTY',
        'OTHER_ORGANISATION', 'ACTIVE_CITIZEN', 'RECOGNISED_MERIT', 'HONORARY_CITIZEN', 'EX_OFFICIO')),
    organisation_id uuid,
    appointing_act  text,
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    leaving_reason  text CHECK (leaving_reason IN ('RESIGNED', 'TERM_ENDED', 'RECALLED', 'REMOVED', 'CHANGED_POST',
        'BODY_DISSOLVED', 'MOVED_AWAY', 'DIED', 'OTHER')),
    leaving_note    text,
    version         int NOT NULL DEFAULT 1,
    -- The order of a roll: chair, deputy chair, secretary, members.
    post_rank       int NOT NULL GENERATED ALWAYS AS (CASE post WHEN 'CHAIR' THEN 1 WHEN 'DEPUTY_CHAIR' THEN 2 WHEN 'SECRETARY' THEN 3 ELSE 4 END) STORED,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations (municipality_id, id),
    -- A person holds one seat in a body at a time, and a body has one chair. (The column that tells
    -- most apart comes first: the index behind the constraint is searched by it.)
    CONSTRAINT memberships_one_seat EXCLUDE USING gist (person_id WITH =, council_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&),
    CONSTRAINT memberships_one_chair EXCLUDE USING gist (council_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&) WHERE (post = 'CHAIR')
);
CREATE INDEX memberships_roll ON memberships (municipality_id, council_id, post_rank, starts_on, id);
CREATE INDEX memberships_person ON memberships (municipality_id, person_id);
CREATE INDEX memberships_organisation ON memberships (municipality_id, organisation_id);
CREATE INDEX memberships_started ON memberships (municipality_id, starts_on, id);

-- +goose Down
DROP TABLE memberships, council_terms, councils;
