-- Returns a refusal as a list of one finding: [{ code, members }].
CREATE OR REPLACE FUNCTION transfer_finding(_code text, _members text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT jsonb_build_array(jsonb_build_object('code', _code, 'members', _members::jsonb))
$$;
