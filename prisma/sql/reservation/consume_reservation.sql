-- Takes slots out of their reservations. A reservation without slots is deleted.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION consume_reservation(_positions uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  touched uuid[];
BEGIN
  WITH used AS (DELETE FROM reserved_position WHERE position_id = ANY (_positions) RETURNING reservation_id)
  SELECT array_agg(DISTINCT reservation_id) INTO touched FROM used;
  DELETE FROM reservation r WHERE r.id = ANY (touched) AND NOT EXISTS (SELECT FROM reserved_position rp WHERE rp.reservation_id = r.id);
END $$;
