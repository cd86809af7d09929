-- Returns whether something stood still for so much of its time that nothing is known of how long it takes: what is left is not longer
-- than clocks may differ (five seconds), and not longer than what it stood. A short step with a shorter pause is known well enough.
CREATE OR REPLACE FUNCTION paused_throughout(_duration numeric, _paused numeric) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT coalesce(_paused > 0 AND _duration - _paused <= least(5, _paused), false)
$$;
