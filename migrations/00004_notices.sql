-- +goose Up
-- What people are told of a change (core.Notice): the text in both languages, and the persons whom it
-- concerns besides those who follow the object.
ALTER TABLE outbox ADD COLUMN notice jsonb, ADD COLUMN tell uuid[];

-- Those who must hear every event, also of the time when nobody was there to listen: how far each has
-- come. from_place and to_place are snapshots of transactions as in core/events/cursor.go, seq the
-- last row handled of the round between them.
CREATE TABLE outbox_consumers (
    name       text PRIMARY KEY,
    from_place pg_snapshot NOT NULL,
    to_place   pg_snapshot NOT NULL,
    seq        bigint NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE outbox_consumers;
ALTER TABLE outbox DROP COLUMN notice, DROP COLUMN tell;
