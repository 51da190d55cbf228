-- +goose Up
-- The key by which addresses of files are signed. Another one ends all addresses that are out; it is
-- read at the start.
CREATE TABLE file_keys (
    id     boolean PRIMARY KEY DEFAULT true CHECK (id),
    secret bytea NOT NULL CHECK (length(secret) >= 32)
);
INSERT INTO file_keys (secret) VALUES (sha256(decode(replace(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, '-', ''), 'hex')));

-- Files on their way in: from the announcement, or the first byte, until they are attached. The key is
-- that of the stored bytes as well.
CREATE TABLE uploads (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    account_id      uuid NOT NULL, -- of an account or a service token
    person_id       uuid,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 300),
    size            bigint NOT NULL CHECK (size > 0),
    state           text NOT NULL CHECK (state IN ('PENDING', 'RECEIVING', 'RECEIVED', 'REFUSED', 'ATTACHED')),
    refusal         text,
    content_type    text,
    sha256          text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    preview         boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT uploads_refusal CHECK ((state = 'REFUSED') = (refusal IS NOT NULL)),
    CONSTRAINT uploads_received CHECK (state NOT IN ('RECEIVED', 'ATTACHED') OR content_type IS NOT NULL AND sha256 IS NOT NULL)
);
CREATE INDEX uploads_account ON uploads (municipality_id, account_id);
CREATE INDEX uploads_person ON uploads (municipality_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX uploads_expiry ON uploads (expires_at);

-- Files that belong to an object. The key is the upload's, so that none is attached twice.
CREATE TABLE attachments (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    object_type     text NOT NULL,
    object_id       uuid NOT NULL,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 300),
    content_type    text NOT NULL,
    size            bigint NOT NULL CHECK (size > 0),
    sha256          text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    preview         boolean NOT NULL,
    account_id      uuid, -- who attached it
    person_id       uuid, -- the person of that account
    created_at      timestamptz NOT NULL,
    removed_at      timestamptz,
    erased_at       timestamptz, -- the bytes are gone
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT attachments_erased CHECK (erased_at IS NULL OR removed_at IS NOT NULL)
);
CREATE INDEX attachments_object ON attachments (municipality_id, object_type, object_id, id) WHERE removed_at IS NULL;
CREATE INDEX attachments_person ON attachments (municipality_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX attachments_to_erase ON attachments (removed_at) WHERE removed_at IS NOT NULL AND erased_at IS NULL;

-- +goose Down
DROP TABLE attachments, uploads, file_keys;
