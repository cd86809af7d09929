-- Returns the warnings about times that cannot be true, as a list. `_told` is when the service first heard of the step, `_now`
-- is the present. Clocks differ by seconds, so five of them are allowed. `_paused_seconds` are the pauses between the start and
-- `_told`, which explain that the step ran for long.
CREATE OR REPLACE FUNCTION clock_warnings(_start timestamptz, _finish timestamptz, _status text, _told timestamptz, _now timestamptz, _paused_seconds numeric DEFAULT NULL)
RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN coalesce(_finish, _start) <= _now + interval '5 seconds' AND (_status NOT IN ('running', 'paused', 'lost') OR NOT began_unheard(_start, _told, _paused_seconds)) THEN '[]'
    ELSE warning_list('clock-ahead', CASE WHEN _finish IS NULL THEN '/start' ELSE '/finish' END,
        CASE WHEN coalesce(_finish, _start) > _now + interval '5 seconds'
          THEN 'The ' || CASE WHEN _finish IS NULL THEN 'start' ELSE 'finish' END || ' ' || wire_time(coalesce(_finish, _start))
            || ' is later than the clock of the service (' || wire_time(_now) || '). The step is stored as told, but estimates leave it out.' END)
      || warning_list('clock-behind', '/start', CASE WHEN _status IN ('running', 'paused', 'lost') AND began_unheard(_start, _told, _paused_seconds)
          THEN 'The step is said to be running, but its start ' || wire_time(_start) || ' is more than a day before it was first told ('
            || wire_time(_told) || '). The step is stored as told, but estimates leave it out.' END)
    END
$$;
