-- Links each new event of a container to the devices that it concerns: those from which and to which the container or its lid moved, and
-- those where they stay. The events of a device are then two ranges of indexes: these links, and the events that have its id.
--
-- Locks: The command that adds the event holds the lab lock.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (
    -- Two names can be of one device. DISTINCT also keeps this subquery separate: otherwise each name is looked up for the column and for the condition.
    SELECT DISTINCT latest_device_named(named.name) AS id
    FROM (
      SELECT e.was->>'device' UNION SELECT e.was->'lid'->>'device' UNION SELECT e.became->>'device' UNION SELECT e.became->'lid'->>'device'
    ) AS named (name)
    WHERE named.name IS NOT NULL
  ) found
  WHERE e.container_id IS NOT NULL AND found.id IS NOT NULL AND found.id IS DISTINCT FROM e.device_id;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER event_links_devices AFTER INSERT ON event_log
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();
