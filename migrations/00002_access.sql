-- +goose Up
-- Who may do what. The tables are owned by core/access, which alone writes them and raises
-- municipalities.policy_version in the same transaction.
--
-- A scope is written in two columns: kind '' with the nil id is the whole municipality.

CREATE TABLE roles (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    key             text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{1,39}$'),
    name            jsonb NOT NULL,
    description     jsonb NOT NULL,
    builtin         boolean NOT NULL DEFAULT false,
    version         bigint NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT roles_key UNIQUE (municipality_id, key)
);

-- A role holds whatever its parents hold. That there is no cycle is seen to by core/access, under
-- the lock on the municipality's row that every change of policy takes.
CREATE TABLE role_parents (
    municipality_id uuid NOT NULL,
    role            text NOT NULL,
    parent          text NOT NULL CHECK (parent <> role),
    PRIMARY KEY (municipality_id, role, parent),
    CONSTRAINT role_parents_role FOREIGN KEY (municipality_id, role)
        REFERENCES roles (municipality_id, key) ON DELETE CASCADE,
    CONSTRAINT role_parents_parent FOREIGN KEY (municipality_id, parent)
        REFERENCES roles (municipality_id, key)
);
CREATE INDEX role_parents_by_parent ON role_parents (municipality_id, parent);

CREATE TABLE policy_rules (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    role            text NOT NULL,
    scope_kind      text NOT NULL DEFAULT '',
    scope_id        uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    permission      text NOT NULL CHECK (permission ~ '^(\*|[a-z][A-Za-z0-9_-]*:(\*|[a-z][A-Za-z0-9_.-]*))$'),
    relation        text NOT NULL CHECK (relation ~ '^[a-z][a-z0-9_]{0,39}$'),
    effect          text NOT NULL CHECK (effect IN ('allow', 'deny')),
    created_at      timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT policy_rules_once UNIQUE (municipality_id, role, permission, scope_kind, scope_id, relation, effect),
    CONSTRAINT policy_rules_role FOREIGN KEY (municipality_id, role)
        REFERENCES roles (municipality_id, key) ON DELETE CASCADE,
    CHECK ((scope_kind = '') = (scope_id = '00000000-0000-0000-0000-000000000000'))
);

-- Which account holds which role, where, from its first day to its last (included) in the town's
-- time zone. Ended, not deleted, save one that never began.
CREATE TABLE role_assignments (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    account_id      uuid NOT NULL,
    role            text NOT NULL,
    scope_kind      text NOT NULL DEFAULT '',
    scope_id        uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    note            text NOT NULL DEFAULT '',
    assigned_by     uuid, -- the account or service token; null for Veche itself
    assigned_at     timestamptz NOT NULL,
    version         bigint NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT role_assignments_role FOREIGN KEY (municipality_id, role)
        REFERENCES roles (municipality_id, key),
    CONSTRAINT role_assignments_once EXCLUDE USING gist (
        account_id WITH =, municipality_id WITH =, role WITH =, scope_kind WITH =, scope_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&),
    CHECK ((scope_kind = '') = (scope_id = '00000000-0000-0000-0000-000000000000'))
);
CREATE INDEX role_assignments_by_account ON role_assignments (municipality_id, account_id);
CREATE INDEX role_assignments_by_role ON role_assignments (municipality_id, role);

-- The permissions (and patterns of permissions) whose default rules were laid once. What an
-- administrator then removes stays removed; a new module's permissions are not here yet.
CREATE TABLE permissions_seen (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    permission      text NOT NULL,
    seen_at         timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, permission)
);

-- +goose Down
DROP TABLE permissions_seen, role_assignments, policy_rules, role_parents, roles;
