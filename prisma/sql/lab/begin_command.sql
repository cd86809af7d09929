-- Sets the time of the running command to now, unless it is set, and returns it. It is kept in a setting of the
-- transaction, because a command is one transaction. lock_lab and next_revision call it when they have the lock, so that
-- a command that waited is not older than the one that it waited for.
CREATE OR REPLACE FUNCTION begin_command() RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  known text := current_setting('platform_status.command_time', true);
BEGIN
  IF known <> '' THEN
    RETURN known::timestamptz;
  END IF;
  RETURN set_config('platform_status.command_time', clock_timestamp()::text, true)::timestamptz;
END $$;
