-- +goose Up
-- What accounts are told of. One row for each time; it is ended, not deleted.
CREATE TABLE follows (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    account_id      uuid NOT NULL,
    subject_type    text NOT NULL,
    subject_key     uuid NOT NULL,
    since           timestamptz NOT NULL,
    ended_at        timestamptz CHECK (ended_at >= since),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, account_id) REFERENCES accounts (municipality_id, id)
);
CREATE UNIQUE INDEX follows_once ON follows (municipality_id, subject_type, subject_key, account_id) WHERE ended_at IS NULL;
CREATE INDEX follows_account ON follows (municipality_id, account_id, since, id);

-- What an account was told of one event. seq is the order of arrival, in which subscriptions read on.
CREATE TABLE notices (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    seq             bigint GENERATED ALWAYS AS IDENTITY,
    account_id      uuid NOT NULL,
    event_id        uuid NOT NULL,
    kind            text NOT NULL,
    subject_type    text NOT NULL,
    subject_key     uuid NOT NULL,
    text            jsonb NOT NULL,
    at              timestamptz NOT NULL,
    read_at         timestamptz,
    written_at      timestamptz NOT NULL DEFAULT now(), -- by which they are purged, whatever the writer's clock said
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT notices_once UNIQUE (municipality_id, account_id, event_id),
    FOREIGN KEY (municipality_id, account_id) REFERENCES accounts (municipality_id, id)
);
CREATE INDEX notices_arrived ON notices (municipality_id, account_id, (-seq), id);
CREATE INDEX notices_age ON notices (written_at);

-- +goose Down
DROP TABLE notices, follows;
