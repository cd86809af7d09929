-- Most steps name one container, by one name: it stands in the row of the step, and no longer in a row of its own with two indexes. Steps that
-- were logged before stay as they are: step_container is right for all steps, and the view container_of_step reads both.
ALTER TABLE step
  ADD COLUMN container_named text,
  ADD COLUMN container_id uuid,
  ADD CONSTRAINT step_container_is_named CHECK (container_id IS NULL OR container_named IS NOT NULL),
  -- Checked at the end, under the lab lock, for the same reason as that of step_container.
  ADD CONSTRAINT step_container_fkey FOREIGN KEY (container_id) REFERENCES container (id) ON DELETE RESTRICT DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX step_container_id_idx ON step (container_id) WHERE (container_id IS NOT NULL);
