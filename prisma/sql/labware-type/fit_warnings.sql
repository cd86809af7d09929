-- Returns what is unusual about a container of a labware type in a slot, with its lid on or off: [{ code, detail }]. The slot
-- may be null, and the type one that nobody described.
CREATE OR REPLACE FUNCTION fit_warnings(_type labware_type, _position uuid, _lidded boolean) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object('code', w.code, 'detail', w.detail) ORDER BY w.n), '[]')
  FROM (
    SELECT 1 AS n, 'labware-does-not-fit' AS code,
      'A "' || _type.name || '" does not fit in slot ' || (m.misfit->>'position') || ' of ' || (m.misfit->>'device') || ' by the rule ' || (m.misfit->>'rule') || '.' AS detail
    FROM (SELECT labware_misfit(_type, _position) AS misfit) m WHERE m.misfit IS NOT NULL
    UNION ALL
    SELECT 2, 'lid-contradicts-type', CASE WHEN _lidded THEN 'The lid is on, but a "' || _type.name || '" has no lid.'
      ELSE 'The lid is off, but a "' || _type.name || '" always has its lid on.' END
    WHERE (_type.lid = 'none' AND _lidded) OR (_type.lid = 'always' AND NOT _lidded)
  ) w
$$;
