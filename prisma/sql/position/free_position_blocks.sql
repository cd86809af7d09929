-- Returns the free slots that a reservation may have, and in which the labware type fits if there is one, in blocks of `_block` neighbours, best block first. The
-- strategy `first` prefers the order of the lab, `last` the reverse order, and `least_used` the slots that were used
-- least.
CREATE OR REPLACE FUNCTION free_position_blocks(_device uuid, _type text, _deep_well boolean, _strategy text, _block integer, _labware_type text) RETURNS TABLE (positions uuid[])
LANGUAGE sql STABLE AS $$
  WITH free AS (
    SELECT p.id, p.device_id, p.slot_number, p.uses, g.ordinal AS group_ordinal, d."group", d.ordinal, d.name,
      p.slot_number - row_number() OVER (PARTITION BY p.device_id ORDER BY p.slot_number) AS island
    FROM position p JOIN device d ON d.id = p.device_id JOIN device_group g ON g.name = d."group"
      LEFT JOIN labware_type t ON t.name = _labware_type
    WHERE p.active AND d.retired_at IS NULL AND d.listed
      AND (_device IS NULL OR d.id = _device) AND (_type IS NULL OR d.type = _type)
      AND (p.deep_well_suited OR NOT coalesce(_deep_well, false))
      AND misfit_rule(t.name, t.deep_well, t.height_mm, p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types, d.max_height_mm) IS NULL
      AND NOT EXISTS (SELECT FROM placement pl WHERE pl.position_id = p.id)
      AND NOT EXISTS (SELECT FROM active_reservation r WHERE r.position_id = p.id)
  ),
  block AS (
    SELECT free.*, array_agg(id) OVER ahead AS positions, sum(uses) OVER ahead AS block_uses, max(slot_number) OVER ahead AS last_slot
    FROM free WINDOW ahead AS (PARTITION BY device_id, island ORDER BY slot_number ROWS BETWEEN CURRENT ROW AND (_block - 1) FOLLOWING)
  ),
  ranked AS (
    SELECT positions, block_uses, row_number() OVER (ORDER BY group_ordinal, "group", ordinal, name, slot_number) AS in_lab
    FROM block WHERE cardinality(positions) = _block
  )
  SELECT positions FROM ranked
  ORDER BY CASE _strategy WHEN 'least_used' THEN block_uses END, CASE _strategy WHEN 'last' THEN -in_lab ELSE in_lab END
$$;
