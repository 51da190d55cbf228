-- +goose Up
-- Seats of one ground and post by their first day: a page is read from its place in the index, and so
-- costs the same however long the list is and however far one has paged.
CREATE INDEX memberships_ground ON memberships (municipality_id, basis, post, starts_on, id);

-- +goose Down
DROP INDEX memberships_ground;
