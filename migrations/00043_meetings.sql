-- +goose Up
-- One core for sessions of councils, commissions and assemblies, gatherings, hearings and receptions.
-- body_kind and body_id name the body that meets, by the kind of its scope ('council'); '' for none.
-- starts_on is the day of starts_at in the town.
CREATE TABLE meetings (
    municipality_id       uuid NOT NULL REFERENCES municipalities,
    id                    uuid NOT NULL,
    external_key          text CHECK (external_key <> ''),
    kind                  text NOT NULL CHECK (kind IN ('COUNCIL_SESSION', 'COMMISSION_SESSION', 'ASSEMBLY_SESSION', 'GATHERING', 'HEARING', 'JOINT_RECEPTION', 'OTHER')),
    title                 text NOT NULL CHECK (title <> ''),
    title_folded          text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    body_kind             text NOT NULL DEFAULT '',
    body_id               uuid,
    organiser_id          uuid,
    district_id           uuid,
    venue_id              uuid,
    link                  text CHECK (link <> ''),
    starts_at             timestamptz NOT NULL,
    ends_at               timestamptz,
    starts_on             date NOT NULL,
    state                 text NOT NULL DEFAULT 'PLANNED' CHECK (state IN ('PLANNED', 'ANNOUNCED', 'IN_SESSION', 'CLOSED', 'MINUTES_APPROVED', 'CANCELLED')),
    announced_at          timestamptz,
    notice_days           int CHECK (notice_days >= 0), -- as they were due when it was announced or moved
    opened_at             timestamptz,
    closed_at             timestamptz CHECK (closed_at >= opened_at),
    cancelled_at          timestamptz,
    cancellation_reason   text CHECK (cancellation_reason <> ''),
    -- iCalendar (RFC 5545): raised at each change of time or place and by a cancellation.
    sequence              int NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    changed_at            timestamptz NOT NULL,
    -- The body's rules for a quorum, as they were read last: when it was planned, announced, moved or opened.
    seats                 int CHECK (seats >= 0),
    quorum_of             text CHECK (quorum_of IN ('FILLED', 'ALL')),
    quorum_numerator      int CHECK (quorum_numerator > 0),
    quorum_denominator    int CHECK (quorum_denominator > 0),
    quorum_strict         boolean,
    -- The quorum as it was found, frozen for the record.
    opening_members       int,
    opening_required      int,
    opening_present       int,
    closing_members       int,
    closing_required      int,
    closing_present       int,
    -- Registration. The counts are kept under the row's lock, so that the constraints hold them.
    registration_opened_at timestamptz,
    registration_closes_at timestamptz,
    capacity              int CHECK (capacity BETWEEN 1 AND 100000),
    registered_count      int NOT NULL DEFAULT 0 CHECK (registered_count >= 0),
    waiting_count         int NOT NULL DEFAULT 0 CHECK (waiting_count >= 0),
    last_arrival          int NOT NULL DEFAULT 0,
    version               int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT meetings_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT meetings_organiser FOREIGN KEY (municipality_id, organiser_id) REFERENCES organisations (municipality_id, id),
    CONSTRAINT meetings_district FOREIGN KEY (municipality_id, district_id) REFERENCES districts (municipality_id, id),
    CONSTRAINT meetings_venue FOREIGN KEY (municipality_id, venue_id) REFERENCES venues (municipality_id, id),
    CONSTRAINT meetings_body CHECK ((body_kind = '') = (body_id IS NULL)),
    CONSTRAINT meetings_rules CHECK ((body_id IS NULL) = (quorum_of IS NULL)),
    CONSTRAINT meetings_times CHECK (ends_at > starts_at),
    CONSTRAINT meetings_place CHECK (state IN ('PLANNED', 'CANCELLED') OR venue_id IS NOT NULL OR link IS NOT NULL),
    CONSTRAINT meetings_announced CHECK (CASE state WHEN 'PLANNED' THEN announced_at IS NULL WHEN 'CANCELLED' THEN TRUE ELSE announced_at IS NOT NULL END),
    CONSTRAINT meetings_opened CHECK ((state IN ('IN_SESSION', 'CLOSED', 'MINUTES_APPROVED')) = (opened_at IS NOT NULL)),
    CONSTRAINT meetings_closed CHECK ((state IN ('CLOSED', 'MINUTES_APPROVED')) = (closed_at IS NOT NULL)),
    CONSTRAINT meetings_cancelled CHECK ((state = 'CANCELLED') = (cancelled_at IS NOT NULL) AND (state = 'CANCELLED') = (cancellation_reason IS NOT NULL)),
    CONSTRAINT meetings_opening_quorum CHECK (body_id IS NULL OR opened_at IS NULL OR opening_present >= opening_required),
    CONSTRAINT meetings_closing_quorum CHECK (body_id IS NULL OR closed_at IS NULL OR closing_present IS NOT NULL),
    CONSTRAINT meetings_registration CHECK ((registration_opened_at IS NULL) = (capacity IS NULL)),
    CONSTRAINT meetings_capacity CHECK (registered_count <= coalesce(capacity, 0)),
    -- Nobody waits while a place is free.
    CONSTRAINT meetings_promotion CHECK (waiting_count = 0 OR registered_count = capacity)
);
CREATE INDEX meetings_starts ON meetings (municipality_id, starts_at, id);
CREATE INDEX meetings_by_body ON meetings (municipality_id, body_id, starts_at, id) WHERE body_id IS NOT NULL;
CREATE INDEX meetings_by_district ON meetings (municipality_id, district_id, starts_at, id);
CREATE INDEX meetings_by_venue ON meetings (municipality_id, venue_id, starts_at, id);
CREATE INDEX meetings_by_organiser ON meetings (municipality_id, organiser_id, starts_at, id);
CREATE INDEX meetings_by_kind ON meetings (municipality_id, kind, starts_at, id);
CREATE INDEX meetings_search ON meetings USING gin (title_folded gin_trgm_ops);

