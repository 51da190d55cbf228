-- +goose Up
-- A plugin's own events go the same way as the changes of the core: name and payload are theirs, and
-- kind is UPDATED.
ALTER TABLE outbox ADD COLUMN name text, ADD COLUMN payload jsonb;

-- What passwords of plugins' roles and the seals of what their writes leave behind are worked out
-- from: the same for all replicas, made by the first. See plugins/host.
CREATE TABLE plugin_secrets (
    name  text PRIMARY KEY,
    value bytea NOT NULL CHECK (length(value) = 32)
);

-- Events that wait for a plugin, in the order in which they are brought to it. What is done is
-- deleted; what is given up stays, dead, until somebody has it replayed.
CREATE TABLE plugin_deliveries (
    seq             bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    municipality_id uuid NOT NULL REFERENCES municipalities,
    plugin          text NOT NULL,
    event_id        uuid NOT NULL,
    name            text NOT NULL,
    object_type     text NOT NULL,
    object_id       uuid NOT NULL,
    touched         jsonb NOT NULL DEFAULT '[]',
    at              timestamptz NOT NULL,
    payload         jsonb,
    attempts        integer NOT NULL DEFAULT 0,
    due_at          timestamptz NOT NULL,
    first_at        timestamptz, -- of the first attempt
    dead_at         timestamptz,
    reason          text NOT NULL DEFAULT '',
    CONSTRAINT plugin_deliveries_once PRIMARY KEY (municipality_id, plugin, event_id)
);
CREATE INDEX plugin_deliveries_waiting ON plugin_deliveries (municipality_id, plugin, seq) WHERE dead_at IS NULL;
CREATE INDEX plugin_deliveries_object ON plugin_deliveries (municipality_id, plugin, object_id, seq) WHERE dead_at IS NULL;

-- Jobs that plugins planned, by the ids that they gave: the same id is planned once.
CREATE TABLE plugin_jobs (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    plugin          text NOT NULL,
    id              text NOT NULL,
    planned_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (municipality_id, plugin, id)
);

-- Cases that plugins opened, by the keys that they gave: the same key is the same case.
CREATE TABLE plugin_cases (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    plugin          text NOT NULL,
    key             text NOT NULL,
    case_id         uuid NOT NULL,
    PRIMARY KEY (municipality_id, plugin, key)
);

-- +goose Down
DROP TABLE plugin_cases, plugin_jobs, plugin_deliveries, plugin_secrets;
ALTER TABLE outbox DROP COLUMN name, DROP COLUMN payload;
