-- Returns the id of the experiment that a step names and that does not exist (yet), as a list. Null if the name is no id. With it, the events of the step
-- concern the experiment as soon as it is created.
CREATE OR REPLACE FUNCTION unknown_experiment(_named text) RETURNS uuid[] LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN _named ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$' THEN ARRAY[_named::uuid] END
$$;
