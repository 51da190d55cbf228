-- +goose Up
-- Agenda items are one meeting's; with its key beside theirs, a motion cannot stand in another meeting
-- than its item.
ALTER TABLE agenda_items ADD CONSTRAINT agenda_items_of_meeting UNIQUE (municipality_id, meeting_id, id);

CREATE TABLE motions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    item_id         uuid NOT NULL,
    mover_id        uuid NOT NULL,
    text            text NOT NULL CHECK (text <> ''),
    question        text NOT NULL DEFAULT '',
    state           text NOT NULL DEFAULT 'TABLED' CHECK (state IN ('TABLED', 'OPEN', 'VOTING', 'ADOPTED', 'REJECTED', 'WITHDRAWN')),
    tabled_at       timestamptz NOT NULL,
    decided_at      timestamptz,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT motions_of_meeting UNIQUE (municipality_id, meeting_id, id),
    FOREIGN KEY (municipality_id, meeting_id, item_id) REFERENCES agenda_items (municipality_id, meeting_id, id),
    FOREIGN KEY (municipality_id, mover_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT motions_decided CHECK ((state IN ('ADOPTED', 'REJECTED', 'WITHDRAWN')) = (decided_at IS NOT NULL))
);
CREATE INDEX motions_tabled ON motions (municipality_id, tabled_at, id);
CREATE INDEX motions_by_meeting ON motions (municipality_id, meeting_id, tabled_at, id);
CREATE INDEX motions_by_item ON motions (municipality_id, item_id, tabled_at, id);
CREATE INDEX motions_by_mover ON motions (municipality_id, mover_id, tabled_at, id);

CREATE TABLE amendments (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    motion_id       uuid NOT NULL,
    mover_id        uuid NOT NULL,
    text            text NOT NULL CHECK (text <> ''),
    state           text NOT NULL DEFAULT 'PROPOSED' CHECK (state IN ('PROPOSED', 'VOTING', 'ADOPTED', 'REJECTED', 'WITHDRAWN')),
    moved_at        timestamptz NOT NULL,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT amendments_of_motion UNIQUE (municipality_id, motion_id, id),
    FOREIGN KEY (municipality_id, meeting_id, motion_id) REFERENCES motions (municipality_id, meeting_id, id),
    FOREIGN KEY (municipality_id, mover_id) REFERENCES persons (municipality_id, id)
);
CREATE INDEX amendments_by_motion ON amendments (municipality_id, motion_id, moved_at, id);
CREATE INDEX amendments_by_mover ON amendments (municipality_id, mover_id);

-- The majority is the charter's as it stood at the opening; what was found at the close stands beside it.
CREATE TABLE votes (
    municipality_id      uuid NOT NULL,
    id                   uuid NOT NULL,
    meeting_id           uuid NOT NULL,
    motion_id            uuid NOT NULL,
    amendment_id         uuid,
    manner               text NOT NULL CHECK (manner IN ('OPEN', 'NAMED', 'SECRET')),
    state                text NOT NULL DEFAULT 'OPEN' CHECK (state IN ('OPEN', 'CLOSED', 'ANNULLED')),
    majority_numerator   int NOT NULL CHECK (majority_numerator >= 0),
    majority_denominator int NOT NULL CHECK (majority_denominator >= greatest(majority_numerator, 1)),
    majority_strict      boolean NOT NULL,
    majority_of          text NOT NULL CHECK (majority_of IN ('PRESENT', 'VOTED', 'FILLED', 'ALL')),
    opened_at            timestamptz NOT NULL,
    closed_at            timestamptz,
    annulment_reason     text CHECK (annulment_reason <> ''),
    -- The public half of a secret vote's keys; the private half is in no table.
    box                  bytea,
    tellers_needed       int CHECK (tellers_needed BETWEEN 1 AND 16),
    quorum_at_opening    int NOT NULL CHECK (quorum_at_opening >= 0),
    quorum_needed        int NOT NULL CHECK (quorum_needed >= 1), -- at the opening; then at the close
    outcome              text CHECK (outcome IN ('CARRIED', 'NOT_CARRIED', 'NO_QUORUM')),
    eligible             int,
    present              int,
    filled               int,
    seats                int,
    quorum_at_close      int,
    votes_for            int,
    votes_against        int,
    votes_abstained      int,
    needed               int,
    by_hands             boolean,
    version              int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT votes_manner UNIQUE (municipality_id, id, meeting_id, manner),
    CONSTRAINT votes_state UNIQUE (municipality_id, id, manner, state),
    FOREIGN KEY (municipality_id, meeting_id, motion_id) REFERENCES motions (municipality_id, meeting_id, id),
    FOREIGN KEY (municipality_id, motion_id, amendment_id) REFERENCES amendments (municipality_id, motion_id, id),
    CONSTRAINT votes_box CHECK ((manner = 'SECRET') = (box IS NOT NULL) AND (box IS NULL) = (tellers_needed IS NULL)),
    CONSTRAINT votes_over CHECK ((state = 'OPEN') = (closed_at IS NULL) AND (state = 'ANNULLED') = (annulment_reason IS NOT NULL)),
    CONSTRAINT votes_result CHECK (num_nulls(outcome, eligible, present, filled, seats, quorum_at_close, votes_for, votes_against, votes_abstained, needed, by_hands)
        = CASE state WHEN 'CLOSED' THEN 0 ELSE 11 END),
    CONSTRAINT votes_add_up CHECK (least(votes_for, votes_against, votes_abstained) >= 0 AND votes_for + votes_against + votes_abstained <= eligible AND present <= eligible),
    CONSTRAINT votes_outcome CHECK (CASE outcome WHEN 'NO_QUORUM' THEN quorum_at_close < quorum_needed
        ELSE quorum_at_close >= quorum_needed AND (outcome = 'CARRIED') = (votes_for >= needed) END),
    CONSTRAINT votes_hands CHECK (NOT by_hands OR manner = 'OPEN')
);
-- One vote at a time in a meeting.
CREATE UNIQUE INDEX votes_one_at_a_time ON votes (municipality_id, meeting_id) WHERE state = 'OPEN';
CREATE INDEX votes_opened ON votes (municipality_id, opened_at, id);
CREATE INDEX votes_by_meeting ON votes (municipality_id, meeting_id, opened_at, id);
CREATE INDEX votes_by_motion ON votes (municipality_id, motion_id, opened_at, id);
CREATE INDEX votes_by_amendment ON votes (municipality_id, amendment_id) WHERE amendment_id IS NOT NULL;

