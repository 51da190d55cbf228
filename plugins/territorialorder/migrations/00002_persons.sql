-- +goose Up
-- Who is merged into another keeps their scores: the key of the panel moves, and its scores with it.
ALTER TABLE scores DROP CONSTRAINT scores_of_the_panel,
    ADD CONSTRAINT scores_of_the_panel FOREIGN KEY (defence_id, person_id) REFERENCES panel (defence_id, person_id) ON UPDATE CASCADE;

-- +goose Down
ALTER TABLE scores DROP CONSTRAINT scores_of_the_panel,
    ADD CONSTRAINT scores_of_the_panel FOREIGN KEY (defence_id, person_id) REFERENCES panel (defence_id, person_id);
