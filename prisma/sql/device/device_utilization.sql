-- Returns how busy devices were between two times, by hour or by day of a time zone, and how much of the time their slots were occupied.
--
-- `busy_seconds` are the seconds in which at least one step of the device was active. Pauses, simulations and steps whose times
-- cannot be true do not count. A running step is active until now. A lost one has no busy seconds: nobody knows how long it worked. Steps are counted by their start. A slot is occupied by a container
-- or by a lid. A retired device is returned only if it was busy or occupied. `_device` is the name of one device, or null for all.
--
-- Cost: the steps and events between the two times, and the containers that were on the platform at the first time or later.
CREATE OR REPLACE FUNCTION device_utilization(_from timestamptz, _to timestamptz, _bucket text, _zone text, _device text)
RETURNS TABLE (device text, "from" timestamptz, "to" timestamptz, busy_seconds double precision, steps integer, failed integer, occupied_slot_seconds double precision, slots integer)
LANGUAGE sql STABLE AS $$
  WITH wanted AS MATERIALIZED (
    SELECT d.id, d.name, d.retired_at FROM device d WHERE _device IS NULL OR d.name = _device
  ),
  bucket AS MATERIALIZED (
    SELECT row_number() OVER (ORDER BY begins)::integer AS ordinal, greatest(begins, _from) AS begins, least(lead(begins, 1, 'infinity') OVER (ORDER BY begins), _to) AS ends
    FROM (
      SELECT DISTINCT local AT TIME ZONE _zone AS begins
      FROM generate_series(date_trunc('day', _from AT TIME ZONE _zone), _to AT TIME ZONE _zone, interval '1 day') local WHERE _bucket = 'day'
      UNION ALL
      SELECT hour FROM generate_series(date_trunc('hour', _from, _zone), _to, interval '1 hour') hour WHERE _bucket = 'hour'
    ) b
    WHERE begins < _to
  ),
  bound AS MATERIALIZED (
    SELECT array_agg(begins ORDER BY begins) AS begins FROM bucket
  ),
  -- A step that began earlier can last into the range. One of up to a day began at most a day before the range. The few longer ones are
  -- found by an index on the duration, those that are not over by an index on the status.
  counted AS MATERIALIZED (
    SELECT id, device_id, status, start, finish, paused_seconds, paused_at FROM step
    WHERE start >= _from - interval '1 day' AND start < _to AND believable AND NOT is_simulation
    UNION ALL
    SELECT id, device_id, status, start, finish, paused_seconds, paused_at FROM step
    WHERE start < _from - interval '1 day' AND duration_seconds > 86400 AND finish > _from AND believable AND NOT is_simulation
    UNION ALL
    SELECT id, device_id, status, start, finish, paused_seconds, paused_at FROM step
    WHERE start < _from - interval '1 day' AND status IN ('running', 'paused') AND believable AND NOT is_simulation
  ),
  active AS (
    SELECT s.device_id, tstzmultirange(tstzrange(greatest(s.start, _from), s.ends)) - CASE WHEN s.paused_seconds IS NULL AND s.paused_at IS NULL THEN '{}' ELSE coalesce((
      SELECT range_agg(tstzrange(p.paused_at, p.resumed_at)) FROM pause p WHERE p.subject_id = s.id AND p.subject = 'step'), '{}') END AS times
    FROM (
      -- A step without a finish that is not under way has no end. The finish is tested first, because least() ignores a null: it would return _to.
      SELECT *, CASE WHEN finish IS NOT NULL THEN least(finish, _to) WHEN status IN ('running', 'paused') THEN least(command_time(), _to) END AS ends FROM counted
    ) s
    WHERE s.ends > greatest(s.start, _from)
  ),
  busy_part AS (
    SELECT a.device_id, lower(part) AS since, upper(part) AS until
    FROM (SELECT device_id, range_agg(times) AS times FROM active GROUP BY device_id) a CROSS JOIN unnest(a.times) part
  ),
  busy AS MATERIALIZED (
    SELECT p.device_id, b.ordinal, sum(extract(epoch FROM least(p.until, b.ends) - greatest(p.since, b.begins))) AS seconds
    FROM busy_part p CROSS JOIN bound
    CROSS JOIN generate_series(width_bucket(p.since, bound.begins), width_bucket(p.until - interval '1 microsecond', bound.begins)) n
    JOIN bucket b ON b.ordinal = n
    GROUP BY p.device_id, b.ordinal
  ),
  started AS MATERIALIZED (
    SELECT c.device_id, width_bucket(c.start, bound.begins) AS ordinal, count(*)::integer AS steps, (count(*) FILTER (WHERE c.status = 'failed'))::integer AS failed
    FROM counted c CROSS JOIN bound WHERE c.start >= _from GROUP BY 1, 2
  ),
  place_event AS MATERIALIZED (
    SELECT e.container_id, e.revision, e.ordinal, e.recorded_at, e.position_id, e.lid_position_id
    FROM (SELECT id FROM container WHERE removed_at IS NULL UNION ALL SELECT id FROM container WHERE removed_at > _from) c CROSS JOIN LATERAL (
      SELECT * FROM event WHERE event.container_id = c.id AND event.revision <= revision_at(_from) ORDER BY event.revision DESC, event.ordinal DESC LIMIT 1
    ) e
    UNION ALL
    SELECT container_id, revision, ordinal, recorded_at, position_id, lid_position_id FROM event
    WHERE container_id IS NOT NULL AND revision > revision_at(_from) AND revision <= revision_at(_to)
  ),
  stood AS (
    SELECT position_id, lid_position_id, greatest(recorded_at, _from) AS since,
      lead(recorded_at, 1, least(command_time(), _to)) OVER (PARTITION BY container_id ORDER BY revision, ordinal) AS until
    FROM place_event
  ),
  occupied AS MATERIALIZED (
    SELECT p.device_id, b.ordinal, sum(extract(epoch FROM least(s.until, b.ends) - greatest(s.since, b.begins))) AS seconds
    FROM stood s CROSS JOIN bound
    CROSS JOIN LATERAL (VALUES (s.position_id), (s.lid_position_id)) place (id)
    JOIN position p ON p.id = place.id
    CROSS JOIN generate_series(width_bucket(s.since, bound.begins), width_bucket(s.until - interval '1 microsecond', bound.begins)) n
    JOIN bucket b ON b.ordinal = n
    WHERE s.until > s.since
    GROUP BY p.device_id, b.ordinal
  )
  SELECT d.name, b.begins, b.ends, coalesce(round(busy.seconds, 3), 0)::double precision, coalesce(started.steps, 0), coalesce(started.failed, 0),
    coalesce(round(occupied.seconds, 3), 0)::double precision, slots.count
  FROM wanted d
  CROSS JOIN LATERAL (SELECT count(*)::integer AS count FROM position p WHERE p.device_id = d.id AND p.active) slots
  CROSS JOIN bucket b
  LEFT JOIN busy ON busy.device_id = d.id AND busy.ordinal = b.ordinal
  LEFT JOIN started ON started.device_id = d.id AND started.ordinal = b.ordinal
  LEFT JOIN occupied ON occupied.device_id = d.id AND occupied.ordinal = b.ordinal
  WHERE d.retired_at IS NULL OR d.id IN (SELECT device_id FROM busy) OR d.id IN (SELECT device_id FROM occupied)
  ORDER BY d.name COLLATE "C", d.id, b.begins
$$;
