-- Takes a slot out of its reservation when the slot is retired.
CREATE OR REPLACE FUNCTION drop_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM consume_reservation(ARRAY[NEW.id]);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER position_retired_drops_reservations AFTER UPDATE OF retired_at ON position
  FOR EACH ROW WHEN (NEW.retired_at IS NOT NULL AND OLD.retired_at IS NULL) EXECUTE FUNCTION drop_reservations();
