-- Returns the members of a refusal in a batch: with the index of the input that is refused and, if a container of an
-- earlier input is in the way, with `conflicts_with`: the index of that input. `_containers` are the containers of the
-- earlier inputs, in order; null for those that changed nothing.
CREATE OR REPLACE FUNCTION with_batch_conflict(_members jsonb, _index integer, _containers uuid[]) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN other.n IS NULL THEN _members || jsonb_build_object('index', _index)
    ELSE (_members - 'holder') || jsonb_build_object('index', _index, 'conflicts_with', jsonb_build_object('index', other.n - 1)) END
  FROM (SELECT array_position(_containers, coalesce(_members->'holder'->>'id', _members->'occupant'->>'id')::uuid) AS n) other
$$;
