-- The revision of the lab, as the running transaction leaves it. It is volatile, so a statement that runs a command can
-- read it behind the command: a subquery on `lab` would see the lab as it was when the statement began.
CREATE OR REPLACE FUNCTION lab_revision() RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT revision FROM lab);
END $$;