-- How many days before it a meeting of a kind is announced in this town, where it has no body that
-- asks for more.
CREATE TABLE meeting_notices (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('COUNCIL_SESSION', 'COMMISSION_SESSION', 'ASSEMBLY_SESSION', 'GATHERING', 'HEARING', 'JOINT_RECEPTION', 'OTHER')),
    days            int NOT NULL CHECK (days BETWEEN 0 AND 365),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT meeting_notices_kind UNIQUE (municipality_id, kind)
);

-- Positions run from 1 without gaps; they are checked at the end of the transaction, so that a
-- whole agenda is reordered by one statement.
CREATE TABLE agenda_items (
    municipality_id   uuid NOT NULL,
    id                uuid NOT NULL,
    meeting_id        uuid NOT NULL,
    position          int NOT NULL CHECK (position >= 1),
    title             text NOT NULL CHECK (title <> ''),
    text              text NOT NULL DEFAULT '',
    outcome           text CHECK (outcome IN ('DECIDED', 'NOTED', 'POSTPONED', 'WITHDRAWN')),
    outcome_text      text,
    votes_for         int CHECK (votes_for >= 0),
    votes_against     int CHECK (votes_against >= 0),
    votes_abstained   int CHECK (votes_abstained >= 0),
    closed_at         timestamptz,
    source_case_id    uuid,
    postponed_to_id   uuid, -- the meeting
    postponed_from_id uuid, -- the item of an earlier meeting that this one takes up
    version           int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, source_case_id) REFERENCES cases (municipality_id, id),
    FOREIGN KEY (municipality_id, postponed_to_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, postponed_from_id) REFERENCES agenda_items (municipality_id, id),
    CONSTRAINT agenda_items_order UNIQUE (municipality_id, meeting_id, position) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT agenda_items_outcome CHECK ((outcome IS NULL) = (closed_at IS NULL)),
    CONSTRAINT agenda_items_votes CHECK ((votes_for IS NULL) = (votes_against IS NULL) AND (votes_for IS NULL) = (votes_abstained IS NULL)),
    CONSTRAINT agenda_items_postponed CHECK (postponed_to_id IS NULL OR outcome = 'POSTPONED')
);
CREATE INDEX agenda_items_source_case ON agenda_items (municipality_id, source_case_id) WHERE source_case_id IS NOT NULL;
CREATE INDEX agenda_items_postponed_to ON agenda_items (municipality_id, postponed_to_id) WHERE postponed_to_id IS NOT NULL;
CREATE INDEX agenda_items_postponed_from ON agenda_items (municipality_id, postponed_from_id) WHERE postponed_from_id IS NOT NULL;

CREATE TABLE agenda_speakers (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    item_id         uuid NOT NULL,
    person_id       uuid NOT NULL,
    role            text NOT NULL CHECK (role IN ('RAPPORTEUR', 'CO_RAPPORTEUR', 'SPEAKER', 'EXPERT', 'INVITED')),
    position        int NOT NULL CHECK (position >= 1),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, item_id) REFERENCES agenda_items (municipality_id, id) ON DELETE CASCADE,
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT agenda_speakers_once UNIQUE (municipality_id, item_id, person_id),
    CONSTRAINT agenda_speakers_order UNIQUE (municipality_id, item_id, position) DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX agenda_speakers_person ON agenda_speakers (municipality_id, person_id);

