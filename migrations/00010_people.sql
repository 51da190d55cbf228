-- +goose Up
-- People, what is personal of them, and organisations. A person's row outlives merging and erasure:
-- others refer to it.
CREATE TABLE persons (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    family_name     text NOT NULL CHECK (family_name <> ''),
    given_name      text NOT NULL,
    patronymic      text NOT NULL DEFAULT '',
    search_name     text NOT NULL GENERATED ALWAYS AS (fold_name(family_name || ' ' || given_name || ' ' || patronymic)) STORED,
    external_key    text CHECK (external_key <> ''),
    merged_into_id  uuid CHECK (merged_into_id <> id),
    erased_at       timestamptz,
    created_at      timestamptz NOT NULL,
    version         bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT persons_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT persons_merged_into FOREIGN KEY (municipality_id, merged_into_id) REFERENCES persons
);
CREATE INDEX persons_search ON persons USING gin (search_name gin_trgm_ops);
CREATE INDEX persons_name ON persons (municipality_id, search_name, id);
CREATE INDEX persons_merged ON persons (municipality_id, merged_into_id) WHERE merged_into_id IS NOT NULL;

ALTER TABLE accounts ADD CONSTRAINT accounts_person_fkey FOREIGN KEY (municipality_id, person_id) REFERENCES persons;

-- Every person has exactly one row here, so that what is hidden cannot be told from what is empty.
CREATE TABLE personal_data (
    municipality_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    birth_date      date,
    phones          text[] NOT NULL DEFAULT '{}',
    emails          text[] NOT NULL DEFAULT '{}',
    postal_address  text,
    version         bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, person_id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons
);

-- Who read whose personal data. Only added to; a merge moves it with the person.
CREATE TABLE personal_data_accesses (
    municipality_id  uuid NOT NULL,
    id               uuid NOT NULL,
    person_id        uuid NOT NULL,
    action           text NOT NULL CHECK (action IN ('READ', 'EXPORT')),
    columns          text[] NOT NULL,
    reader_kind      text NOT NULL CHECK (reader_kind IN ('ACCOUNT', 'SERVICE', 'SYSTEM')),
    reader_id        uuid, -- the account or service token
    reader_person_id uuid,
    at               timestamptz NOT NULL,
    request_id       text NOT NULL DEFAULT '',
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons,
    FOREIGN KEY (municipality_id, reader_person_id) REFERENCES persons
);
CREATE INDEX personal_data_accesses_person ON personal_data_accesses (municipality_id, person_id, at, id);
CREATE INDEX personal_data_accesses_reader ON personal_data_accesses (municipality_id, reader_person_id) WHERE reader_person_id IS NOT NULL;

CREATE TABLE consents (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    person_id       uuid NOT NULL,
    purpose         text NOT NULL CHECK (purpose <> ''),
    basis           text NOT NULL,
    given_on        date NOT NULL,
    withdrawn_on    date CHECK (withdrawn_on >= given_on),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons
);
CREATE INDEX consents_person ON consents (municipality_id, person_id, given_on);

CREATE TABLE honours (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    person_id       uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('HONORARY_CITIZEN', 'RECOGNISED_MERIT', 'STATE_AWARD', 'REGIONAL_AWARD', 'MUNICIPAL_AWARD', 'OTHER')),
    title           text NOT NULL CHECK (title <> ''),
    act             text,
    awarded_on      date NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons
);
CREATE INDEX honours_person ON honours (municipality_id, person_id, awarded_on);

