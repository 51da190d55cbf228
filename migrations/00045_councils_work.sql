-- +goose Up
-- What a council does between its meetings and at them: questions under consultation, recommendations,
-- secondments to commissions, public expertise. Each "overdue" is the days on which something was late,
-- so that one condition answers for any day, past or present.
CREATE TABLE consultation_questions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    council_id      uuid NOT NULL,
    title           text NOT NULL CHECK (title <> ''),
    title_folded    text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    text            text NOT NULL,
    put_by          text NOT NULL CHECK (put_by IN ('MEMBER', 'RESIDENT', 'ORGANISATION', 'OFFICIAL')),
    person_id       uuid,
    organisation_id uuid,
    case_id         uuid, -- the case that gave rise to it
    meeting_id      uuid, -- where it is considered
    agenda_item_id  uuid,
    state           text NOT NULL DEFAULT 'SUBMITTED' CHECK (state IN ('SUBMITTED', 'RETURNED', 'REJECTED', 'ACCEPTED', 'CONSIDERED', 'DECIDED')),
    submitted_on    date NOT NULL,
    submissions     int NOT NULL DEFAULT 1 CHECK (submissions >= 1),
    complete_by     date,
    rejected_on     date CHECK (rejected_on >= submitted_on),
    reasons         text CHECK (reasons <> ''),
    accepted_on     date CHECK (accepted_on >= submitted_on),
    due_on          date CHECK (due_on >= accepted_on),
    considered_on   date CHECK (considered_on >= accepted_on),
    decided_on      date CHECK (decided_on >= considered_on),
    decision        text CHECK (decision <> ''),
    overdue         daterange NOT NULL GENERATED ALWAYS AS (CASE WHEN due_on IS NULL OR considered_on <= due_on THEN 'empty'::daterange
                        ELSE daterange(due_on + 1, considered_on) END) STORED,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    UNIQUE (municipality_id, council_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, agenda_item_id) REFERENCES agenda_items (municipality_id, id),
    CONSTRAINT consultation_questions_put_by CHECK (CASE put_by WHEN 'ORGANISATION' THEN organisation_id IS NOT NULL
        WHEN 'OFFICIAL' THEN organisation_id IS NOT NULL AND person_id IS NOT NULL ELSE organisation_id IS NULL AND person_id IS NOT NULL END),
    CONSTRAINT consultation_questions_item CHECK (agenda_item_id IS NULL OR meeting_id IS NOT NULL),
    CONSTRAINT consultation_questions_reasons CHECK ((state IN ('RETURNED', 'REJECTED')) = (reasons IS NOT NULL)),
    CONSTRAINT consultation_questions_returned CHECK ((state = 'RETURNED') = (complete_by IS NOT NULL)),
    CONSTRAINT consultation_questions_rejected CHECK ((state = 'REJECTED') = (rejected_on IS NOT NULL)),
    CONSTRAINT consultation_questions_accepted CHECK ((state IN ('ACCEPTED', 'CONSIDERED', 'DECIDED')) = (accepted_on IS NOT NULL)),
    CONSTRAINT consultation_questions_due CHECK (due_on IS NULL OR accepted_on IS NOT NULL),
    CONSTRAINT consultation_questions_considered CHECK ((state IN ('CONSIDERED', 'DECIDED')) = (considered_on IS NOT NULL)),
    CONSTRAINT consultation_questions_decided CHECK ((state = 'DECIDED') = (decided_on IS NOT NULL) AND (state = 'DECIDED') = (decision IS NOT NULL))
);
CREATE INDEX consultation_questions_submitted ON consultation_questions (municipality_id, submitted_on, id);
CREATE INDEX consultation_questions_council ON consultation_questions (municipality_id, council_id, submitted_on, id);
CREATE INDEX consultation_questions_due ON consultation_questions (municipality_id, (coalesce(due_on, '9999-12-31'::date)), id);
CREATE INDEX consultation_questions_overdue ON consultation_questions USING gist (overdue) WHERE NOT isempty(overdue);
CREATE INDEX consultation_questions_person ON consultation_questions (municipality_id, person_id) WHERE person_id IS NOT NULL;
CREATE INDEX consultation_questions_organisation ON consultation_questions (municipality_id, organisation_id) WHERE organisation_id IS NOT NULL;
CREATE INDEX consultation_questions_case ON consultation_questions (municipality_id, case_id) WHERE case_id IS NOT NULL;
CREATE INDEX consultation_questions_meeting ON consultation_questions (municipality_id, meeting_id) WHERE meeting_id IS NOT NULL;
CREATE INDEX consultation_questions_item ON consultation_questions (municipality_id, agenda_item_id) WHERE agenda_item_id IS NOT NULL;
CREATE INDEX consultation_questions_search ON consultation_questions USING gin (title_folded gin_trgm_ops);