-- What was found at the close stays as it was found.
-- +goose StatementBegin
CREATE FUNCTION votes_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state <> 'OPEN' THEN
        RAISE EXCEPTION 'a vote that is over stays as it is' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'votes_stay';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$;
-- +goose StatementEnd
CREATE TRIGGER votes_stay BEFORE UPDATE OR DELETE ON votes FOR EACH ROW EXECUTE FUNCTION votes_stay();

-- Who voted. The manner is the vote's; a secret vote's ballots hold no choice.
CREATE TABLE ballots (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    vote_id         uuid NOT NULL,
    manner          text NOT NULL,
    voter_id        uuid NOT NULL,
    cast_by_id      uuid,
    cast_at         timestamptz NOT NULL,
    choice          text CHECK (choice IN ('FOR', 'AGAINST', 'ABSTAINED')),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT ballots_once UNIQUE (municipality_id, vote_id, voter_id),
    FOREIGN KEY (municipality_id, vote_id, meeting_id, manner) REFERENCES votes (municipality_id, id, meeting_id, manner),
    FOREIGN KEY (municipality_id, voter_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, cast_by_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT ballots_secret CHECK ((manner = 'SECRET') = (choice IS NULL)),
    CONSTRAINT ballots_by_another CHECK (cast_by_id <> voter_id)
);
CREATE INDEX ballots_by_vote ON ballots (municipality_id, vote_id, cast_at, id);
CREATE INDEX ballots_by_voter ON ballots (municipality_id, voter_id);
CREATE INDEX ballots_by_caster ON ballots (municipality_id, cast_by_id) WHERE cast_by_id IS NOT NULL;

-- The ballots of a secret vote while it is open, sealed for its box: a row each, beside who cast it,
-- and all of one length. They go at the close. The state is the vote's, and follows it: a vote that
-- is over cannot have any.
CREATE TABLE sealed_ballots (
    municipality_id uuid NOT NULL,
    ballot_id       uuid NOT NULL,
    vote_id         uuid NOT NULL,
    manner          text NOT NULL DEFAULT 'SECRET' CHECK (manner = 'SECRET'),
    state           text NOT NULL DEFAULT 'OPEN' CHECK (state = 'OPEN'),
    content         bytea NOT NULL CHECK (length(content) = 1137),
    PRIMARY KEY (municipality_id, ballot_id),
    FOREIGN KEY (municipality_id, ballot_id) REFERENCES ballots (municipality_id, id),
    FOREIGN KEY (municipality_id, vote_id, manner, state) REFERENCES votes (municipality_id, id, manner, state)
);
CREATE INDEX sealed_ballots_by_vote ON sealed_ballots (municipality_id, vote_id, manner, state);

CREATE TABLE proxies (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    giver_id        uuid NOT NULL,
    holder_id       uuid NOT NULL,
    document        text CHECK (document <> ''), -- null: erased
    given_at        timestamptz NOT NULL,
    revoked_at      timestamptz CHECK (revoked_at >= given_at),
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, giver_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, holder_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT proxies_to_another CHECK (giver_id <> holder_id)
);
CREATE UNIQUE INDEX proxies_one_each ON proxies (municipality_id, meeting_id, giver_id) WHERE revoked_at IS NULL;
CREATE INDEX proxies_by_meeting ON proxies (municipality_id, meeting_id, given_at, id);
CREATE INDEX proxies_by_giver ON proxies (municipality_id, giver_id);
CREATE INDEX proxies_by_holder ON proxies (municipality_id, holder_id);

-- The last number that a body gave in a year. Its row is locked until the resolution is committed, so
-- that a number given up is given again, and none is left out.
CREATE TABLE resolution_numbers (
    municipality_id uuid NOT NULL REFERENCES municipalities,
    body_kind       text NOT NULL,
    body_id         uuid NOT NULL,
    year            int NOT NULL,
    last            int NOT NULL CHECK (last >= 1),
    PRIMARY KEY (municipality_id, body_kind, body_id, year)
);

CREATE TABLE resolutions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    meeting_id      uuid NOT NULL,
    motion_id       uuid NOT NULL,
    body_kind       text NOT NULL,
    body_id         uuid NOT NULL,
    year            int NOT NULL,
    number          int NOT NULL CHECK (number >= 1),
    title           text NOT NULL CHECK (title <> ''),
    title_folded    text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    text            text NOT NULL CHECK (text <> ''),
    adopted_on      date NOT NULL,
    signer_id       uuid NOT NULL,
    signer_post     text NOT NULL CHECK (signer_post <> ''),
    signed_on       date NOT NULL CHECK (signed_on >= adopted_on),
    published_at    timestamptz,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT resolutions_number UNIQUE (municipality_id, body_kind, body_id, year, number),
    CONSTRAINT resolutions_once UNIQUE (municipality_id, motion_id),
    CONSTRAINT resolutions_of_body UNIQUE (municipality_id, body_kind, body_id, id),
    FOREIGN KEY (municipality_id, meeting_id, motion_id) REFERENCES motions (municipality_id, meeting_id, id),
    FOREIGN KEY (municipality_id, signer_id) REFERENCES persons (municipality_id, id),
    CHECK (year = extract(year FROM adopted_on))
);
CREATE INDEX resolutions_in_order ON resolutions (municipality_id, year, number, id);
CREATE INDEX resolutions_adopted ON resolutions (municipality_id, adopted_on, id);
CREATE INDEX resolutions_by_body ON resolutions (municipality_id, body_id, year, number, id);
CREATE INDEX resolutions_by_meeting ON resolutions (municipality_id, meeting_id);
CREATE INDEX resolutions_by_signer ON resolutions (municipality_id, signer_id);
CREATE INDEX resolutions_search ON resolutions USING gin (title_folded gin_trgm_ops);

