-- What lists with filters read at a million rows; measured by `npm run bench:plans` (bench/README.md). On a database with a
-- long history this takes a minute, during which steps wait.

-- In the order of durations a page may lie behind all steps that a filter leaves out: with the filtered columns in the index
-- that walk never touches the table (a second instead of half a minute at a million steps).
DROP INDEX step_duration_idx;
CREATE INDEX step_duration_idx ON step (duration_seconds, id)
  INCLUDE (start, kind, status, is_simulation, device_id, origin_device_id, destination_device_id, experiment_id, fct);

-- An experiment's summary counts its steps: of hundreds that is a few pages of this instead of one of the table for each.
DROP INDEX step_experiment_idx;
CREATE INDEX step_experiment_idx ON step (experiment_id, start, id) INCLUDE (status, finish) WHERE (experiment_id IS NOT NULL);

-- Few among many.
CREATE INDEX step_simulation_idx ON step (start, id) WHERE is_simulation;

DROP INDEX experiment_process_idx;
CREATE INDEX experiment_process_idx ON experiment (process_id, id);

-- What is on the platform is little beside what was.
CREATE INDEX container_present_idx ON container (id) WHERE (removed_at IS NULL);
CREATE INDEX container_name_idx ON container (name, id);
CREATE INDEX container_labware_type_idx ON container (labware_type, id) WHERE (labware_type IS NOT NULL);
