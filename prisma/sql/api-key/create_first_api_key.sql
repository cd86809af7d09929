-- Creates the very first API key, and says whether it did. If several instances start together, only one creates it.
--
-- Locks: The table `api_key`, against other writers.
CREATE OR REPLACE FUNCTION create_first_api_key(_input jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE;
  IF EXISTS (SELECT FROM api_key) THEN
    RETURN false;
  END IF;
  PERFORM create_api_key(_input, NULL);
  RETURN true;
END $$;
