-- +goose Up
-- People, districts, councils, meetings and cases are the core's: their keys stand here without a reference.
CREATE TABLE projects (
    id uuid PRIMARY KEY,
    district_id uuid NOT NULL,
    council_id uuid,
    author_id uuid NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    place text NOT NULL,
    kind text NOT NULL,
    cost_rubles bigint NOT NULL CONSTRAINT projects_cost CHECK (cost_rubles BETWEEN 1 AND 2000000000),
    stage text NOT NULL CONSTRAINT projects_stage CHECK (stage IN
        ('IDEA', 'DISCUSSION', 'SUPPORTED', 'RANKING', 'RANKED', 'DEFENCE', 'ACCEPTED', 'RETURNED', 'DONE', 'WITHDRAWN')),
    case_id uuid,
    proposed_at timestamptz NOT NULL,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT projects_discussed_in_a_council CHECK (stage IN ('IDEA', 'RETURNED', 'WITHDRAWN') OR council_id IS NOT NULL)
);
CREATE INDEX projects_of_district ON projects (district_id, id DESC);
CREATE INDEX projects_of_council ON projects (council_id, id DESC);
CREATE INDEX projects_by_stage ON projects (stage, id DESC);

-- What a project went through; never changed.
CREATE TABLE steps (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    stage text NOT NULL,
    reason text NOT NULL DEFAULT '',
    person_id uuid,
    taken_at timestamptz NOT NULL
);
CREATE INDEX steps_of_project ON steps (project_id, taken_at, id);

-- What was said of it in the council.
CREATE TABLE statements (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    council_id uuid NOT NULL,
    person_id uuid NOT NULL,
    text text NOT NULL,
    made_at timestamptz NOT NULL
);
CREATE INDEX statements_of_project ON statements (project_id, id);

CREATE TABLE rounds (
    id uuid PRIMARY KEY,
    district_id uuid, -- null: the whole town
    title text NOT NULL,
    opened_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL CONSTRAINT rounds_close_after_they_open CHECK (closes_at > opened_at),
    state text NOT NULL CONSTRAINT rounds_state CHECK (state IN ('OPEN', 'COUNTING', 'CLOSED')),
    weight_residents int NOT NULL,
    weight_council int NOT NULL,
    weight_administration int NOT NULL,
    choices int NOT NULL,
    version int NOT NULL DEFAULT 1
);

CREATE TABLE entries (
    round_id uuid NOT NULL REFERENCES rounds ON DELETE CASCADE,
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    place int,
    score bigint,
    PRIMARY KEY (round_id, project_id),
    CONSTRAINT entries_one_a_place UNIQUE (round_id, place)
);
CREATE INDEX entries_of_project ON entries (project_id);

CREATE TABLE votes (
    id uuid PRIMARY KEY,
    round_id uuid NOT NULL REFERENCES rounds ON DELETE CASCADE,
    person_id uuid NOT NULL,
    chamber text NOT NULL CONSTRAINT votes_chamber CHECK (chamber IN ('RESIDENTS', 'COUNCIL', 'ADMINISTRATION')),
    cast_at timestamptz NOT NULL,
    CONSTRAINT votes_one_a_person UNIQUE (round_id, person_id),
    CONSTRAINT votes_of_a_round UNIQUE (id, round_id)
);

CREATE TABLE choices (
    vote_id uuid NOT NULL,
    round_id uuid NOT NULL,
    position int NOT NULL,
    project_id uuid NOT NULL,
    PRIMARY KEY (vote_id, position),
    CONSTRAINT choices_one_a_project UNIQUE (vote_id, project_id),
    CONSTRAINT choices_of_the_votes_round FOREIGN KEY (vote_id, round_id) REFERENCES votes (id, round_id) ON DELETE CASCADE,
    CONSTRAINT choices_of_the_round FOREIGN KEY (round_id, project_id) REFERENCES entries (round_id, project_id)
);

CREATE TABLE defences (
    id uuid PRIMARY KEY,
    round_id uuid NOT NULL REFERENCES rounds,
    meeting_id uuid,
    starts_at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT defences_state CHECK (state IN ('PLANNED', 'HELD')),
    minutes text NOT NULL DEFAULT '',
    reserved_at timestamptz NOT NULL,
    version int NOT NULL DEFAULT 1,
    CONSTRAINT defences_one_a_round UNIQUE (round_id)
);

CREATE TABLE defence_projects (
    defence_id uuid NOT NULL REFERENCES defences ON DELETE CASCADE,
    position int NOT NULL,
    project_id uuid NOT NULL REFERENCES projects,
    PRIMARY KEY (defence_id, position),
    CONSTRAINT defence_projects_once UNIQUE (defence_id, project_id)
);
CREATE INDEX defence_projects_of_project ON defence_projects (project_id);

CREATE TABLE panel (
    defence_id uuid NOT NULL REFERENCES defences ON DELETE CASCADE,
    person_id uuid NOT NULL,
    absent boolean NOT NULL DEFAULT false,
    PRIMARY KEY (defence_id, person_id)
);

CREATE TABLE questions (
    id uuid PRIMARY KEY,
    defence_id uuid NOT NULL,
    project_id uuid NOT NULL,
    person_id uuid NOT NULL,
    text text NOT NULL,
    answer text NOT NULL,
    asked_at timestamptz NOT NULL,
    CONSTRAINT questions_of_the_defence FOREIGN KEY (defence_id, project_id) REFERENCES defence_projects (defence_id, project_id) ON DELETE CASCADE
);
CREATE INDEX questions_of_defence ON questions (defence_id, id);

CREATE TABLE scores (
    defence_id uuid NOT NULL,
    project_id uuid NOT NULL,
    person_id uuid NOT NULL,
    criterion text NOT NULL,
    points int NOT NULL CONSTRAINT scores_points CHECK (points BETWEEN 0 AND 10),
    PRIMARY KEY (defence_id, project_id, person_id, criterion),
    CONSTRAINT scores_of_the_defence FOREIGN KEY (defence_id, project_id) REFERENCES defence_projects (defence_id, project_id) ON DELETE CASCADE,
    CONSTRAINT scores_of_the_panel FOREIGN KEY (defence_id, person_id) REFERENCES panel (defence_id, person_id)
);

-- Signed by name and time, never overwritten.
CREATE TABLE decisions (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    defence_id uuid NOT NULL REFERENCES defences,
    accepted boolean NOT NULL,
    funding_rubles bigint,
    reasons text NOT NULL,
    person_id uuid NOT NULL,
    decided_at timestamptz NOT NULL,
    decided_on date NOT NULL,
    CONSTRAINT decisions_once_a_defence UNIQUE (defence_id, project_id),
    CONSTRAINT decisions_fund_what_they_accept CHECK (accepted = (funding_rubles IS NOT NULL))
);
CREATE INDEX decisions_of_project ON decisions (project_id, id);
CREATE INDEX decisions_by_day ON decisions (decided_on) WHERE accepted;

-- What was accepted in a year: one row, so that two decisions at once cannot spend the same money.
CREATE TABLE years (
    year int PRIMARY KEY,
    accepted_rubles bigint NOT NULL
);

CREATE TABLE milestones (
    id uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects ON DELETE CASCADE,
    position int NOT NULL,
    title text NOT NULL,
    due_on date NOT NULL,
    done_at timestamptz,
    report text NOT NULL DEFAULT '',
    CONSTRAINT milestones_in_order UNIQUE (project_id, position)
);

-- +goose Down
DROP TABLE milestones, years, decisions, scores, questions, panel, defence_projects, defences, choices, votes, entries, rounds, statements, steps, projects;
