-- Returns the name of a container when its label changes: a name that was made from the label follows it, another one stays.
CREATE OR REPLACE FUNCTION relabelled_name(_name text, _former text, _barcode text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN _name = _former THEN coalesce(_barcode, _name) ELSE _name END
$$;
