-- Ends the pause of a step or an experiment. A time before it began is stored as its beginning. A pause that has not begun yet, because
-- its time was wrong, never was: it is stored with its end, so that the next pause can have a true time. Returns the warnings about the
-- time.
--
-- Locks: The caller has locked the object, and it is paused.
CREATE OR REPLACE FUNCTION end_pause(_subject text, _id uuid, _at timestamptz, _start timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  told timestamptz(3) := command_time();
  wanted timestamptz(3) := greatest(coalesce(_at, told), _start);
  begun timestamptz(3);
BEGIN
  UPDATE pause p SET paused_at = CASE WHEN p.paused_at > told + interval '5 seconds' THEN least(p.paused_at, greatest(wanted, p.previous_resumed_at)) ELSE p.paused_at END,
    resumed_at = greatest(wanted, CASE WHEN p.paused_at > told + interval '5 seconds' THEN p.previous_resumed_at ELSE p.paused_at END)
  WHERE p.subject_id = _id AND p.subject = _subject AND p.resumed_at IS NULL RETURNING p.paused_at INTO begun;
  RETURN pause_warnings('/paused_seconds', wanted, begun, told);
END $$;
