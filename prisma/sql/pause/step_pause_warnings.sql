-- Returns the warnings of a step with those that follow from its pauses, its start and its finish. They replace those that followed
-- before, whose pointer is `/active_seconds`. It does not matter whether the pauses were told one by one or with the finish. A pause
-- without length says nothing. Clocks differ by seconds, so five of them are allowed.
CREATE OR REPLACE FUNCTION step_pause_warnings(_warnings jsonb, _step uuid, _start timestamptz, _finish timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_path_query_array(_warnings, '$[*] ? (!(@.pointer == "/active_seconds"))')
    || warning_list('clock-skew', '/active_seconds', CASE
      WHEN told.first < _start - interval '5 seconds'
        THEN 'A pause begins ' || wire_time(told.first) || ', before the start of the step (' || wire_time(_start) || '). Only what is after the start counts, and estimates leave the step out.'
      WHEN told.last > _finish + interval '5 seconds'
        THEN 'A pause ends ' || wire_time(told.last) || ', after the finish of the step (' || wire_time(_finish) || '). Only what is before the finish counts, and estimates leave the step out.' END)
    || warning_list('paused-throughout', '/active_seconds', CASE WHEN paused_throughout(extract(epoch FROM _finish - _start), paused_seconds('step', _step, _start, _finish))
        THEN 'The step was paused from its start to its finish, or for all but seconds of that time. So nobody knows how long it takes, and estimates leave it out.' END)
  FROM (
    SELECT min(p.paused_at) AS first, max(p.resumed_at) AS last FROM pause p
    WHERE p.subject_id = _step AND p.subject = 'step' AND p.resumed_at IS DISTINCT FROM p.paused_at
  ) told
$$;
