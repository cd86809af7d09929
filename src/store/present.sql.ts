import type { PresentLabware } from '../contract/present.ts'
import { problem } from '../contract/problems.ts'
import { alarmIsOn } from './alarms.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { largestRead, LargeRead, type ReadSize } from './read-size.ts'

/** Nobody reads a longer list. A page with all labware of a lab with 100,000 containers would hold the event loop while it is written. */
const mostShown = 1000

// One statement, so everything is of one revision. Devices are in the order of the lab file.
const present = `
  WITH listed AS MATERIALIZED (
    SELECT d.id, d.name, row_number() OVER (ORDER BY g.ordinal, g.name, d.ordinal, d.name) AS ordinal
    FROM device d JOIN device_group g ON g.name = d."group" WHERE d.listed AND d.retired_at IS NULL
  ),
  shown AS MATERIALIZED (
    SELECT * FROM container_state c
    WHERE c.removed_at IS NULL AND ($1::text IS NULL OR c.device = $1 OR c.lid->>'device' = $1 OR c.last_device = $1)
  )
  SELECT lab.revision::float8 AS revision, wire_time(clock_timestamp()) AS now,
    (SELECT coalesce(json_agg(listed.name ORDER BY listed.ordinal), '[]') FROM listed WHERE listed.ordinal <= ${mostShown} OR listed.name = $1) AS devices,
    (SELECT count(*)::integer FROM listed) AS all_devices,
    (SELECT coalesce(json_agg(json_build_object('kind', a.kind, 'device', a.device, 'name', a.name, 'fct', a.fct, 'start', wire_time(a.start), 'raised_at', wire_time(a.raised_at),
        'acknowledged_at', wire_time(a.acknowledged_at), 'acknowledged_by', a.acknowledged_by, 'note', a.note, 'earlier_acknowledgement', a.earlier_acknowledgement,
        'containers', (SELECT coalesce(json_agg(json_build_object('label', coalesce(c.barcode, c.name, sc.named), 'device', c.device, 'position', c.position) ORDER BY sc.ordinal), '[]')
          FROM container_of_step sc LEFT JOIN container_state c ON c.id = sc.container_id WHERE sc.step_id = a.step_id)) ORDER BY a.raised_at, a.id), '[]')
      FROM alarm_state a WHERE ${alarmIsOn}) AS alarms,
    (SELECT coalesce(json_agg(json_build_object('name', s.name, 'barcode', s.barcode, 'labware_type', s.labware_type, 'device', s.device, 'position', s.position,
        'lidded', s.lidded, 'lid', s.lid, 'since', wire_time(s.since), 'last_event', last.event) ORDER BY s.ordinal, s.device, s.position), '[]')
      FROM (
        SELECT shown.*, pl.since, listed.ordinal FROM shown JOIN placement pl ON pl.container_id = shown.id AND pl.part = 'body' LEFT JOIN listed ON listed.name = shown.device
        ORDER BY listed.ordinal, shown.device, shown.position LIMIT ${mostShown}
      ) s
      LEFT JOIN LATERAL (
        SELECT json_build_object('kind', e.kind, 'recorded_at', wire_time(e.recorded_at)) AS event
        FROM event e WHERE e.container_id = s.id ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1
      ) last ON true) AS containers,
    (SELECT count(*)::integer FROM shown WHERE shown.missing_since IS NULL) AS all_containers,
    (SELECT coalesce(json_agg(json_build_object('name', s.name, 'barcode', s.barcode, 'labware_type', s.labware_type, 'last_device', s.last_device, 'last_position', s.last_position,
        'missing_since', wire_time(s.missing_since)) ORDER BY s.missing_since, s.id), '[]')
      FROM (SELECT * FROM shown WHERE shown.missing_since IS NOT NULL ORDER BY shown.missing_since, shown.id LIMIT ${mostShown}) s) AS missing,
    (SELECT count(*)::integer FROM shown WHERE shown.missing_since IS NOT NULL) AS all_missing
  FROM lab`

/** Whether so many containers are present that reading all of them is a large read. */
const isLarge = 'SELECT EXISTS (SELECT FROM container WHERE removed_at IS NULL OFFSET $1) AS large'

/** What the page of present labware shows. */
export function presentStore ({ pool }: Database) {
  return {
    /** The labware that is present, or only that of one device. Alarms are of all devices. Throws `device-not-found`. */
    async read (device: string | null, size: ReadSize): Promise<PresentLabware> {
      if (size === 'small') {
        const [found] = await runPrepared<{ large: boolean }>(pool, isLarge, [largestRead.slots])
        if (found!.large) throw new LargeRead()
      }
      const [found] = await runPrepared<PresentLabware>(pool, present, [device])
      if (device !== null && !found!.devices.includes(device)) throw problem('device-not-found', `The lab has no device with the name "${device}".`, { device, parameter: 'device' })
      return found!
    }
  }
}
