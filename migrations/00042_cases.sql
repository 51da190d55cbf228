-- +goose Up
-- Cases: one thread from a resident's word to the outcome. Kinds, workflow states and the ways between
-- them are the municipality's own data, and each town begins with the defaults below.
CREATE TABLE case_kinds (
    municipality_id   uuid NOT NULL REFERENCES municipalities,
    id                uuid NOT NULL DEFAULT gen_random_uuid(),
    key               text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    name_en           text NOT NULL CHECK (name_en <> ''),
    name_ru           text NOT NULL CHECK (name_ru <> ''),
    registration_days int NOT NULL CHECK (registration_days BETWEEN 0 AND 366),
    registration_unit text NOT NULL DEFAULT 'CALENDAR' CHECK (registration_unit IN ('CALENDAR', 'WORKING')),
    forwarding_days   int NOT NULL CHECK (forwarding_days BETWEEN 0 AND 366),
    forwarding_unit   text NOT NULL DEFAULT 'CALENDAR' CHECK (forwarding_unit IN ('CALENDAR', 'WORKING')),
    answer_days       int NOT NULL CHECK (answer_days BETWEEN 0 AND 366),
    answer_unit       text NOT NULL DEFAULT 'CALENDAR' CHECK (answer_unit IN ('CALENDAR', 'WORKING')),
    extension_days    int NOT NULL CHECK (extension_days BETWEEN 0 AND 366),
    reply_days        int NOT NULL CHECK (reply_days BETWEEN 0 AND 366),
    objection_days    int NOT NULL CHECK (objection_days BETWEEN 0 AND 366),
    remind_days       int NOT NULL CHECK (remind_days BETWEEN 0 AND 60),
    may_pause         boolean NOT NULL,
    is_default        boolean NOT NULL DEFAULT false,
    retired_on        date, -- no case of the kind is opened from this day on
    version           int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT case_kinds_key UNIQUE (municipality_id, key),
    CHECK (NOT is_default OR retired_on IS NULL)
);
CREATE UNIQUE INDEX case_kinds_one_default ON case_kinds (municipality_id) WHERE is_default;

CREATE TABLE case_states (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    key             text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_]{0,39}$'),
    name_en         text NOT NULL CHECK (name_en <> ''),
    name_ru         text NOT NULL CHECK (name_ru <> ''),
    public_state    text NOT NULL CHECK (public_state IN ('RECEIVED', 'REGISTERED', 'IN_PROGRESS', 'FORWARDED', 'ANSWERED', 'CLOSED', 'REOPENED', 'REFUSED')),
    entry           boolean NOT NULL, -- the one that a case comes to when it reaches the public state
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT case_states_key UNIQUE (municipality_id, key),
    UNIQUE (municipality_id, id, public_state)
);
CREATE UNIQUE INDEX case_states_one_entry ON case_states (municipality_id, public_state) WHERE entry;

CREATE TABLE case_transitions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    from_id         uuid NOT NULL,
    to_id           uuid NOT NULL CHECK (to_id <> from_id),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT case_transitions_once UNIQUE (municipality_id, from_id, to_id),
    FOREIGN KEY (municipality_id, from_id) REFERENCES case_states,
    FOREIGN KEY (municipality_id, to_id) REFERENCES case_states
);
CREATE INDEX case_transitions_to ON case_transitions (municipality_id, to_id);

-- The last number given in a year; its row is locked by whoever takes the next, so that there are no gaps.
CREATE TABLE case_numbers (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    year            int NOT NULL,
    last            int NOT NULL,
    PRIMARY KEY (municipality_id, year)
);

