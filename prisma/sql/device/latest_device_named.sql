-- Returns the active device with this name. If there is none, returns the device that had the name last before it was
-- retired, or null. It is written in PL/pgSQL, which plans the query once a connection; before PostgreSQL 18 a
-- function in SQL is planned again for each call.
CREATE OR REPLACE FUNCTION latest_device_named(_name text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
  RETURN (SELECT id FROM device WHERE name = _name ORDER BY retired_at DESC NULLS FIRST LIMIT 1);
END $$;
