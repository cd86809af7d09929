-- Refuses a container of a step in step_container while another one stands in the row of the step, and the other way round: a step would
-- then name a container twice, or two containers in no order. The argument is the table of the trigger, because partitions have other names.
--
-- Locks: The step, so that nobody writes to the other place meanwhile.
-- Raises: integrity_constraint_violation; no request causes it.
CREATE OR REPLACE FUNCTION refuse_two_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  its_own boolean;
BEGIN
  IF TG_ARGV[0] = 'step_container' THEN
    SELECT s.container_named IS NOT NULL INTO its_own FROM step s WHERE s.id = NEW.step_id FOR NO KEY UPDATE;
  ELSE
    its_own := EXISTS (SELECT FROM step_container sc WHERE sc.step_id = NEW.id);
  END IF;
  IF its_own THEN
    RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = TG_NAME,
      MESSAGE = 'the containers of a step are either in its row or in step_container';
  END IF;
  RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER step_container_in_one_place BEFORE INSERT OR UPDATE OF step_id ON step_container
  FOR EACH ROW EXECUTE FUNCTION refuse_two_places('step_container');

CREATE OR REPLACE TRIGGER step_in_one_place BEFORE UPDATE OF container_named ON step
  FOR EACH ROW WHEN (OLD.container_named IS NULL AND NEW.container_named IS NOT NULL) EXECUTE FUNCTION refuse_two_places('step');