CREATE TABLE cases (
    municipality_id       uuid NOT NULL REFERENCES municipalities,
    id                    uuid NOT NULL,
    year                  int NOT NULL,
    serial                int NOT NULL CHECK (serial > 0),
    number                text NOT NULL GENERATED ALWAYS AS (year::text || '-' || serial::text) STORED,
    code                  text NOT NULL CHECK (length(code) >= 10),
    kind_id               uuid NOT NULL,
    origin                text NOT NULL CHECK (origin IN ('GATHERING', 'RECEPTION', 'COMPLAINT', 'FINDING', 'HEARING', 'RECOMMENDATION',
                              'PROPOSAL', 'QUESTION', 'EXPERTISE', 'STAFF', 'ONLINE')),
    source_type           text,
    source_id             uuid,
    channel               text NOT NULL CHECK (channel IN ('ONLINE', 'PAPER', 'EMAIL', 'PHONE', 'IN_PERSON', 'MEETING')),
    title                 text NOT NULL CHECK (title <> ''),
    title_folded          text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    text                  text NOT NULL,
    applicant_id          uuid,
    account_id            uuid, -- the applicant's
    operator_id           uuid, -- the account of the member of staff who wrote it down
    consent_id            uuid,
    district_id           uuid,
    parent_id             uuid CHECK (parent_id <> id),
    open_children         int NOT NULL DEFAULT 0 CHECK (open_children >= 0),
    owner_organisation_id uuid,
    owner_person_id       uuid,
    state_id              uuid NOT NULL,
    public_state          text NOT NULL,
    received_on           date NOT NULL,
    registered_on         date CHECK (registered_on >= received_on),
    due_on                date, -- of the clock for the answer that runs or ran last
    paused_on             date,
    answered_on           date,
    closed_on             date,
    refusal               text CHECK (refusal IN ('NO_NAME_OR_ADDRESS', 'JUDICIAL_DECISION', 'ABUSE', 'UNREADABLE', 'UNCLEAR', 'REPEATED', 'SECRET')),
    published_at          timestamptz,
    published_title       text,
    published_text        text,
    published_answer      text,
    opened_at             timestamptz NOT NULL,
    version               int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT cases_number UNIQUE (municipality_id, number),
    FOREIGN KEY (municipality_id, kind_id) REFERENCES case_kinds,
    FOREIGN KEY (municipality_id, applicant_id) REFERENCES persons,
    FOREIGN KEY (municipality_id, account_id) REFERENCES accounts,
    FOREIGN KEY (municipality_id, operator_id) REFERENCES accounts,
    FOREIGN KEY (municipality_id, consent_id) REFERENCES consents,
    FOREIGN KEY (municipality_id, district_id) REFERENCES districts,
    FOREIGN KEY (municipality_id, parent_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, owner_organisation_id) REFERENCES organisations,
    FOREIGN KEY (municipality_id, owner_person_id) REFERENCES persons,
    FOREIGN KEY (municipality_id, state_id, public_state) REFERENCES case_states (municipality_id, id, public_state),
    CHECK ((source_type IS NULL) = (source_id IS NULL)),
    CHECK ((public_state IN ('CLOSED', 'REFUSED')) = (closed_on IS NOT NULL)),
    CHECK ((public_state = 'REFUSED') = (refusal IS NOT NULL)),
    CHECK ((public_state = 'RECEIVED') = (registered_on IS NULL) OR public_state = 'REFUSED'),
    CHECK ((published_at IS NULL) = (published_title IS NULL) AND (published_at IS NULL) = (published_text IS NULL)),
    CONSTRAINT cases_children_first CHECK (closed_on IS NULL OR open_children = 0)
);
CREATE INDEX cases_received ON cases (municipality_id, received_on, id);
CREATE INDEX cases_due ON cases (municipality_id, (coalesce(due_on, '9999-12-31'::date)), id);
CREATE INDEX cases_serial ON cases (municipality_id, year, serial, id);
CREATE INDEX cases_state ON cases (municipality_id, public_state, received_on, id);
CREATE INDEX cases_kind ON cases (municipality_id, kind_id);
CREATE INDEX cases_source ON cases (municipality_id, source_type, source_id) WHERE source_id IS NOT NULL;
CREATE INDEX cases_applicant ON cases (municipality_id, applicant_id) WHERE applicant_id IS NOT NULL;
CREATE INDEX cases_account ON cases (municipality_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX cases_district ON cases (municipality_id, district_id, received_on, id) WHERE district_id IS NOT NULL;
CREATE INDEX cases_parent ON cases (municipality_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX cases_owner_organisation ON cases (municipality_id, owner_organisation_id) WHERE owner_organisation_id IS NOT NULL;
CREATE INDEX cases_owner_person ON cases (municipality_id, owner_person_id) WHERE owner_person_id IS NOT NULL;
CREATE INDEX cases_search ON cases USING gin (title_folded gin_trgm_ops);

-- A case counts its open children; with cases_children_first none is closed before them, whoever closes,
-- links or reopens at the same moment: the parent's row is locked by the count.
-- +goose StatementBegin
CREATE FUNCTION cases_count_children() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.parent_id IS NOT DISTINCT FROM NEW.parent_id AND (OLD.closed_on IS NULL) = (NEW.closed_on IS NULL) THEN
        RETURN NULL;
    END IF;
    UPDATE cases AS parent SET open_children = open_children
            + CASE WHEN parent.id = NEW.parent_id AND NEW.closed_on IS NULL THEN 1 ELSE 0 END
            - CASE WHEN TG_OP = 'UPDATE' AND parent.id = OLD.parent_id AND OLD.closed_on IS NULL THEN 1 ELSE 0 END
        WHERE parent.municipality_id = NEW.municipality_id AND parent.id IN (NEW.parent_id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.parent_id END);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cases_count_new_child AFTER INSERT ON cases FOR EACH ROW
    WHEN (NEW.parent_id IS NOT NULL) EXECUTE FUNCTION cases_count_children();
CREATE TRIGGER cases_count_children AFTER UPDATE OF parent_id, closed_on ON cases FOR EACH ROW
    WHEN (NEW.parent_id IS NOT NULL OR OLD.parent_id IS NOT NULL) EXECUTE FUNCTION cases_count_children();

CREATE TABLE case_forwardings (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    case_id         uuid NOT NULL,
    organisation_id uuid NOT NULL,
    outside         boolean NOT NULL,
    reason          text NOT NULL,
    forwarded_on    date NOT NULL,
    ended_on        date CHECK (ended_on >= forwarded_on),
    outcome         text CHECK (outcome IN ('ANSWERED', 'RETURNED', 'WITHDRAWN')),
    reply           text,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations,
    CHECK ((ended_on IS NULL) = (outcome IS NULL))
);
CREATE INDEX case_forwardings_case ON case_forwardings (municipality_id, case_id, forwarded_on, id);
CREATE INDEX case_forwardings_organisation ON case_forwardings (municipality_id, organisation_id, forwarded_on, id);
CREATE UNIQUE INDEX case_forwardings_once ON case_forwardings (municipality_id, case_id, organisation_id) WHERE ended_on IS NULL;

-- What runs against a case. The due day is written by deadline_on (calendar) from what stands beside it,
-- and is counted anew when the calendar changes while the clock runs.
CREATE TABLE case_clocks (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    case_id         uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('REGISTRATION', 'FORWARDING', 'ANSWER', 'REPLY')),
    forwarding_id   uuid,
    begins_on       date NOT NULL,
    days            int NOT NULL CHECK (days BETWEEN 0 AND 3660),
    unit            text NOT NULL CHECK (unit IN ('CALENDAR', 'WORKING')),
    fixed_on        date, -- a day that was set and not counted
    extended_days   int NOT NULL DEFAULT 0 CHECK (extended_days >= 0),
    paused_days     int NOT NULL DEFAULT 0 CHECK (paused_days >= 0),
    paused_on       date,
    due_on          date NOT NULL,
    ended_on        date,
    outcome         text CHECK (outcome IN ('MET', 'STOPPED')),
    -- The days on which it is overdue: from the day after the due one until it ends.
    overdue         daterange NOT NULL GENERATED ALWAYS AS (CASE WHEN ended_on IS NULL AND paused_on IS NULL THEN daterange(due_on + 1, NULL)
                        ELSE daterange(due_on + 1, greatest(due_on + 1, coalesce(ended_on, paused_on))) END) STORED,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, forwarding_id) REFERENCES case_forwardings,
    CHECK ((ended_on IS NULL) = (outcome IS NULL)),
    CHECK (paused_on IS NULL OR ended_on IS NULL),
    CHECK ((kind = 'REPLY') = (forwarding_id IS NOT NULL))
);
CREATE INDEX case_clocks_case ON case_clocks (municipality_id, case_id, begins_on, id);
CREATE INDEX case_clocks_due ON case_clocks (municipality_id, due_on, id);
CREATE INDEX case_clocks_running ON case_clocks (municipality_id, due_on) WHERE ended_on IS NULL;
CREATE INDEX case_clocks_overdue ON case_clocks USING gist (overdue, municipality_id, kind);
CREATE INDEX case_clocks_forwarding ON case_clocks (municipality_id, forwarding_id) WHERE forwarding_id IS NOT NULL;
CREATE UNIQUE INDEX case_clocks_one_running ON case_clocks (municipality_id, case_id, kind) WHERE ended_on IS NULL AND kind <> 'REPLY';

