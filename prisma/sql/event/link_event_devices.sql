-- Links each new event to the devices that it concerns: its own device, and those from which and to which a container
-- or a lid moved. The events of a device are then one range of an index.
--
-- Locks: The command that adds the event holds the lab lock.
CREATE OR REPLACE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT e.device_id, e.revision, e.ordinal FROM added e WHERE e.device_id IS NOT NULL
  UNION ALL
  SELECT found.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (
    SELECT latest_device_named(named.name) AS id
    FROM (
      SELECT e.before->>'device' UNION SELECT e.before->'lid'->>'device' UNION SELECT e.after->>'device' UNION SELECT e.after->'lid'->>'device'
    ) AS named (name)
    WHERE named.name IS NOT NULL
    -- OFFSET 0 keeps this subquery separate. Otherwise each name is looked up twice: for the column and for the condition.
    OFFSET 0
  ) found
  WHERE e.container_id IS NOT NULL AND found.id IS NOT NULL
  ON CONFLICT ON CONSTRAINT event_device_pkey DO NOTHING;
  RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER event_links_devices AFTER INSERT ON event
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();
