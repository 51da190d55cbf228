-- +goose Up
-- The town itself is changed by its administrators: whoever changes it says which version they read.
ALTER TABLE municipalities ADD COLUMN version bigint NOT NULL DEFAULT 1;

-- Districts (микрорайоны). A number may be given again after its district is gone: redrawing a
-- town starts from 1 again.
CREATE TABLE districts (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    external_key    text CHECK (external_key <> ''),
    number          integer NOT NULL CHECK (number BETWEEN 1 AND 9999),
    name            text NOT NULL CHECK (name <> ''),
    name_folded     text NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED,
    founded_on      date, -- null: before anybody wrote it down
    abolished_on    date, -- its last day
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT districts_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT districts_dates CHECK (abolished_on >= founded_on),
    CONSTRAINT districts_number EXCLUDE USING gist (
        municipality_id WITH =, number WITH =, daterange(founded_on, abolished_on, '[]') WITH &&)
);
CREATE INDEX districts_search ON districts USING gin (name_folded gin_trgm_ops);

-- Where a district lay from a day to a day. geometry is GeoJSON (RFC 7946), a Polygon or
-- MultiPolygon; the box around it lets SQL leave out what cannot hold a point.
CREATE TABLE district_boundaries (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    district_id     uuid NOT NULL,
    starts_on       date NOT NULL,
    ends_on         date,
    geometry        jsonb NOT NULL,
    area_km2        double precision NOT NULL CHECK (area_km2 > 0),
    west            double precision NOT NULL,
    south           double precision NOT NULL,
    east            double precision NOT NULL,
    north           double precision NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT district_boundaries_district FOREIGN KEY (municipality_id, district_id) REFERENCES districts,
    CONSTRAINT district_boundaries_dates CHECK (ends_on >= starts_on),
    CONSTRAINT district_boundaries_box CHECK (west <= east AND south <= north),
    CONSTRAINT district_boundaries_once EXCLUDE USING gist (
        municipality_id WITH =, district_id WITH =, daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX district_boundaries_district ON district_boundaries (municipality_id, district_id, starts_on);

-- A place in a street. district_id follows from the point and the boundaries of the day, and is
-- kept by the module: no trigger. A duplicate that was merged into another row stays, so that
-- ids given out still lead somewhere and the merge can be undone.
CREATE TABLE addresses (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    external_key    text CHECK (external_key <> ''),
    locality        text NOT NULL CHECK (locality <> ''),
    street          text NOT NULL CHECK (street <> ''),
    house           text NOT NULL CHECK (house <> ''),
    building        text CHECK (building <> ''),
    postal_index    text CHECK (postal_index ~ '^[0-9]{6}$'),
    fias_id         uuid,
    longitude       double precision CHECK (longitude BETWEEN -180 AND 180),
    latitude        double precision CHECK (latitude BETWEEN -90 AND 90),
    district_id     uuid,
    merged_into_id  uuid CHECK (merged_into_id <> id),
    -- What a search looks through, and the house's number as people order it: 9, 10, 10а.
    street_folded   text NOT NULL GENERATED ALWAYS AS (fold_name(street || ' ' || house || coalesce(' ' || building, ''))) STORED,
    house_number    integer NOT NULL GENERATED ALWAYS AS (coalesce(substring(house from '^[0-9]{1,9}')::integer, 0)) STORED,
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT addresses_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT addresses_point CHECK ((longitude IS NULL) = (latitude IS NULL)),
    CONSTRAINT addresses_district FOREIGN KEY (municipality_id, district_id) REFERENCES districts,
    CONSTRAINT addresses_merged FOREIGN KEY (municipality_id, merged_into_id) REFERENCES addresses
);
CREATE UNIQUE INDEX addresses_once ON addresses (municipality_id, fold_name(locality), fold_name(street), fold_name(house), fold_name(coalesce(building, '')))
    WHERE merged_into_id IS NULL;
CREATE UNIQUE INDEX addresses_fias ON addresses (municipality_id, fias_id) WHERE merged_into_id IS NULL;
CREATE INDEX addresses_by_district ON addresses (municipality_id, district_id);
CREATE INDEX addresses_by_merge ON addresses (municipality_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX addresses_search ON addresses USING gin (street_folded gin_trgm_ops);

-- Where the town meets its public. Without a point of its own a venue stands where its address does.
CREATE TABLE venues (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    external_key    text CHECK (external_key <> ''),
    kind            text NOT NULL CHECK (kind IN ('HOUSE_OF_CULTURE', 'LIBRARY', 'SCHOOL', 'SPORTS_HALL', 'ADMINISTRATION',
                                                  'RECEPTION_OFFICE', 'HOSPITAL', 'OPEN_AIR', 'OTHER')),
    name            text NOT NULL CHECK (name <> ''),
    name_folded     text NOT NULL GENERATED ALWAYS AS (fold_name(name)) STORED,
    address_id      uuid,
    longitude       double precision CHECK (longitude BETWEEN -180 AND 180),
    latitude        double precision CHECK (latitude BETWEEN -90 AND 90),
    district_id     uuid,
    capacity        integer CHECK (capacity BETWEEN 1 AND 1000000),
    accessibility   text,
    closed_on       date, -- its last day
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT venues_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT venues_point CHECK ((longitude IS NULL) = (latitude IS NULL)),
    CONSTRAINT venues_address FOREIGN KEY (municipality_id, address_id) REFERENCES addresses,
    CONSTRAINT venues_district FOREIGN KEY (municipality_id, district_id) REFERENCES districts
);
CREATE INDEX venues_by_district ON venues (municipality_id, district_id);
CREATE INDEX venues_by_address ON venues (municipality_id, address_id);
CREATE INDEX venues_search ON venues USING gin (name_folded gin_trgm_ops);

-- Which venues a merge moved from the duplicate to the address that was kept, for its undoing.
CREATE TABLE address_merge_moves (
    municipality_id uuid NOT NULL,
    address_id      uuid NOT NULL,
    venue_id        uuid NOT NULL,
    PRIMARY KEY (municipality_id, address_id, venue_id),
    FOREIGN KEY (municipality_id, address_id) REFERENCES addresses,
    FOREIGN KEY (municipality_id, venue_id) REFERENCES venues
);

-- +goose Down
DROP TABLE address_merge_moves, venues, addresses, district_boundaries, districts;
ALTER TABLE municipalities DROP COLUMN version;