CREATE FUNCTION case_due_on(municipality uuid, begins date, days int, unit text, fixed date, extended int, paused int) RETURNS date LANGUAGE sql STABLE PARALLEL SAFE
    RETURN CASE WHEN fixed IS NOT NULL THEN fixed + extended + paused ELSE deadline_on(municipality, begins, days + extended + paused, unit) END;

CREATE TABLE case_steps (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    case_id         uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('OPENED', 'REGISTERED', 'ASSIGNED', 'HANDED_OVER', 'FORWARDED', 'FORWARDING_ENDED', 'PROGRESS', 'EXTENDED',
                        'PAUSED', 'RESUMED', 'ANSWERED', 'CONFIRMED', 'OBJECTED', 'CLOSED', 'REOPENED', 'REFUSED')),
    state_id        uuid NOT NULL,
    organisation_id uuid,
    text            text,
    at              timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, state_id) REFERENCES case_states,
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations
);
CREATE INDEX case_steps_case ON case_steps (municipality_id, case_id, at, id);
CREATE INDEX case_steps_organisation ON case_steps (municipality_id, organisation_id) WHERE organisation_id IS NOT NULL;

CREATE TABLE case_notes (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    case_id         uuid NOT NULL,
    author_id       uuid,
    text            text NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, author_id) REFERENCES persons
);
CREATE INDEX case_notes_case ON case_notes (municipality_id, case_id, at, id);
CREATE INDEX case_notes_author ON case_notes (municipality_id, author_id) WHERE author_id IS NOT NULL;

