-- +goose Up
-- What plugins there are and which of them each municipality has approved. Owned by plugins/catalog,
-- which alone writes these tables.

-- One row: raised with every change of what is enabled or configured anywhere, in its transaction.
CREATE TABLE plugin_catalog (
    version bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX plugin_catalog_once ON plugin_catalog ((true));
INSERT INTO plugin_catalog DEFAULT VALUES;

-- What the operator installed, for all municipalities. The bytes stand in plugin_bundle_parts, so that
-- every replica has them. A removed bundle keeps its row, so that a digest never comes to mean another.
CREATE TABLE plugin_bundles (
    digest       text PRIMARY KEY CHECK (digest ~ '^[0-9a-f]{64}$'),
    name         text NOT NULL,
    version      text NOT NULL,
    manifest     jsonb NOT NULL,
    sdl          text NOT NULL,
    functions    text[] NOT NULL,
    policy       text NOT NULL,
    settings     text NOT NULL, -- the JSON Schema of its settings; empty: it has none
    signer       text NOT NULL,
    size         bigint NOT NULL,
    installed_at timestamptz NOT NULL,
    installed_by text NOT NULL,
    state        text NOT NULL DEFAULT 'INSTALLED' CHECK (state IN ('INSTALLED', 'REMOVED')),
    history      jsonb NOT NULL DEFAULT '[]', -- {at, state, reason, by}, the latest last
    CONSTRAINT plugin_bundles_version UNIQUE (name, version)
);

CREATE TABLE plugin_bundle_parts (
    digest text NOT NULL REFERENCES plugin_bundles ON DELETE CASCADE,
    part   int NOT NULL,
    bytes  bytea NOT NULL,
    PRIMARY KEY (digest, part)
);

-- How often a plugin's processes were asked to start anew by hand; each replica compares.
CREATE TABLE plugin_restarts (
    name  text PRIMARY KEY,
    count bigint NOT NULL
);

-- A plugin in a municipality, from its first approval on. A removed one keeps its row.
CREATE TABLE plugins (
    municipality_id  uuid NOT NULL REFERENCES municipalities,
    id               uuid NOT NULL,
    name             text NOT NULL,
    state            text NOT NULL CHECK (state IN ('ENABLED', 'DISABLED', 'REMOVED')),
    digest           text NOT NULL REFERENCES plugin_bundles,
    previous_digest  text REFERENCES plugin_bundles,
    granted          jsonb NOT NULL, -- the asks that were approved
    previous_granted jsonb,
    hook_failure     jsonb NOT NULL, -- action: open or closed
    reason           text NOT NULL DEFAULT '',
    approved_by      text NOT NULL,
    approved_at      timestamptz NOT NULL,
    changed_at       timestamptz NOT NULL,
    erased_at        timestamptz, -- of a removed one: when its data were gone
    version          bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT plugins_name UNIQUE (municipality_id, name)
);

-- What happened to it.
CREATE TABLE plugin_steps (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    plugin_id       uuid NOT NULL,
    at              timestamptz NOT NULL,
    action          text NOT NULL,
    state           text NOT NULL,
    version         text NOT NULL,
    digest          text NOT NULL,
    reason          text NOT NULL,
    by_whom         text NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, plugin_id) REFERENCES plugins (municipality_id, id)
);
CREATE INDEX plugin_steps_of ON plugin_steps (municipality_id, plugin_id, id);

-- Settings: what is no secret as JSON, secrets sealed under a key that stands outside the database.
CREATE TABLE plugin_settings (
    municipality_id uuid NOT NULL,
    plugin_id       uuid NOT NULL,
    revision        bigint NOT NULL,
    plain           jsonb NOT NULL,
    secrets         jsonb NOT NULL, -- JSON pointer: sealed value, base64
    sealed_under    text NOT NULL,  -- which key, by the beginning of its sum
    changed_by      text NOT NULL,
    changed_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, plugin_id),
    FOREIGN KEY (municipality_id, plugin_id) REFERENCES plugins (municipality_id, id)
);

-- Operations of clients that name plugins' fields, without the texts that they carried: what an upgrade
-- would break is found among them.
CREATE TABLE plugin_operations (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    hash            text NOT NULL,
    text            text NOT NULL,
    seen_at         timestamptz NOT NULL,
    count           bigint NOT NULL,
    PRIMARY KEY (municipality_id, hash)
);
CREATE INDEX plugin_operations_seen ON plugin_operations (municipality_id, seen_at);

-- What a removed plugin left, for its municipality to take away. Deleted after thirty days.
CREATE TABLE plugin_exports (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    plugin_id       uuid NOT NULL,
    made_at         timestamptz NOT NULL DEFAULT now(), -- by which they are purged, whatever the writer's clock said
    content         bytea NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, plugin_id) REFERENCES plugins (municipality_id, id)
);
CREATE INDEX plugin_exports_age ON plugin_exports (made_at);

-- +goose Down
DROP TABLE plugin_exports, plugin_operations, plugin_settings, plugin_steps, plugins, plugin_restarts, plugin_bundle_parts, plugin_bundles, plugin_catalog;
