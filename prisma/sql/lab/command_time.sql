-- Returns the time of the running command. All times that one command writes or compares are this one, so that it never
-- contradicts itself: what it deleted as expired cannot count as active a microsecond later. begin_command sets it.
-- Outside of a command it is the time of the statement.
CREATE OR REPLACE FUNCTION command_time() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT coalesce(nullif(current_setting('platform_status.command_time', true), '')::timestamptz, statement_timestamp())
$$;