CREATE TABLE case_answers (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    case_id         uuid NOT NULL,
    round           int NOT NULL CHECK (round > 0),
    text            text NOT NULL,
    signed_by_id    uuid,
    answered_on     date NOT NULL,
    object_until    date NOT NULL,
    confirmed_on    date,
    objected_on     date,
    objection       text,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, signed_by_id) REFERENCES persons,
    CONSTRAINT case_answers_round UNIQUE (municipality_id, case_id, round),
    CHECK (confirmed_on IS NULL OR objected_on IS NULL)
);
CREATE INDEX case_answers_signed_by ON case_answers (municipality_id, signed_by_id) WHERE signed_by_id IS NOT NULL;

-- Who stands behind a case; each person once, whatever they sign.
CREATE TABLE case_signatories (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    case_id         uuid NOT NULL,
    person_id       uuid NOT NULL,
    signed_on       date NOT NULL,
    withdrawn_on    date CHECK (withdrawn_on >= signed_on),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons,
    CONSTRAINT case_signatories_once UNIQUE (municipality_id, case_id, person_id)
);
CREATE INDEX case_signatories_case ON case_signatories (municipality_id, case_id, signed_on, id);
CREATE INDEX case_signatories_person ON case_signatories (municipality_id, person_id, signed_on, id);

-- Whom a clock was told of: once before its day and once after it, for each day that it had.
CREATE TABLE case_escalations (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    clock_id        uuid NOT NULL,
    stage           text NOT NULL CHECK (stage IN ('BEFORE', 'AFTER')),
    due_on          date NOT NULL,
    at              timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, clock_id) REFERENCES case_clocks,
    CONSTRAINT case_escalations_once UNIQUE (municipality_id, clock_id, stage, due_on)
);

