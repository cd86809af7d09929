-- Returns the warning about a pause that began before the experiment that it pauses, as a list. Such a pause counts from the start, and
-- what would be left as active time says nothing. Clocks differ by seconds, so five of them are allowed.
CREATE OR REPLACE FUNCTION early_pause_warning(_at timestamptz, _start timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('clock-skew', '/paused_at', CASE WHEN _at < _start - interval '5 seconds'
    THEN 'The time ' || wire_time(_at) || ' is before the start (' || wire_time(_start) || '). The pause counts from the start, and estimates leave it out.' END)
$$;