-- The last number that a body gave in a year; whoever takes the next locks the row, so that a number is
-- given once, and one that is not kept goes back with its transaction.
CREATE TABLE recommendation_numbers (
    municipality_id uuid NOT NULL,
    council_id      uuid NOT NULL,
    year            int NOT NULL,
    last            int NOT NULL CHECK (last >= 1),
    PRIMARY KEY (municipality_id, council_id, year),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id)
);

CREATE TABLE recommendations (
    municipality_id  uuid NOT NULL,
    id               uuid NOT NULL,
    council_id       uuid NOT NULL,
    question_id      uuid,
    year             int NOT NULL,
    number           int NOT NULL CHECK (number >= 1),
    title            text NOT NULL CHECK (title <> ''),
    title_folded     text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    text             text NOT NULL CHECK (text <> ''),
    organisation_id  uuid NOT NULL, -- whom it is addressed to
    post_id          uuid,          -- and which official there
    adopted_on       date NOT NULL,
    meeting_id       uuid,
    agenda_item_id   uuid,
    votes_for        int CHECK (votes_for >= 0),
    votes_against    int CHECK (votes_against >= 0),
    votes_abstained  int CHECK (votes_abstained >= 0),
    sent_on          date CHECK (sent_on >= adopted_on),
    due_on           date CHECK (due_on >= sent_on),
    case_id          uuid,
    answered_on      date CHECK (answered_on >= sent_on),
    outcome          text CHECK (outcome IN ('ACCEPTED', 'PARTLY', 'REFUSED')),
    answer           text CHECK (answer <> ''),
    reasons          text CHECK (reasons <> ''),
    signed_by_id     uuid,
    overdue          daterange NOT NULL GENERATED ALWAYS AS (CASE WHEN due_on IS NULL OR answered_on <= due_on THEN 'empty'::daterange
                         ELSE daterange(due_on + 1, answered_on) END) STORED,
    version          int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    CONSTRAINT recommendations_year CHECK (year = extract(year FROM adopted_on)),
    CONSTRAINT recommendations_number UNIQUE (municipality_id, council_id, year, number),
    CONSTRAINT recommendations_case UNIQUE (municipality_id, case_id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id, question_id) REFERENCES consultation_questions (municipality_id, council_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations (municipality_id, id),
    FOREIGN KEY (municipality_id, post_id) REFERENCES posts (municipality_id, id),
    FOREIGN KEY (municipality_id, meeting_id) REFERENCES meetings (municipality_id, id),
    FOREIGN KEY (municipality_id, agenda_item_id) REFERENCES agenda_items (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases (municipality_id, id),
    FOREIGN KEY (municipality_id, signed_by_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT recommendations_item CHECK (agenda_item_id IS NULL OR meeting_id IS NOT NULL),
    CONSTRAINT recommendations_votes CHECK ((votes_for IS NULL) = (votes_against IS NULL) AND (votes_for IS NULL) = (votes_abstained IS NULL)),
    CONSTRAINT recommendations_sent CHECK ((sent_on IS NULL) = (due_on IS NULL) AND (sent_on IS NULL) = (case_id IS NULL)),
    CONSTRAINT recommendations_answered CHECK ((answered_on IS NULL) = (outcome IS NULL) AND (answered_on IS NULL) = (answer IS NULL)
        AND (answered_on IS NULL OR sent_on IS NOT NULL)),
    -- A refusal, in whole or in part, says why.
    CONSTRAINT recommendations_reasons CHECK ((outcome IS NOT NULL AND outcome <> 'ACCEPTED') = (reasons IS NOT NULL)),
    CHECK (signed_by_id IS NULL OR answered_on IS NOT NULL)
);
CREATE INDEX recommendations_adopted ON recommendations (municipality_id, adopted_on, id);
CREATE INDEX recommendations_council ON recommendations (municipality_id, council_id, adopted_on, id);
CREATE INDEX recommendations_by_number ON recommendations (municipality_id, year, number, id);
CREATE INDEX recommendations_due ON recommendations (municipality_id, (coalesce(due_on, '9999-12-31'::date)), id);
CREATE INDEX recommendations_sent ON recommendations (municipality_id, sent_on) WHERE sent_on IS NOT NULL;
CREATE INDEX recommendations_answered ON recommendations (municipality_id, answered_on) WHERE answered_on IS NOT NULL;
CREATE INDEX recommendations_overdue ON recommendations USING gist (overdue) WHERE NOT isempty(overdue);
CREATE INDEX recommendations_question ON recommendations (municipality_id, question_id) WHERE question_id IS NOT NULL;
CREATE INDEX recommendations_organisation ON recommendations (municipality_id, organisation_id, adopted_on, id);
CREATE INDEX recommendations_post ON recommendations (municipality_id, post_id) WHERE post_id IS NOT NULL;
CREATE INDEX recommendations_meeting ON recommendations (municipality_id, meeting_id) WHERE meeting_id IS NOT NULL;
CREATE INDEX recommendations_item ON recommendations (municipality_id, agenda_item_id) WHERE agenda_item_id IS NOT NULL;
CREATE INDEX recommendations_signed_by ON recommendations (municipality_id, signed_by_id) WHERE signed_by_id IS NOT NULL;
CREATE INDEX recommendations_search ON recommendations USING gin (title_folded gin_trgm_ops);

-- A member of a body sent to a commission. seat_id is the seat that was made there for it; what is still
-- linked is checked at the end of a transaction, so that a seat that never began goes together with it.
CREATE TABLE secondments (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    council_id      uuid NOT NULL,
    commission_id   uuid NOT NULL CHECK (commission_id <> council_id),
    person_id       uuid NOT NULL,
    seat_id         uuid,
    act             text CHECK (act <> ''),
    starts_on       date NOT NULL,
    ends_on         date CHECK (ends_on >= starts_on),
    end_reason      text CHECK (end_reason IN ('TERM_ENDED', 'RECALLED', 'RESIGNED', 'SEAT_ENDED', 'OTHER')),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, commission_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT secondments_seat FOREIGN KEY (municipality_id, seat_id) REFERENCES memberships (municipality_id, id) DEFERRABLE INITIALLY DEFERRED,
    CHECK (end_reason IS NULL OR ends_on IS NOT NULL),
    CONSTRAINT secondments_once EXCLUDE USING gist (person_id WITH =, commission_id WITH =, council_id WITH =, municipality_id WITH =,
        daterange(starts_on, ends_on, '[]') WITH &&)
);
CREATE INDEX secondments_started ON secondments (municipality_id, starts_on, id);
CREATE INDEX secondments_council ON secondments (municipality_id, council_id, starts_on, id);
CREATE INDEX secondments_commission ON secondments (municipality_id, commission_id, starts_on, id);
CREATE INDEX secondments_person ON secondments (municipality_id, person_id);
CREATE INDEX secondments_seat ON secondments (municipality_id, seat_id) WHERE seat_id IS NOT NULL;

-- A report that is owed (no day of reporting), or was given, to the body that sent the member.
CREATE TABLE secondment_reports (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    secondment_id   uuid NOT NULL,
    due_on          date,
    reported_on     date,
    text            text CHECK (text <> ''),
    overdue         daterange NOT NULL GENERATED ALWAYS AS (CASE WHEN due_on IS NULL OR reported_on <= due_on THEN 'empty'::daterange
                        ELSE daterange(due_on + 1, reported_on) END) STORED,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, secondment_id) REFERENCES secondments (municipality_id, id) ON DELETE CASCADE,
    CONSTRAINT secondment_reports_due UNIQUE (municipality_id, secondment_id, due_on),
    CHECK (due_on IS NOT NULL OR reported_on IS NOT NULL),
    CHECK ((reported_on IS NULL) = (text IS NULL))
);
CREATE INDEX secondment_reports_by_due ON secondment_reports (municipality_id, (coalesce(due_on, reported_on)), id);
CREATE INDEX secondment_reports_overdue ON secondment_reports USING gist (overdue) WHERE NOT isempty(overdue);

CREATE TABLE public_expertises (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    council_id      uuid NOT NULL,
    kind            text NOT NULL CHECK (kind IN ('DRAFT_ACT', 'ACT', 'PROGRAMME', 'DECISION', 'OTHER')),
    title           text NOT NULL CHECK (title <> ''),
    title_folded    text NOT NULL GENERATED ALWAYS AS (fold_name(title)) STORED,
    text            text NOT NULL,
    organisation_id uuid NOT NULL, -- who asks
    asked_by_id     uuid,          -- and which official there
    asked_on        date NOT NULL,
    due_on          date NOT NULL CHECK (due_on >= asked_on),
    state           text NOT NULL DEFAULT 'REQUESTED' CHECK (state IN ('REQUESTED', 'DECLINED', 'ACCEPTED', 'IN_WORK', 'CONCLUDED')),
    declined_on     date CHECK (declined_on >= asked_on),
    reasons         text CHECK (reasons <> ''),
    accepted_on     date CHECK (accepted_on >= asked_on),
    started_on      date CHECK (started_on >= accepted_on),
    concluded_on    date CHECK (concluded_on >= started_on),
    reply_due_on    date CHECK (reply_due_on >= concluded_on),
    replied_on      date CHECK (replied_on >= concluded_on),
    reply           text CHECK (reply <> ''),
    signed_by_id    uuid,
    overdue         daterange NOT NULL GENERATED ALWAYS AS (CASE WHEN accepted_on IS NULL OR concluded_on <= due_on THEN 'empty'::daterange
                        ELSE daterange(due_on + 1, concluded_on) END) STORED,
    reply_overdue   daterange NOT NULL GENERATED ALWAYS AS (CASE WHEN reply_due_on IS NULL OR replied_on <= reply_due_on THEN 'empty'::daterange
                        ELSE daterange(reply_due_on + 1, replied_on) END) STORED,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, council_id) REFERENCES councils (municipality_id, id),
    FOREIGN KEY (municipality_id, organisation_id) REFERENCES organisations (municipality_id, id),
    FOREIGN KEY (municipality_id, asked_by_id) REFERENCES persons (municipality_id, id),
    FOREIGN KEY (municipality_id, signed_by_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT public_expertises_declined CHECK ((state = 'DECLINED') = (declined_on IS NOT NULL) AND (state = 'DECLINED') = (reasons IS NOT NULL)),
    CONSTRAINT public_expertises_accepted CHECK ((state IN ('ACCEPTED', 'IN_WORK', 'CONCLUDED')) = (accepted_on IS NOT NULL)),
    CONSTRAINT public_expertises_started CHECK ((state IN ('IN_WORK', 'CONCLUDED')) = (started_on IS NOT NULL)),
    CONSTRAINT public_expertises_concluded CHECK ((state = 'CONCLUDED') = (concluded_on IS NOT NULL) AND (state = 'CONCLUDED') = (reply_due_on IS NOT NULL)),
    CONSTRAINT public_expertises_replied CHECK ((replied_on IS NULL) = (reply IS NULL)),
    -- Federal Law 212-FZ, article 22: at most 120 days from the day on which it is announced.
    CONSTRAINT public_expertises_length CHECK (due_on <= accepted_on + 120),
    CHECK (signed_by_id IS NULL OR replied_on IS NOT NULL)
);
CREATE INDEX public_expertises_asked ON public_expertises (municipality_id, asked_on, id);
CREATE INDEX public_expertises_council ON public_expertises (municipality_id, council_id, asked_on, id);
CREATE INDEX public_expertises_due ON public_expertises (municipality_id, due_on, id);
CREATE INDEX public_expertises_organisation ON public_expertises (municipality_id, organisation_id, asked_on, id);
CREATE INDEX public_expertises_asked_by ON public_expertises (municipality_id, asked_by_id) WHERE asked_by_id IS NOT NULL;
CREATE INDEX public_expertises_signed_by ON public_expertises (municipality_id, signed_by_id) WHERE signed_by_id IS NOT NULL;
CREATE INDEX public_expertises_overdue ON public_expertises USING gist (overdue) WHERE NOT isempty(overdue);
CREATE INDEX public_expertises_reply_overdue ON public_expertises USING gist (reply_overdue) WHERE NOT isempty(reply_overdue);
CREATE INDEX public_expertises_search ON public_expertises USING gin (title_folded gin_trgm_ops);

CREATE TABLE expertise_experts (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    expertise_id    uuid NOT NULL,
    person_id       uuid NOT NULL,
    qualification   text CHECK (qualification <> ''),
    conflict        text CHECK (conflict IN ('NONE', 'PRESENT')),
    declared_on     date,
    signed_on       date CHECK (signed_on >= declared_on),
    opinion         text CHECK (opinion <> ''),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, expertise_id) REFERENCES public_expertises (municipality_id, id),
    FOREIGN KEY (municipality_id, person_id) REFERENCES persons (municipality_id, id),
    CONSTRAINT expertise_experts_once UNIQUE (municipality_id, expertise_id, person_id),
    CHECK ((conflict IS NULL) = (declared_on IS NULL)),
    CHECK (opinion IS NULL OR signed_on IS NOT NULL),
    -- Nobody signs who has a conflict of interest, or has not said that there is none.
    CONSTRAINT expertise_experts_impartial CHECK (signed_on IS NULL OR conflict IS NOT DISTINCT FROM 'NONE')
);
CREATE INDEX expertise_experts_named ON expertise_experts (municipality_id, expertise_id, id);
CREATE INDEX expertise_experts_person ON expertise_experts (municipality_id, person_id);

CREATE TABLE expertise_conclusions (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    expertise_id    uuid NOT NULL,
    finding         text NOT NULL CHECK (finding IN ('SUPPORTED', 'SUPPORTED_WITH_REMARKS', 'NOT_SUPPORTED')),
    text            text NOT NULL CHECK (text <> ''),
    risks           text NOT NULL,
    drafted_on      date NOT NULL,
    published_on    date CHECK (published_on >= drafted_on),
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, expertise_id) REFERENCES public_expertises (municipality_id, id),
    CONSTRAINT expertise_conclusions_one UNIQUE (municipality_id, expertise_id)
);

