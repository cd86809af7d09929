-- Refuses a command. The exception has SQLSTATE PS409, the code of the problem as its message, and the members of the
-- problem as JSON in its detail. The service turns it into application/problem+json.
--
-- Raises: The problem `_code`, always.
CREATE OR REPLACE FUNCTION refuse(_code text, _members jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'PS409', MESSAGE = _code, DETAIL = _members::text;
END $$;
