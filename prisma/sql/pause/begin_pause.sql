-- Begins a pause of a step or an experiment. A time before `_start` (of an experiment its first start, without steps its creation; of a
-- step null, since step_pause_warnings looks at it) counts from there, one before the end of the last pause from that end. Returns the
-- warnings about the time.
--
-- Locks: The caller has locked the object, and it is not paused.
CREATE OR REPLACE FUNCTION begin_pause(_subject text, _id uuid, _at timestamptz, _start timestamptz) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  told timestamptz(3) := command_time();
  wanted timestamptz(3) := greatest(coalesce(_at, told), _start);
  previous record;
BEGIN
  SELECT p.ordinal, p.resumed_at INTO previous FROM pause p WHERE p.subject_id = _id AND p.subject = _subject ORDER BY p.ordinal DESC LIMIT 1;
  INSERT INTO pause (subject, subject_id, ordinal, paused_at, previous_resumed_at)
  VALUES (_subject, _id, coalesce(previous.ordinal + 1, 0), greatest(wanted, previous.resumed_at), previous.resumed_at);
  RETURN pause_warnings('/paused_at', wanted, previous.resumed_at, told);
END $$;
