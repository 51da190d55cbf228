-- +goose Up
CREATE TABLE clearings (
    id uuid PRIMARY KEY,
    address text NOT NULL, -- GraphQL id
    locality text NOT NULL,
    street text NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (ends_at > starts_at),
    note text,
    cancelled_at timestamptz,
    cancelled_for text
);

CREATE INDEX clearings_by_street ON clearings (locality, street, ends_at) WHERE cancelled_at IS NULL;
CREATE INDEX clearings_by_end ON clearings (ends_at) WHERE cancelled_at IS NULL;

-- Two clearings of one street never overlap: who plans one holds the street's row.
CREATE TABLE streets (
    locality text NOT NULL,
    street text NOT NULL,
    PRIMARY KEY (locality, street)
);

-- +goose Down
DROP TABLE streets;
DROP TABLE clearings;
