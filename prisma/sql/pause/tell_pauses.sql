-- Writes the pauses that were told with finished steps. They are all pauses of the step, so they replace those that were told before, with
-- the warnings about their times; an empty list says that there was none. `_steps` come from src/store/prepare-steps.ts; only those of `_ids`
-- of which pauses were told are looked at. Times are stored as told: what is before the start or after the finish does not count.
--
-- Locks: The caller has locked the steps, and none of which pauses were told is paused when it returns.
CREATE OR REPLACE FUNCTION tell_pauses(_steps jsonb, _ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  paused uuid[] := ARRAY(SELECT s.id FROM jsonb_to_recordset(_steps) AS s (id uuid, pauses jsonb) WHERE s.id = ANY (_ids) AND s.pauses IS NOT NULL);
BEGIN
  IF cardinality(paused) = 0 THEN
    RETURN;
  END IF;
  UPDATE step s SET warnings = jsonb_path_query_array(s.warnings, '$[*] ? (!(@.pointer == "/paused_at" || @.pointer == "/paused_seconds"))')
  WHERE s.id = ANY (paused) AND s.paused_seconds IS NOT NULL;
  DELETE FROM pause p WHERE p.subject = 'step' AND p.subject_id = ANY (paused);
  INSERT INTO pause (subject, subject_id, ordinal, paused_at, resumed_at, previous_resumed_at)
  SELECT 'step', s.id, p.ordinality - 1, (p.value->>'paused_at')::timestamptz, (p.value->>'resumed_at')::timestamptz,
    lag((p.value->>'resumed_at')::timestamptz) OVER (PARTITION BY s.id ORDER BY p.ordinality)
  FROM jsonb_to_recordset(_steps) AS s (id uuid, pauses jsonb)
  CROSS JOIN LATERAL jsonb_array_elements(s.pauses) WITH ORDINALITY AS p (value, ordinality)
  WHERE s.id = ANY (paused);
END $$;
