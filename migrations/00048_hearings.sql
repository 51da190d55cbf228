-- +goose Up
-- What the law and the town's own act ask of a hearing of a kind. max_months is from the notice to the
-- publication of the conclusion; null: no end is set. A kind with discussion may be held without a session.
CREATE TABLE hearing_rules (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL DEFAULT gen_random_uuid(),
    kind            text NOT NULL,
    notice_days     int NOT NULL CHECK (notice_days BETWEEN 0 AND 365),
    max_months      int CHECK (max_months BETWEEN 1 AND 24),
    discussion      boolean NOT NULL,
    law             text NOT NULL CHECK (law <> ''),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT hearing_rules_kind UNIQUE (municipality_id, kind),
    CHECK (kind IN ('CHARTER', 'BUDGET', 'BUDGET_REPORT', 'DEVELOPMENT_STRATEGY', 'TRANSFORMATION', 'GENERAL_PLAN', 'LAND_USE_RULES',
        'PLANNING_PROJECT', 'CONDITIONAL_USE_PERMIT', 'DEVIATION_PERMIT', 'IMPROVEMENT_RULES', 'OTHER'))
);
CREATE INDEX hearing_rules_order ON hearing_rules (municipality_id, kind, id);

-- What a town begins with. 131-FZ, article 28, asks for notice "in advance" and leaves the number of days to
-- the town; the Urban Planning Code, article 5.1, part 8, asks for 7 days between notice and display.
-- +goose StatementBegin
CREATE FUNCTION hearings_defaults(town uuid) RETURNS void LANGUAGE sql AS $$
    INSERT INTO hearing_rules (municipality_id, kind, notice_days, max_months, discussion, law) VALUES
        (town, 'CHARTER', 7, NULL, false, '131-ФЗ, ст. 28, ч. 3, п. 1; ч. 4'),
        (town, 'BUDGET', 7, NULL, false, '131-ФЗ, ст. 28, ч. 3, п. 2; ч. 4'),
        (town, 'BUDGET_REPORT', 7, NULL, false, '131-ФЗ, ст. 28, ч. 3, п. 2; ч. 4'),
        (town, 'DEVELOPMENT_STRATEGY', 7, NULL, false, '131-ФЗ, ст. 28, ч. 3, п. 2.1; ч. 4'),
        (town, 'TRANSFORMATION', 7, NULL, false, '131-ФЗ, ст. 28, ч. 3, п. 4; ч. 4'),
        (town, 'GENERAL_PLAN', 7, 1, true, 'ГрК РФ, ст. 5.1, ч. 8; ст. 28, ч. 8'),
        (town, 'LAND_USE_RULES', 7, 1, true, 'ГрК РФ, ст. 5.1, ч. 8; ст. 31, ч. 13'),
        (town, 'PLANNING_PROJECT', 7, 1, true, 'ГрК РФ, ст. 5.1, ч. 8; ст. 46, ч. 11'),
        (town, 'CONDITIONAL_USE_PERMIT', 7, 1, true, 'ГрК РФ, ст. 5.1, ч. 8; ст. 39, ч. 7'),
        (town, 'DEVIATION_PERMIT', 7, 1, true, 'ГрК РФ, ст. 5.1, ч. 8; ст. 40, ч. 4'),
        (town, 'IMPROVEMENT_RULES', 7, 3, true, 'ГрК РФ, ст. 5.1, ч. 8; 131-ФЗ, ст. 28, ч. 5'),
        (town, 'OTHER', 7, NULL, true, '131-ФЗ, ст. 28, ч. 4');
$$;
-- +goose StatementEnd
SELECT hearings_defaults(id) FROM municipalities;

-- +goose StatementBegin
CREATE FUNCTION hearings_settle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM hearings_defaults(NEW.id);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER hearings_settle AFTER INSERT ON municipalities FOR EACH ROW EXECUTE FUNCTION hearings_settle();

