-- Keeps the columns of steps and experiments that follow from their pauses: since when they are paused, the status that says so, and
-- of a step the seconds, which its samples leave out, and the warnings about them. Pauses can explain a start that was in doubt.
--
-- Locks: The row of the step or experiment.
CREATE OR REPLACE FUNCTION follow_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed pause := coalesce(NEW, OLD);
  lasts_since timestamptz(3) := (SELECT p.paused_at FROM pause p WHERE p.subject_id = changed.subject_id AND p.subject = changed.subject AND p.resumed_at IS NULL);
BEGIN
  IF changed.subject = 'experiment' THEN
    UPDATE experiment e SET paused_at = lasts_since,
      status = CASE WHEN lasts_since IS NOT NULL THEN 'paused' WHEN e.status = 'paused' THEN 'running' ELSE e.status END
    WHERE e.id = changed.subject_id;
  ELSE
    UPDATE step s SET paused_at = greatest(lasts_since, CASE WHEN lasts_since IS NOT NULL THEN s.start END),
      paused_seconds = paused_seconds('step', s.id, s.start, s.finish), 
      warnings = step_pause_warnings(explained_warnings(s.warnings, s.id, s.start, s.status, s.created_at), s.id, s.start, s.finish),
      status = CASE WHEN lasts_since IS NOT NULL THEN 'paused' WHEN s.status = 'paused' THEN 'running' ELSE s.status END
    WHERE s.id = changed.subject_id;
  END IF;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER pause_is_followed AFTER INSERT OR UPDATE OR DELETE ON pause
  FOR EACH ROW EXECUTE FUNCTION follow_pauses();