CREATE TABLE expertise_proposals (
    municipality_id uuid NOT NULL,
    id              uuid NOT NULL,
    conclusion_id   uuid NOT NULL,
    number          int NOT NULL CHECK (number >= 1),
    text            text NOT NULL CHECK (text <> ''),
    outcome         text CHECK (outcome IN ('ACCEPTED', 'PARTLY', 'REFUSED')),
    reasons         text CHECK (reasons <> ''),
    answered_on     date,
    case_id         uuid,
    version         int NOT NULL DEFAULT 1,
    PRIMARY KEY (municipality_id, id),
    FOREIGN KEY (municipality_id, conclusion_id) REFERENCES expertise_conclusions (municipality_id, id),
    FOREIGN KEY (municipality_id, case_id) REFERENCES cases (municipality_id, id),
    CONSTRAINT expertise_proposals_number UNIQUE (municipality_id, conclusion_id, number),
    CONSTRAINT expertise_proposals_case UNIQUE (municipality_id, case_id),
    CHECK ((outcome IS NULL) = (answered_on IS NULL)),
    CONSTRAINT expertise_proposals_reasons CHECK ((outcome IS NOT NULL AND outcome <> 'ACCEPTED') = (reasons IS NOT NULL))
);

-- +goose Down
DROP TABLE expertise_proposals, expertise_conclusions, expertise_experts, public_expertises, secondment_reports, secondments,
    recommendations, recommendation_numbers, consultation_questions;
