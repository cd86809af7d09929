-- Sets the steps and experiments of a session to a status: `lost`, or `running` again.
--
-- Locks: The caller has locked them.
CREATE OR REPLACE FUNCTION write_session_status(_steps uuid[], _experiments uuid[], _status text) RETURNS void LANGUAGE sql AS $$
  UPDATE step s SET status = _status, version = s.version + 1, updated_at = command_time() WHERE s.id = ANY (_steps);
  UPDATE experiment e SET status = _status, version = e.version + 1, updated_at = command_time() WHERE e.id = ANY (_experiments);
$$;
