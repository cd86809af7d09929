-- Returns whether a finish that somebody knows explains that a step was told days after its start: without its pauses it took a day at
-- most. It is then worth as much as a step that is told when it is over. With a longer one, the start is as doubtful as before.
CREATE OR REPLACE FUNCTION finish_explains(_step uuid, _start timestamptz, _finish timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT coalesce(NOT began_unheard(_start, _finish, paused_seconds('step', _step, _start, _finish)), false)
$$;
