-- +goose Up
-- Who may sign in. The hash and the epoch are read by sign-in alone. The foreign key of person_id
-- comes with the table of persons.
CREATE TABLE accounts (
    municipality_id     uuid NOT NULL REFERENCES municipalities,
    id                  uuid NOT NULL,
    login               text NOT NULL CHECK (login <> ''),
    display_name        text NOT NULL CHECK (display_name <> ''),
    person_id           uuid,
    password_hash       text,
    password_expires_at timestamptz,
    epoch               bigint NOT NULL DEFAULT 1,
    version             bigint NOT NULL DEFAULT 1,
    created_at          timestamptz NOT NULL,
    last_sign_in_at     timestamptz,
    disabled_at         timestamptz,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT accounts_login UNIQUE (municipality_id, login)
);
CREATE INDEX accounts_person ON accounts (municipality_id, person_id) WHERE person_id IS NOT NULL;

-- A signed-in browser (cookie) or program (bearer). Ended sessions are deleted.
CREATE TABLE sessions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    account_id      uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('cookie', 'bearer')),
    token_hash      bytea NOT NULL CHECK (length(token_hash) = 32),
    user_agent      text NOT NULL DEFAULT '',
    address         text NOT NULL DEFAULT '',
    created_at      timestamptz NOT NULL,
    seen_at         timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, token_hash),
    FOREIGN KEY (municipality_id, account_id) REFERENCES accounts
);
CREATE INDEX sessions_account ON sessions (municipality_id, account_id);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE service_tokens (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    name            text NOT NULL CHECK (name <> ''),
    token_hash      bytea NOT NULL CHECK (length(token_hash) = 32),
    permissions     text[] NOT NULL CHECK (cardinality(permissions) > 0),
    created_by      uuid NOT NULL,
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    used_at         timestamptz,
    revoked_at      timestamptz,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, token_hash),
    FOREIGN KEY (municipality_id, created_by) REFERENCES accounts
);
CREATE INDEX service_tokens_creator ON service_tokens (municipality_id, created_by);

-- The one code by which an account's owner sets a password without having one.
CREATE TABLE account_invitations (
    municipality_id uuid NOT NULL,
    account_id      uuid NOT NULL,
    code_hash       bytea NOT NULL CHECK (length(code_hash) = 32),
    created_at      timestamptz NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, account_id),
    UNIQUE (municipality_id, code_hash),
    FOREIGN KEY (municipality_id, account_id) REFERENCES accounts
);

-- Codes for the first administrator; none is left once there is one.
CREATE TABLE setup_codes (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    code_hash       bytea NOT NULL CHECK (length(code_hash) = 32),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, code_hash)
);

-- Failed attempts by what is being counted (an address, a login, both together). The key is a
-- hash: neither addresses nor logins stand here.
CREATE TABLE attempts (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    kind            text NOT NULL,
    key             bytea NOT NULL CHECK (length(key) = 32),
    failures        integer NOT NULL CHECK (failures >= 0),
    last_at         timestamptz NOT NULL,
    succeeded_at    timestamptz,
    PRIMARY KEY (municipality_id, kind, key)
);
CREATE INDEX attempts_age ON attempts (last_at);

-- +goose Down
DROP TABLE attempts, setup_codes, account_invitations, service_tokens, sessions, accounts;
