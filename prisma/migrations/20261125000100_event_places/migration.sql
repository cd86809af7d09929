-- The log says by row where things were, besides the names of that time: so that the state as of any revision can be read
-- from it whatever was renamed since, and the log of one device has what came to it and left it.

ALTER TABLE event
  -- where the container stood after the event, and where its lid lay
  ADD COLUMN position_id uuid,
  ADD COLUMN lid_position_id uuid,
  ADD CONSTRAINT event_position_fkey FOREIGN KEY (position_id) REFERENCES position (id) ON DELETE RESTRICT,
  ADD CONSTRAINT event_lid_position_fkey FOREIGN KEY (lid_position_id) REFERENCES position (id) ON DELETE RESTRICT;

-- The device that bore a name at a revision, by the log of devices; else the one that bears it now.
CREATE FUNCTION device_called(_name text, _revision bigint) RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT coalesce(
    (SELECT e.device_id FROM event e
     WHERE e.device_id IS NOT NULL AND e.container_id IS NULL AND e.step_id IS NULL AND e.revision <= _revision AND e.after->>'name' = _name
     ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1),
    device_named(_name))
$$;

UPDATE event e SET
  position_id = (SELECT p.id FROM position p
    WHERE p.device_id = device_called(e.after->>'device', e.revision) AND p.slot_number = (e.after->>'position')::integer),
  lid_position_id = (SELECT p.id FROM position p
    WHERE p.device_id = device_called(e.after->'lid'->>'device', e.revision) AND p.slot_number = (e.after->'lid'->>'position')::integer)
WHERE e.container_id IS NOT NULL;

DROP FUNCTION device_called(text, bigint);

-- Which events concern a device: its own, and those of the containers and lids that came to it or left it.
CREATE TABLE event_device (
  device_id uuid NOT NULL,
  revision bigint NOT NULL,
  ordinal integer NOT NULL,
  CONSTRAINT event_device_pkey PRIMARY KEY (device_id, revision, ordinal),
  CONSTRAINT event_device_device_fkey FOREIGN KEY (device_id) REFERENCES device (id) ON DELETE RESTRICT,
  CONSTRAINT event_device_event_fkey FOREIGN KEY (revision, ordinal) REFERENCES event (revision, ordinal) ON DELETE RESTRICT
);

-- The places that a container event names, before and after: the present names are those of the event.
CREATE FUNCTION link_event_devices() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO event_device (device_id, revision, ordinal)
  SELECT e.device_id, e.revision, e.ordinal FROM added e WHERE e.device_id IS NOT NULL
  UNION
  SELECT d.id, e.revision, e.ordinal
  FROM added e
  CROSS JOIN LATERAL (VALUES
    (e.before->>'device'), (e.before->'lid'->>'device'), (e.after->>'device'), (e.after->'lid'->>'device')) AS named (name)
  JOIN device d ON d.id = device_named(named.name)
  WHERE e.container_id IS NOT NULL AND named.name IS NOT NULL;
  RETURN NULL;
END $$;

INSERT INTO event_device (device_id, revision, ordinal)
SELECT e.device_id, e.revision, e.ordinal FROM event e WHERE e.device_id IS NOT NULL
UNION
SELECT p.device_id, e.revision, e.ordinal FROM event e JOIN position p ON p.id IN (e.position_id, e.lid_position_id)
UNION
SELECT p.device_id, e.revision, e.ordinal
FROM (
  SELECT revision, ordinal, lag(position_id) OVER of_container AS position_id, lag(lid_position_id) OVER of_container AS lid_position_id
  FROM event WHERE container_id IS NOT NULL WINDOW of_container AS (PARTITION BY container_id ORDER BY revision, ordinal)
) e JOIN position p ON p.id IN (e.position_id, e.lid_position_id);

CREATE TRIGGER event_links_devices AFTER INSERT ON event
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION link_event_devices();

CREATE OR REPLACE FUNCTION record_container_event(
  _revision bigint, _ordinal integer, _kind text, _container uuid, _before jsonb, _by jsonb
) RETURNS void LANGUAGE sql AS $$
  INSERT INTO event (revision, ordinal, recorded_at, kind, actor, reason, request_id, container_id, before, after, position_id, lid_position_id)
  SELECT _revision, _ordinal, lab.recorded_at, _kind, _by->>'actor', _by->>'reason', _by->>'request_id', _container,
    _before, container_image(_container),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'body'),
    (SELECT position_id FROM placement WHERE container_id = _container AND part = 'lid')
  FROM lab WHERE id = 1
$$;
