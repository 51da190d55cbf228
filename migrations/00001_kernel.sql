-- +goose Up
-- Trusted extensions: the owner of the database may create them (Postgres 13 and later).
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- How names are compared in a search: case, ё and е, and the kinds of dashes and spaces do not count.
CREATE FUNCTION fold_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN regexp_replace(translate(lower(name), 'ё–—«»"', 'е--'), '\s+', ' ', 'g');

-- How names are ordered: folded, and numbers by their value, so that № 2 comes before № 10.
CREATE FUNCTION sort_name(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    RETURN (SELECT string_agg(CASE WHEN part[1] ~ '^[0-9]' THEN lpad(part[1], greatest(12, length(part[1])), '0') ELSE part[1] END, '' ORDER BY n)
        FROM regexp_matches(fold_name(name), '[0-9]+|[^0-9]+', 'g') WITH ORDINALITY AS parts(part, n));

CREATE TABLE municipalities (
    id               uuid PRIMARY KEY,
    key              text NOT NULL UNIQUE CHECK (key ~ '^[a-z][a-z0-9-]{1,39}$'),
    name             jsonb NOT NULL,
    region           jsonb NOT NULL,
    time_zone        text NOT NULL,
    hosts            text[] NOT NULL DEFAULT '{}',
    disabled_modules text[] NOT NULL DEFAULT '{}',
    policy_version   bigint NOT NULL DEFAULT 1,
    created_at       timestamptz NOT NULL DEFAULT now()
);

-- What was done, by whom, in whose name. Never updated; personal data is not written here.
CREATE TABLE audit (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    at              timestamptz NOT NULL,
    actor_kind      text NOT NULL,
    actor_id        uuid,
    acting_for      uuid,
    action          text NOT NULL,
    object_type     text NOT NULL,
    object_id       uuid NOT NULL,
    before          jsonb,
    after           jsonb,
    reason          text,
    request_id      text NOT NULL DEFAULT '',
    PRIMARY KEY (municipality_id, id)
);
CREATE INDEX audit_object ON audit (municipality_id, object_type, object_id, id);

-- Events to deliver, each reader's place in it being a snapshot of transactions: a round takes what
-- became visible since the last one, in the order of seq. See core/events.
CREATE TABLE outbox (
    seq             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    xid             xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id              uuid NOT NULL,
    municipality_id uuid NOT NULL REFERENCES municipalities,
    kind            text NOT NULL,
    object_type     text NOT NULL,
    object_id       uuid NOT NULL,
    touched         jsonb NOT NULL DEFAULT '[]',
    at              timestamptz NOT NULL,
    written_at      timestamptz NOT NULL DEFAULT now() -- by which it is trimmed, whatever the writer's clock said
);
CREATE INDEX outbox_order ON outbox (xid, seq);

-- One row a mutation sent with an Idempotency-Key: same key, same input, same answer, one effect.
CREATE TABLE idempotency_keys (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    actor           uuid NOT NULL,
    key             text NOT NULL,
    input_hash      bytea NOT NULL,
    answer          jsonb,
    created_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (municipality_id, actor, key)
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys, outbox, audit, municipalities;
DROP FUNCTION sort_name;
DROP FUNCTION fold_name;
