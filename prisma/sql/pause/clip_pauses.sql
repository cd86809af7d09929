-- Counts the pauses of a step again when its start or finish changes: only what is between the two counts. Warns again of what does
-- not fit between them.
CREATE OR REPLACE FUNCTION clip_pauses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.paused_seconds := paused_seconds('step', NEW.id, NEW.start, NEW.finish);
  IF NEW.paused_at IS NOT NULL THEN
    NEW.paused_at := greatest(NEW.start, (SELECT p.paused_at FROM pause p WHERE p.subject_id = NEW.id AND p.subject = 'step' AND p.resumed_at IS NULL));
  END IF;
  NEW.warnings := step_pause_warnings(NEW.warnings, NEW.id, NEW.start, NEW.finish);
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER step_clips_pauses BEFORE UPDATE OF start, finish ON step
  FOR EACH ROW WHEN (OLD.paused_seconds IS NOT NULL) EXECUTE FUNCTION clip_pauses();
