-- Adds a warning to those of the steps whose duration is implausible (see implausible_steps), so that they are no
-- samples any more. It is only called for steps of more than a day: writing any other step reads no history.
--
-- Locks: The caller has locked the steps.
CREATE OR REPLACE FUNCTION warn_of_implausible_steps(_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE step s SET warnings = s.warnings || warning_list('implausible-duration', '/finish', i.detail)
  FROM implausible_steps(_ids) i WHERE s.id = i.id;
END $$;
