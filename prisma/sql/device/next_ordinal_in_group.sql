-- Returns the ordinal after the last device of a group. A device that is added to the group, or moved into it, gets it.
CREATE OR REPLACE FUNCTION next_ordinal_in_group(_group text) RETURNS integer LANGUAGE sql STABLE AS $$
  SELECT coalesce(max(ordinal) + 1, 0) FROM device WHERE "group" = _group AND listed AND retired_at IS NULL
$$;