-- A number once given stands; what is published stays as it was published, save that its signer may be
-- found to be the same person as another.
-- +goose StatementBegin
CREATE FUNCTION resolutions_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.motion_id, NEW.body_kind, NEW.body_id, NEW.year, NEW.number, NEW.adopted_on)
            IS DISTINCT FROM (OLD.motion_id, OLD.body_kind, OLD.body_id, OLD.year, OLD.number, OLD.adopted_on)
        OR OLD.published_at IS NOT NULL AND (NEW.title, NEW.text, NEW.signer_post, NEW.signed_on, NEW.published_at)
            IS DISTINCT FROM (OLD.title, OLD.text, OLD.signer_post, OLD.signed_on, OLD.published_at) THEN
        RAISE EXCEPTION 'a resolution stays as it is' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'resolutions_stay';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER resolutions_stay BEFORE UPDATE OR DELETE ON resolutions FOR EACH ROW EXECUTE FUNCTION resolutions_stay();

-- The body stands in both references, so that a resolution changes those of its own body only.
CREATE TABLE resolution_changes (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    body_kind       text NOT NULL,
    body_id         uuid NOT NULL,
    earlier_id      uuid NOT NULL,
    later_id        uuid NOT NULL,
    effect          text NOT NULL CHECK (effect IN ('AMENDS', 'REPEALS')),
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT resolution_changes_once UNIQUE (municipality_id, later_id, earlier_id),
    FOREIGN KEY (municipality_id, body_kind, body_id, earlier_id) REFERENCES resolutions (municipality_id, body_kind, body_id, id),
    FOREIGN KEY (municipality_id, body_kind, body_id, later_id) REFERENCES resolutions (municipality_id, body_kind, body_id, id),
    CHECK (earlier_id <> later_id)
);
CREATE INDEX resolution_changes_by_earlier ON resolution_changes (municipality_id, earlier_id);

-- +goose Down
DROP TABLE resolution_changes, resolutions, resolution_numbers, proxies, sealed_ballots, ballots, votes, amendments, motions;
DROP FUNCTION resolutions_stay(), votes_stay();
ALTER TABLE agenda_items DROP CONSTRAINT agenda_items_of_meeting;
