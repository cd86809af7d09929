-- Returns a warning as a list of one, or an empty list if there is no detail. The lists of a step are concatenated.
CREATE OR REPLACE FUNCTION warning_list(_code text, _pointer text, _detail text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN _detail IS NULL THEN '[]'
    ELSE jsonb_build_array(jsonb_build_object('code', _code, 'pointer', _pointer, 'detail', _detail)) END
$$;
