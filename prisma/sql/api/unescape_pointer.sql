-- Returns the name that a segment of a JSON pointer means (RFC 6901).
CREATE OR REPLACE FUNCTION unescape_pointer(_segment text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT replace(replace(_segment, '~1', '/'), '~0', '~')
$$;
