-- Returns the warning that a step was told before, and otherwise, as a list.
CREATE OR REPLACE FUNCTION differing_warning(_known step_state, _member text) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT warning_list('differs-from-stored', '/' || _member, 'The step was told before with another `' || _member || '`'
    || CASE WHEN _member = 'finish' AND _known.finish IS NOT NULL THEN ' (' || wire_time(_known.finish) || ')'
      WHEN _member = 'status' THEN ' (' || _known.status || ')' ELSE '' END
    || '. What was told first stays. Use PATCH to correct it.')
$$;