-- How a hearing stands on a day follows from its days and those of its sessions; nothing is kept twice.
CREATE TABLE public_hearings (
    municipality_id     uuid NOT NULL REFERENCES municipalities,
    id                  uuid NOT NULL,
    external_key        text CHECK (external_key <> ''),
    kind                text NOT NULL,
    form                text NOT NULL CHECK (form IN ('PUBLIC_HEARING', 'PUBLIC_DISCUSSION')),
    subject             text NOT NULL CHECK (subject <> ''),
    subject_folded      text NOT NULL GENERATED ALWAYS AS (fold_name(subject)) STORED,
    text                text NOT NULL DEFAULT '',
    initiator           text NOT NULL CHECK (initiator IN ('RESIDENTS', 'COUNCIL', 'HEAD')),
    appointing_act      text NOT NULL CHECK (appointing_act <> ''),
    organiser_id        uuid NOT NULL,
    whole_town          boolean NOT NULL,
    link                text CHECK (link <> ''),
    display_place       text NOT NULL CHECK (display_place <> ''),
    display_from        date NOT NULL,
    display_to          date NOT NULL,
    intake_from         date NOT NULL,
    intake_to           date NOT NULL,
    announced_on        date,
    publish_by          date CHECK (publish_by > announced_on),
    concluded_on        date CHECK (concluded_on > intake_to),
    published_on        date CHECK (published_on >= concluded_on),
    cancelled_on        date,
    cancellation_reason text CHECK (cancellation_reason <> ''),
    -- The numbers given last; the row is locked by whoever takes the next, so that there are no gaps.
    last_session        int NOT NULL DEFAULT 0,
    last_statement      int NOT NULL DEFAULT 0,
    last_proposal       int NOT NULL DEFAULT 0,
    version             int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT public_hearings_external_key UNIQUE (municipality_id, external_key),
    FOREIGN KEY (municipality_id, kind) REFERENCES hearing_rules (municipality_id, kind),
    FOREIGN KEY (municipality_id, organiser_id) REFERENCES organisations,
    -- One speaks to what one may look at (Urban Planning Code, article 5.1, part 10).
    CONSTRAINT public_hearings_periods CHECK (display_from <= intake_from AND intake_from <= intake_to AND intake_to <= display_to),
    CHECK (announced_on <= display_from),
    CHECK (announced_on IS NOT NULL OR concluded_on IS NULL),
    CHECK (concluded_on IS NOT NULL OR published_on IS NULL),
    CHECK (cancelled_on IS NULL OR concluded_on IS NULL),
    CHECK ((cancelled_on IS NULL) = (cancellation_reason IS NULL))
);
CREATE INDEX public_hearings_display ON public_hearings (municipality_id, display_from, id);
CREATE INDEX public_hearings_subject ON public_hearings (municipality_id, subject_folded, id);
CREATE INDEX public_hearings_kind ON public_hearings (municipality_id, kind, display_from, id);
CREATE INDEX public_hearings_intake ON public_hearings (municipality_id, intake_to, intake_from);
CREATE INDEX public_hearings_organiser ON public_hearings (municipality_id, organiser_id, display_from, id);
CREATE INDEX public_hearings_search ON public_hearings USING gin (subject_folded gin_trgm_ops);

-- Where it has effect; a hearing of the whole town has none.
CREATE TABLE hearing_districts (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    hearing_id      uuid NOT NULL,
    district_id     uuid NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, hearing_id) REFERENCES public_hearings,
    FOREIGN KEY (municipality_id, district_id) REFERENCES districts,
    CONSTRAINT hearing_districts_once UNIQUE (municipality_id, hearing_id, district_id)
);
CREATE INDEX hearing_districts_district ON hearing_districts (municipality_id, district_id, id);

CREATE TABLE hearing_sessions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    hearing_id      uuid NOT NULL,
    number          int NOT NULL CHECK (number > 0),
    meeting_id      uuid NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, hearing_id) REFERENCES public_hearings,
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings,
    CONSTRAINT hearing_sessions_number UNIQUE (municipality_id, hearing_id, number),
    CONSTRAINT hearing_sessions_meeting UNIQUE (municipality_id, meeting_id)
);
CREATE INDEX hearing_sessions_order ON hearing_sessions (municipality_id, number, id);

