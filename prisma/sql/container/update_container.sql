-- Changes what is known of a container, but not where it is. `_changes` has the members to change; null clears a
-- member. A name that was made from the label follows a new label. Nothing is written if nothing changes. Returns
-- the snapshot of the container.
--
-- Locks: The lab lock.
-- Raises: container-not-found, container-removed, barcode-in-use
CREATE OR REPLACE FUNCTION update_container(_id uuid, _barcode text, _changes jsonb, _audit jsonb)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  changed uuid;
  before jsonb;
BEGIN
  PERFORM lock_lab();
  changed := require_present_container(_id, _barcode);
  before := container_snapshot(changed);
  -- A UUID may be written in capitals, and is the same.
  IF _changes->>'labware_uuid' IS NOT NULL THEN
    _changes := _changes || jsonb_build_object('labware_uuid', (_changes->>'labware_uuid')::uuid);
  END IF;
  IF before @> _changes THEN
    RETURN before;
  END IF;
  IF _changes->>'barcode' IS NOT NULL THEN
    PERFORM refuse_barcode_in_use(_changes->>'barcode', changed, '/barcode');
  END IF;
  UPDATE container c SET
    barcode = CASE WHEN _changes ? 'barcode' THEN _changes->>'barcode' ELSE c.barcode END,
    name = CASE WHEN _changes ? 'name' THEN _changes->>'name' WHEN _changes ? 'barcode' THEN relabelled_name(c.name, c.barcode, _changes->>'barcode') ELSE c.name END,
    filled = CASE WHEN _changes ? 'filled' THEN (_changes->>'filled')::boolean ELSE c.filled END,
    content = CASE WHEN _changes ? 'content' THEN _changes->>'content' ELSE c.content END,
    labware_type = CASE WHEN _changes ? 'labware_type' THEN _changes->>'labware_type' ELSE c.labware_type END,
    labware_uuid = CASE WHEN _changes ? 'labware_uuid' THEN (_changes->>'labware_uuid')::uuid ELSE c.labware_uuid END,
    is_reagent = CASE WHEN _changes ? 'is_reagent' THEN (_changes->>'is_reagent')::boolean ELSE c.is_reagent END,
    version = c.version + 1, updated_at = command_time()
  WHERE c.id = changed;
  RETURN record_container_event(next_revision(), 0,
    CASE WHEN before->'barcode' IS DISTINCT FROM coalesce(_changes->'barcode', before->'barcode') THEN 'barcode-set' ELSE 'updated' END,
    changed, before, _audit);
END $$;
