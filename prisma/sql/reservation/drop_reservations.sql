-- Takes slots out of their reservations in which nothing can be any longer: they are retired, or dispose. Every command that
-- may have changed that calls it, once and not for each slot: a lab file can retire 300,000 of them.
--
-- Locks: The caller holds the lab lock.
CREATE OR REPLACE FUNCTION drop_reservations() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM consume_reservation(ARRAY(SELECT p.id FROM reserved_position rp JOIN position p ON p.id = rp.position_id WHERE NOT p.active));
END $$;