-- Who stands at the head of an organisation on a day: those who hold a post that one person holds.
CREATE FUNCTION organisation_heads(town uuid, organisation uuid, day date) RETURNS uuid[] LANGUAGE sql STABLE PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT held.person_id FROM posts AS held WHERE held.municipality_id = town AND held.organisation_id = organisation
        AND held.sole_holder AND held.starts_on <= day AND (held.ends_on IS NULL OR held.ends_on >= day));

-- What a town begins with. The terms are those of Federal Law 59-FZ of 2 May 2006: registration within 3
-- days of receipt (article 8, part 2), forwarding within 7 days of registration (article 8, part 3), an
-- answer within 30 days of registration (article 12, part 1), one extension of at most 30 days with notice
-- (article 12, part 2), 15 days for a body that is asked for papers (article 10, part 2). The law knows no
-- pause, so an appeal has none.
-- +goose StatementBegin
CREATE FUNCTION cases_defaults(town uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO case_kinds (municipality_id, key, name_en, name_ru, registration_days, forwarding_days, answer_days, extension_days, reply_days,
            objection_days, remind_days, may_pause, is_default)
        VALUES (town, 'appeal', 'Appeal', 'Обращение', 3, 7, 30, 30, 15, 30, 3, false, true),
            (town, 'task', 'Task', 'Поручение', 3, 7, 30, 30, 15, 30, 3, true, false);
    INSERT INTO case_states (municipality_id, key, name_en, name_ru, public_state, entry) VALUES
        (town, 'received', 'Received', 'Получено', 'RECEIVED', true),
        (town, 'registered', 'Registered', 'Зарегистрировано', 'REGISTERED', true),
        (town, 'in_progress', 'In progress', 'В работе', 'IN_PROGRESS', true),
        (town, 'forwarded', 'Forwarded', 'Переадресовано', 'FORWARDED', true),
        (town, 'answered', 'Answered', 'Дан ответ', 'ANSWERED', true),
        (town, 'closed', 'Closed', 'Закрыто', 'CLOSED', true),
        (town, 'reopened', 'Reopened', 'Возобновлено', 'REOPENED', true),
        (town, 'refused', 'Refused', 'Отказано в рассмотрении', 'REFUSED', true);
    INSERT INTO case_transitions (municipality_id, from_id, to_id)
        SELECT town, before.id, after.id FROM (VALUES
            ('received', 'registered'), ('received', 'in_progress'), ('received', 'refused'),
            ('registered', 'in_progress'), ('registered', 'forwarded'), ('registered', 'answered'), ('registered', 'refused'),
            ('in_progress', 'forwarded'), ('in_progress', 'answered'), ('in_progress', 'refused'),
            ('forwarded', 'in_progress'), ('forwarded', 'reopened'), ('forwarded', 'closed'),
            ('answered', 'reopened'), ('answered', 'closed'),
            ('closed', 'reopened'), ('refused', 'reopened'),
            ('reopened', 'in_progress'), ('reopened', 'forwarded'), ('reopened', 'answered'), ('reopened', 'refused')) AS way (f, t)
        JOIN case_states AS before ON before.municipality_id = town AND before.key = way.f
        JOIN case_states AS after ON after.municipality_id = town AND after.key = way.t;
$$;
-- +goose StatementEnd
SELECT cases_defaults(id) FROM municipalities;

-- +goose StatementBegin
CREATE FUNCTION cases_settle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM cases_defaults(NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER cases_settle AFTER INSERT ON municipalities FOR EACH ROW EXECUTE FUNCTION cases_settle();

-- +goose Down
DROP TRIGGER cases_settle ON municipalities;
DROP FUNCTION cases_settle;
DROP FUNCTION cases_defaults;
DROP TABLE case_escalations, case_signatories, case_answers, case_notes, case_steps, case_clocks, case_forwardings, cases, case_numbers, case_transitions, case_states, case_kinds;
DROP FUNCTION organisation_heads;
DROP FUNCTION cases_count_children;
DROP FUNCTION case_due_on;