CREATE TABLE organisations (
    municipality_id    uuid NOT NULL REFERENCES municipalities,
    id                 uuid NOT NULL,
    kind               text NOT NULL CHECK (kind IN ('PUBLIC_ASSOCIATION', 'PROFESSIONAL_ASSOCIATION', 'POLITICAL_PARTY', 'NGO', 'BUSINESS',
                           'MUNICIPAL_DEPARTMENT', 'MUNICIPAL_INSTITUTION', 'STATE_BODY', 'REGIONAL_BODY', 'POLICE', 'HOSPITAL', 'EDUCATION', 'CULTURE', 'OTHER')),
    name               text NOT NULL CHECK (name <> ''),
    short_name         text NOT NULL DEFAULT '',
    search_name        text NOT NULL GENERATED ALWAYS AS (fold_name(name || ' ' || short_name)) STORED,
    ogrn               text CHECK (ogrn ~ '^([0-9]{13}|[0-9]{15})$'),
    inn                text CHECK (inn ~ '^([0-9]{10}|[0-9]{12})$'),
    parent_id          uuid CONSTRAINT organisations_not_own_parent CHECK (parent_id <> id),
    founded_on         date,
    dissolved_on       date CHECK (dissolved_on >= founded_on),
    dissolution_reason text,
    external_key       text CHECK (external_key <> ''),
    merged_into_id     uuid CHECK (merged_into_id <> id),
    created_at         timestamptz NOT NULL,
    version            bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT organisations_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT organisations_parent FOREIGN KEY (municipality_id, parent_id) REFERENCES organisations,
    CONSTRAINT organisations_merged_into FOREIGN KEY (municipality_id, merged_into_id) REFERENCES organisations
);
-- A merged duplicate keeps its numbers, and no longer stands in their way.
CREATE UNIQUE INDEX organisations_ogrn ON organisations (municipality_id, ogrn) WHERE merged_into_id IS NULL;
CREATE UNIQUE INDEX organisations_inn ON organisations (municipality_id, inn) WHERE merged_into_id IS NULL;
CREATE INDEX organisations_search ON organisations USING gin (search_name gin_trgm_ops);
CREATE INDEX organisations_name ON organisations (municipality_id, search_name, id);
CREATE INDEX organisations_children ON organisations (municipality_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX organisations_merged ON organisations (municipality_id, merged_into_id) WHERE merged_into_id IS NOT NULL;

CREATE TABLE posts (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    organisation_id uuid NOT NULL,
    person_id       uuid NOT NULL,
    title           text NOT NULL CHECK (title <> ''),
    acting          boolean NOT NULL,
    sole_holder     boolean NOT NULL,
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    appointing_act  text,
    end_reason      text CHECK (end_reason IN ('RESIGNED', 'TERM_ENDED', 'DISMISSED', 'TRANSFERRED', 'RETIRED', 'ORGANISATION_DISSOLVED', 'DIED', 'OTHER')),
    end_note        text,
    version         bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations,
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons,
    CONSTRAINT posts_one_holder EXCLUDE USING gist (organisation_id WITH =, fold_name(title) WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&) WHERE (sole_holder AND NOT acting),
    CONSTRAINT posts_once_a_person EXCLUDE USING gist (person_id WITH =, organisation_id WITH =, fold_name(title) WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX posts_person ON posts (municipality_id, person_id, starts_on);
CREATE INDEX posts_organisation ON posts (municipality_id, organisation_id, starts_on);
CREATE INDEX posts_search ON posts USING gin (fold_name(title) gin_trgm_ops);

CREATE TABLE mandates (
    municipality_id   uuid NOT NULL,
    id                uuid NOT NULL,
    person_id         uuid NOT NULL,
    organisation_id   uuid NOT NULL,
    scope             text NOT NULL CHECK (scope <> ''),
    document          text,
    starts_on         date NOT NULL,
    ends_on           date CHECK (ends_on >= starts_on),
    revoked_on        date,
    revocation_reason text,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations,
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons
);
CREATE INDEX mandates_person ON mandates (municipality_id, person_id, organisation_id);
CREATE INDEX mandates_organisation ON mandates (municipality_id, organisation_id, starts_on);

CREATE TABLE households (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id)
);

CREATE TABLE household_members (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    household_id    uuid NOT NULL,
    person_id       uuid NOT NULL,
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, household_id) REFERENCES households,
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons,
    CONSTRAINT household_members_one_household EXCLUDE USING gist (person_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX household_members_household ON household_members (municipality_id, household_id, starts_on);

-- What a merge moved, row by row, so that undoing it puts back exactly that.
CREATE TABLE merges (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    object_type     text NOT NULL CHECK (object_type IN ('Person', 'Organisation')),
    duplicate_id    uuid NOT NULL,
    survivor_id     uuid NOT NULL CHECK (survivor_id <> duplicate_id),
    moved           jsonb NOT NULL,
    merged_at       timestamptz NOT NULL,
    undone_at       timestamptz,
    PRIMARY KEY (municipality_id, id)
);
CREATE UNIQUE INDEX merges_standing ON merges (municipality_id, object_type, duplicate_id) WHERE undone_at IS NULL;

-- +goose Down
DROP TABLE merges, household_members, households, mandates, posts, organisations, honours, consents, personal_data_accesses, personal_data;
ALTER TABLE accounts DROP CONSTRAINT accounts_person_fkey;
DROP TABLE persons;
