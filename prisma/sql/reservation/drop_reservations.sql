-- Takes a slot out of its reservation when nothing can be in it any longer: it is retired, or disposes.
CREATE OR REPLACE FUNCTION drop_reservations() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM consume_reservation(ARRAY[NEW.id]);
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER position_retired_drops_reservations AFTER UPDATE OF retired_at, disposes ON position
  FOR EACH ROW WHEN (OLD.active AND NOT NEW.active) EXECUTE FUNCTION drop_reservations();
