-- Returns the warnings of a step that is under way, with or without the doubt about its start: pauses that were told later can
-- explain the time until the service first heard of the step (`_told`), and the end of a pause can show that they do not.
CREATE OR REPLACE FUNCTION explained_warnings(_warnings jsonb, _step uuid, _start timestamptz, _status text, _told timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT (SELECT coalesce(jsonb_agg(w.value ORDER BY w.ordinality), '[]')
      FROM jsonb_array_elements(_warnings) WITH ORDINALITY AS w (value, ordinality) WHERE w.value->>'code' <> 'clock-behind')
    || jsonb_path_query_array(clock_warnings(_start, NULL, _status, _told, 'infinity', paused_seconds('step', _step, _start, _told)), '$[*] ? (@.code == "clock-behind")')
$$;
