-- Adds containers in order, all or none. In a batch a refusal has the index of the input that caused it. If the input
-- contradicts an earlier one of the same batch, the refusal has the index of that one: nothing of it is there.
-- A batch only fills slots, so the lowest free slot of a device never becomes lower: each search begins where the last
-- one ended, and together they pass the slots of a device once.
--
-- Locks: The lab lock.
-- Raises: What add_container raises.
CREATE OR REPLACE FUNCTION add_containers(_inputs jsonb, _batch boolean, _audit jsonb) RETURNS TABLE (outcome text, container container_state)
LANGUAGE plpgsql AS $$
DECLARE
  input jsonb;
  index integer := 0;
  added uuid;
  created uuid[] := '{}';
  recorded integer := 0;
  lowest jsonb := '{}';
  revision bigint;
  code text;
  members text;
BEGIN
  PERFORM lock_lab();
  -- The revision is taken before it is known whether anything changes. It is given back below if nothing did.
  revision := next_revision();
  FOR input IN SELECT value FROM jsonb_array_elements(_inputs) LOOP
    BEGIN
      SELECT a.id, a.outcome, a.lowest INTO added, outcome, lowest
      FROM add_container(input, revision, recorded, CASE WHEN _batch THEN '/containers/' || index ELSE '' END, _audit, lowest) a;
    EXCEPTION WHEN SQLSTATE 'PS409' THEN
      GET STACKED DIAGNOSTICS code = MESSAGE_TEXT, members = PG_EXCEPTION_DETAIL;
      PERFORM refuse(code, CASE WHEN _batch THEN with_batch_conflict(members::jsonb, index, created) ELSE members::jsonb END);
    END;
    IF outcome = 'created' THEN
      recorded := recorded + 1;
    END IF;
    created := created || CASE WHEN outcome = 'created' THEN added END;
    container := jsonb_populate_record(NULL::container_state, container_snapshot(added));
    index := index + 1;
    RETURN NEXT;
  END LOOP;
  IF recorded = 0 THEN
    UPDATE lab SET revision = lab.revision - 1 WHERE lab.id = 1;
  END IF;
END $$;