-- arrival is given under the lock of the meeting's row: the order of the waiting list.
CREATE TABLE meeting_registrations (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    person_id       uuid NOT NULL,
    state           text NOT NULL CHECK (state IN ('REGISTERED', 'WAITING', 'CANCELLED')),
    arrival         int NOT NULL CHECK (arrival >= 1),
    code            text NOT NULL CHECK (code <> ''),
    registered_at   timestamptz NOT NULL,
    promoted_at     timestamptz,
    cancelled_at    timestamptz,
    checked_in_at   timestamptz,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT meeting_registrations_arrival UNIQUE (municipality_id, meeting_id, arrival),
    CONSTRAINT meeting_registrations_code UNIQUE (municipality_id, meeting_id, code),
    CONSTRAINT meeting_registrations_cancelled CHECK ((state = 'CANCELLED') = (cancelled_at IS NOT NULL)),
    CONSTRAINT meeting_registrations_checked_in CHECK (checked_in_at IS NULL OR state = 'REGISTERED')
);
-- A person stands on a meeting's list once.
CREATE UNIQUE INDEX meeting_registrations_once ON meeting_registrations (municipality_id, meeting_id, person_id) WHERE state <> 'CANCELLED';
CREATE INDEX meeting_registrations_waiting ON meeting_registrations (municipality_id, meeting_id, arrival) WHERE state = 'WAITING';
CREATE INDEX meeting_registrations_person ON meeting_registrations (municipality_id, person_id, registered_at, id);

-- A member's attendance. Its reason is personal: an illness, say.
CREATE TABLE meeting_attendances (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    person_id       uuid NOT NULL,
    state           text NOT NULL CHECK (state IN ('PRESENT', 'ABSENT_EXCUSED', 'ABSENT')),
    reason          text CHECK (reason <> ''),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT meeting_attendances_once UNIQUE (municipality_id, meeting_id, person_id),
    CONSTRAINT meeting_attendances_reason CHECK (reason IS NULL OR state <> 'PRESENT')
);
CREATE INDEX meeting_attendances_person ON meeting_attendances (municipality_id, person_id);

-- When somebody was in the room, from arrived_at until before left_at: who leaves and comes back has two
-- rows, so that who was present at a moment is exact. Nobody is in the room twice at once.
CREATE TABLE meeting_presence (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    attendance_id   uuid NOT NULL,
    arrived_at      timestamptz NOT NULL,
    left_at         timestamptz CHECK (left_at > arrived_at),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, attendance_id) REFERENCES meeting_attendances (municipality_id, id),
    CONSTRAINT meeting_presence_once EXCLUDE USING gist (attendance_id WITH =, municipality_id WITH =, tstzrange(arrived_at, left_at) WITH &&)
);
CREATE INDEX meeting_presence_by_attendance ON meeting_presence (municipality_id, attendance_id, arrived_at, id);

-- Minutes: every version is kept. One is being worked on at a time, and one is published.
CREATE TABLE meeting_minutes (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    number          int NOT NULL CHECK (number >= 1),
    text            text NOT NULL CHECK (text <> ''),
    state           text NOT NULL CHECK (state IN ('DRAFT', 'AGREED', 'PUBLISHED', 'CORRECTED')),
    written_at      timestamptz NOT NULL,
    written_by_id   uuid,
    agreed_at       timestamptz,
    agreed_by_id    uuid,
    published_at    timestamptz,
    published_by_id uuid,
    corrected_at    timestamptz,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, written_by_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, agreed_by_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, published_by_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT meeting_minutes_number UNIQUE (municipality_id, meeting_id, number),
    CONSTRAINT meeting_minutes_dates CHECK (
        CASE state WHEN 'DRAFT' THEN agreed_at IS NULL AND published_at IS NULL AND corrected_at IS NULL
            WHEN 'AGREED' THEN agreed_at IS NOT NULL AND published_at IS NULL AND corrected_at IS NULL
            WHEN 'PUBLISHED' THEN agreed_at IS NOT NULL AND published_at IS NOT NULL AND corrected_at IS NULL
            ELSE corrected_at IS NOT NULL END)
);
CREATE UNIQUE INDEX meeting_minutes_one_published ON meeting_minutes (municipality_id, meeting_id) WHERE state = 'PUBLISHED';
CREATE UNIQUE INDEX meeting_minutes_one_open ON meeting_minutes (municipality_id, meeting_id) WHERE state IN ('DRAFT', 'AGREED');
CREATE INDEX meeting_minutes_written_by ON meeting_minutes (municipality_id, written_by_id);
CREATE INDEX meeting_minutes_agreed_by ON meeting_minutes (municipality_id, agreed_by_id);
CREATE INDEX meeting_minutes_published_by ON meeting_minutes (municipality_id, published_by_id);

-- The secret address of a person's own calendar, of which only the hash is kept.
CREATE TABLE calendar_feeds (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    id              uuid NOT NULL,
    person_id       uuid NOT NULL,
    key_hash        bytea NOT NULL,
    made_at         timestamptz NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT calendar_feeds_key UNIQUE (municipality_id, key_hash)
);
CREATE INDEX calendar_feeds_person ON calendar_feeds (municipality_id, person_id);

-- +goose Down
DROP TABLE calendar_feeds, meeting_minutes, meeting_presence, meeting_attendances, meeting_registrations, agenda_speakers, agenda_items,
    meeting_notices, meetings;
