-- Returns the container that a transfer is about: the one that it names, or the one at its source. Refuses a removed
-- container, and a source where the named container is not.
--
-- Raises: container-not-found, container-removed, source-empty, source-mismatch, device-not-found, position-not-found
CREATE OR REPLACE FUNCTION require_transfer_container(_input jsonb, _base text) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
DECLARE
  source uuid;
  there placement;
  found_id uuid;
  removed timestamptz;
  named text := coalesce(_input->>'id', _input->>'named');
BEGIN
  IF _input->'source' <> 'null' THEN
    source := require_position(_input->'source'->>'device', (_input->'source'->>'position')::integer,
      jsonb_build_object('device', _base || '/source/device', 'position', _base || '/source/position'));
    SELECT * INTO there FROM placement WHERE position_id = source;
  END IF;
  IF named IS NULL THEN
    IF there.part IS DISTINCT FROM 'body' THEN
      PERFORM refuse('source-empty', jsonb_build_object('device', _input->'source'->'device', 'position', _input->'source'->'position',
        'pointer', _base || '/source') || CASE WHEN there.part = 'lid' THEN jsonb_build_object('occupant', occupant_of(source)) ELSE '{}' END);
    END IF;
    RETURN there.container_id;
  END IF;
  found_id := lookup_transfer_container(_input);
  SELECT removed_at INTO removed FROM container WHERE id = found_id;
  IF found_id IS NULL THEN
    PERFORM refuse('container-not-found', jsonb_build_object(
      'container', named, 'pointer', _base || '/container') || relabelled_member(_input->>'named'));
  ELSIF removed IS NOT NULL THEN
    PERFORM refuse('container-removed', jsonb_build_object('container', found_id, 'removed_at', wire_time(removed)));
  ELSIF source IS NOT NULL AND (there.container_id IS DISTINCT FROM found_id OR there.part <> 'body') THEN
    PERFORM refuse_source_mismatch(found_id, _input->'source', NULL, _base || '/source');
  END IF;
  RETURN found_id;
END $$;
