-- Returns the warnings about the time of a pause or of its end that cannot be true, as a list. `_pointer` is the member that it
-- changes, `_not_before` the last time that the pauses have. Clocks differ by seconds, so five of them are allowed.
CREATE OR REPLACE FUNCTION pause_warnings(_pointer text, _at timestamptz, _not_before timestamptz, _now timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('clock-ahead', _pointer, CASE WHEN _at > _now + interval '5 seconds'
      THEN 'The time ' || wire_time(_at) || ' is later than the clock of the service (' || wire_time(_now) || '). It is stored as told, but estimates leave it out.' END)
    || warning_list('clock-skew', _pointer, CASE WHEN _at < _not_before
      THEN 'The time ' || wire_time(_at) || ' is before the last pause began or ended (' || wire_time(_not_before) || '); that time is stored instead, and estimates leave it out.' END)
$$;
