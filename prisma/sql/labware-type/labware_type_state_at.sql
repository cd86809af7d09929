-- Returns all labware types as of a revision, read from the log, in the order in which they were added.
CREATE OR REPLACE FUNCTION labware_type_state_at(_revision bigint) RETURNS SETOF labware_type_state LANGUAGE sql STABLE AS $$
  WITH told AS (
    SELECT e.after, max(ARRAY[e.revision, e.ordinal]) FILTER (WHERE e.kind = 'labware-type-added') OVER named AS added,
      row_number() OVER (named ORDER BY e.revision DESC, e.ordinal DESC) AS nth
    FROM event e
    WHERE e.kind IN ('labware-type-added', 'labware-type-updated', 'labware-type-deleted') AND e.revision <= _revision
    WINDOW named AS (PARTITION BY coalesce(e.after, e.before)->>'name')
  )
  SELECT (jsonb_populate_record(NULL::labware_type_state, t.after)).* FROM told t WHERE t.nth = 1 AND t.after IS NOT NULL
  ORDER BY t.added
$$;