-- standing is what was claimed on the day of receipt, by where the author said to live.
CREATE TABLE hearing_statements (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    hearing_id      uuid NOT NULL,
    number          int NOT NULL CHECK (number > 0),
    channel         text NOT NULL CHECK (channel IN ('ONLINE', 'PAPER', 'EMAIL', 'IN_PERSON', 'SESSION')),
    received_on     date NOT NULL,
    author_id       uuid,
    organisation_id uuid,
    account_id      uuid, -- the author's, where it was handed in online
    operator_id     uuid, -- the account of the member of staff who wrote it down
    address_id      uuid,
    district_id     uuid,
    claimed         text NOT NULL CHECK (claimed IN ('RESIDENT_OF_AREA', 'OTHER')),
    standing_check  text NOT NULL DEFAULT 'UNCHECKED' CHECK (standing_check IN ('UNCHECKED', 'CONFIRMED', 'REFUTED')),
    checked_on      date,
    show_name       boolean NOT NULL,
    published_at    timestamptz,
    version         int NOT NULL DEFAULT 1,
    -- A claim that was refuted counts as none.
    standing        text NOT NULL GENERATED ALWAYS AS (CASE WHEN standing_check = 'REFUTED' THEN 'OTHER' ELSE claimed END) STORED,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, hearing_id) REFERENCES public_hearings,
    FOREIGN KEY (municipality_id, author_id) REFERENCES persons,
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations,
    FOREIGN KEY (municipality_id, account_id) REFERENCES accounts,
    FOREIGN KEY (municipality_id, operator_id) REFERENCES accounts,
    FOREIGN KEY (municipality_id, address_id) REFERENCES addresses,
    FOREIGN KEY (municipality_id, district_id) REFERENCES districts,
    CONSTRAINT hearing_statements_number UNIQUE (municipality_id, hearing_id, number),
    CHECK (author_id IS NOT NULL OR organisation_id IS NOT NULL),
    CHECK ((standing_check = 'UNCHECKED') = (checked_on IS NULL))
);
CREATE INDEX hearing_statements_order ON hearing_statements (municipality_id, number, id);
CREATE INDEX hearing_statements_received ON hearing_statements (municipality_id, received_on, id);
CREATE INDEX hearing_statements_author ON hearing_statements (municipality_id, author_id, received_on, id) WHERE author_id IS NOT NULL;
CREATE INDEX hearing_statements_organisation ON hearing_statements (municipality_id, organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX hearing_statements_account ON hearing_statements (municipality_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX hearing_statements_operator ON hearing_statements (municipality_id, operator_id) WHERE operator_id IS NOT NULL;
CREATE INDEX hearing_statements_address ON hearing_statements (municipality_id, address_id) WHERE address_id IS NOT NULL;
CREATE INDEX hearing_statements_district ON hearing_statements (municipality_id, district_id) WHERE district_id IS NOT NULL;

-- A proposal or remark; number counts within the hearing. submitted_text is the author's own, published_text
-- what the public reads.
CREATE TABLE hearing_proposals (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    hearing_id      uuid NOT NULL,
    statement_id    uuid NOT NULL,
    number          int NOT NULL CHECK (number > 0),
    clause          text CHECK (clause <> ''),
    submitted_text  text, -- null once it was erased
    published_text  text CHECK (published_text <> ''),
    outcome         text CHECK (outcome IN ('ACCEPTED', 'PARTLY', 'REFUSED')),
    reasons         text CHECK (reasons <> ''),
    answered_on     date,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, hearing_id) REFERENCES public_hearings,
    FOREIGN KEY (municipality_id, statement_id) REFERENCES hearing_statements,
    CONSTRAINT hearing_proposals_number UNIQUE (municipality_id, hearing_id, number),
    CONSTRAINT hearing_proposals_answer CHECK ((outcome IS NULL) = (reasons IS NULL) AND (outcome IS NULL) = (answered_on IS NULL))
);
CREATE INDEX hearing_proposals_order ON hearing_proposals (municipality_id, number, id);
CREATE INDEX hearing_proposals_statement ON hearing_proposals (municipality_id, statement_id, number, id);
CREATE INDEX hearing_proposals_open ON hearing_proposals (municipality_id, hearing_id, number) WHERE outcome IS NULL;

-- The conclusion of a hearing, whose key it bears: what was counted is frozen in it.
CREATE TABLE hearing_conclusions (
    municipality_id       uuid NOT NULL,
    id                    uuid NOT NULL,
    text                  text NOT NULL CHECK (text <> ''),
    document              text NOT NULL CHECK (document <> ''),
    resident_participants int NOT NULL,
    other_participants    int NOT NULL,
    resident_statements   int NOT NULL,
    other_statements      int NOT NULL,
    attended              int NOT NULL,
    accepted              int NOT NULL,
    partly                int NOT NULL,
    refused               int NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, id) REFERENCES public_hearings
);

-- +goose Down
DROP TRIGGER hearings_settle ON municipalities;
DROP FUNCTION hearings_settle;
DROP FUNCTION hearings_defaults;
DROP TABLE hearing_conclusions, hearing_proposals, hearing_statements, hearing_sessions, hearing_districts, public_hearings, hearing_rules;
