-- +goose Up
-- Gatherings of citizens. held_on is the day on which it was held; while it is planned, the day of its
-- meeting, which moves it (gatherings_follow_meetings). One written down afterwards has no meeting.
CREATE TABLE gatherings (
    municipality_id     uuid NOT NULL REFERENCES municipalities,
    id                  uuid NOT NULL,
    external_key        text CHECK (external_key <> ''),
    title               text NOT NULL CHECK (title <> ''),
    title_folded        text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    purpose             text NOT NULL DEFAULT '',
    organiser_id        uuid,
    meeting_id          uuid,
    place               text CHECK (place <> ''),
    held_on             date NOT NULL,
    state               text NOT NULL CHECK (state IN ('PLANNED', 'HELD', 'PUBLISHED', 'CANCELLED')),
    head_count          int CHECK (head_count BETWEEN 1 AND 1000000),
    estimated           boolean,
    counted_by_id       uuid,
    summary             text CHECK (summary <> ''),
    published_at        timestamptz,
    cancelled_at        timestamptz,
    cancellation_reason text CHECK (cancellation_reason <> ''),
    last_topic          int NOT NULL DEFAULT 0, -- the number given last; its row is locked by whoever takes the next
    version             int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT gatherings_external_key UNIQUE (municipality_id, external_key),
    CONSTRAINT gatherings_meeting_once UNIQUE (municipality_id, meeting_id),
    FOREIGN KEY (municipality_id, organiser_id) REFERENCES organisations,
    FOREIGN KEY (municipality_id, counted_by_id) REFERENCES organisations,
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings,
    CHECK (state <> 'PLANNED' OR meeting_id IS NOT NULL),
    CHECK ((head_count IS NULL) = (estimated IS NULL)),
    CHECK ((state IN ('HELD', 'PUBLISHED')) = (head_count IS NOT NULL)),
    CHECK ((state = 'PUBLISHED') = (published_at IS NOT NULL) AND (state = 'PUBLISHED') = (summary IS NOT NULL)),
    CHECK ((state = 'CANCELLED') = (cancelled_at IS NOT NULL) AND (state = 'CANCELLED') = (cancellation_reason IS NOT NULL))
);
CREATE INDEX gatherings_held ON gatherings (municipality_id, held_on, id);
CREATE INDEX gatherings_title ON gatherings (municipality_id, title_folded, id);
CREATE INDEX gatherings_organiser ON gatherings (municipality_id, organiser_id, held_on, id);
CREATE INDEX gatherings_counted_by ON gatherings (municipality_id, counted_by_id) WHERE counted_by_id IS NOT NULL;
CREATE INDEX gatherings_state ON gatherings (municipality_id, state, held_on, id);
CREATE INDEX gatherings_search ON gatherings USING gin (title_folded gin_trgm_ops);

-- Whose residents were called; none: of the whole town.
CREATE TABLE gathering_districts (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    gathering_id    uuid NOT NULL,
    district_id     uuid NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, gathering_id) REFERENCES gatherings,
    FOREIGN KEY (municipality_id, district_id) REFERENCES districts,
    CONSTRAINT gathering_districts_once UNIQUE (municipality_id, gathering_id, district_id)
);
CREATE INDEX gathering_districts_district ON gathering_districts (municipality_id, district_id, id);

-- Who was there for the authorities. title is the post as it was called on that day, kept as a word of the record.
CREATE TABLE gathering_officials (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    gathering_id    uuid NOT NULL,
    person_id       uuid NOT NULL,
    organisation_id uuid NOT NULL,
    title           text NOT NULL CHECK (title <> ''),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, gathering_id) REFERENCES gatherings,
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons,
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations,
    CONSTRAINT gathering_officials_once UNIQUE (municipality_id, gathering_id, person_id)
);
CREATE INDEX gathering_officials_gathering ON gathering_officials (municipality_id, gathering_id, id);
CREATE INDEX gathering_officials_person ON gathering_officials (municipality_id, person_id, id);
CREATE INDEX gathering_officials_organisation ON gathering_officials (municipality_id, organisation_id);

-- What was raised; each is a case.
CREATE TABLE gathering_topics (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    gathering_id    uuid NOT NULL,
    number          int NOT NULL CHECK (number > 0),
    kind            text NOT NULL CHECK (kind IN ('PROBLEM', 'IDEA', 'QUESTION')),
    text            text NOT NULL CHECK (text <> ''),
    place           text CHECK (place <> ''),
    address_id      uuid,
    people_count    int CHECK (people_count BETWEEN 1 AND 1000000),
    promised_by_id  uuid,
    promised_until  date,
    case_id         uuid NOT NULL,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, gathering_id) REFERENCES gatherings,
    FOREIGN KEY (municipality_id, address_id) REFERENCES addresses,
    FOREIGN KEY (municipality_id, promised_by_id) REFERENCES persons,
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases,
    CONSTRAINT gathering_topics_number UNIQUE (municipality_id, gathering_id, number),
    CONSTRAINT gathering_topics_case_once UNIQUE (municipality_id, case_id),
    CHECK ((promised_by_id IS NULL) = (promised_until IS NULL))
);
CREATE INDEX gathering_topics_order ON gathering_topics (municipality_id, number, id);
CREATE INDEX gathering_topics_promised ON gathering_topics (municipality_id, (coalesce(promised_until, '9999-12-31'::date)), id);
CREATE INDEX gathering_topics_address ON gathering_topics (municipality_id, address_id) WHERE address_id IS NOT NULL;
CREATE INDEX gathering_topics_promised_by ON gathering_topics (municipality_id, promised_by_id) WHERE promised_by_id IS NOT NULL;

-- +goose StatementBegin
CREATE FUNCTION gatherings_follow_meetings() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE gatherings SET held_on = NEW.starts_on
        WHERE municipality_id = NEW.municipality_id AND meeting_id = NEW.id AND state = 'PLANNED';
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER gatherings_follow_meetings AFTER UPDATE OF starts_on ON meetings FOR EACH ROW EXECUTE FUNCTION gatherings_follow_meetings();

-- +goose Down
DROP TRIGGER gatherings_follow_meetings ON meetings;
DROP FUNCTION gatherings_follow_meetings;
DROP TABLE gathering_topics, gathering_officials, gathering_districts, gatherings;
