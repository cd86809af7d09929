import type { LabHealth, LabState } from '../contract/lab.ts'
import { type Queryable, runPrepared } from './commands.ts'
import { Prisma } from './generated/client.ts'
import type { Transaction } from './lab-lock.ts'
import { jsonArrayPieces, type JsonPieces } from './json-row.ts'
import { largestRead, LargeRead, type ReadSize } from './read-size.ts'

/** The longest of the newest samples that are comparable at a level with the step `s`. Of a step with a commanded time, samples are what it took beyond that. */
const longestOf = (level: number) => Prisma.raw(`(SELECT max(sample_seconds) FROM (
          SELECT h.sample_seconds FROM step h WHERE h.is_sample AND h.key_${level} IS NOT NULL AND h.key_${level} = s.key_${level} ORDER BY h.finish DESC LIMIT 50) newest)`)

/** What the log says last about a container: one entry of an index for each. */
const lastEventOf = (row: string) => Prisma.raw(`(SELECT json_build_object('kind', e.kind, 'recorded_at', wire_time(e.recorded_at))
            FROM event e WHERE e.container_id = ${row}.id ORDER BY e.revision DESC, e.ordinal DESC LIMIT 1)`)

// Each query is one statement, so it reads one consistent state of the lab.

/** A container as a finding names it. Plates of many experiments have the same name, so the barcode is added where it is another. */
const labelOf = (row: 'c' | 's') => Prisma.raw(`'"' || ${row}.name || '"' || coalesce(' (barcode "' || nullif(${row}.barcode, ${row}.name) || '")', '')`)

/** Whether the lab has so many slots, devices or containers that reading all of them is a large read. */
const isLarge = `
    SELECT EXISTS (SELECT FROM position WHERE retired_at IS NULL OFFSET $1) OR EXISTS (SELECT FROM container OFFSET $2)
      OR EXISTS (SELECT FROM device WHERE retired_at IS NULL OFFSET $3) AS large`

/** Throws `LargeRead` if the whole lab is a large read. */
export async function refuseLargeLab (database: Queryable): Promise<void> {
  const [found] = await runPrepared<{ large: boolean }>(database, isLarge, [largestRead.slots, largestRead.containers, largestRead.devices])
  if (found!.large) throw new LargeRead()
}

/**
 * The state, in rows: one with the revision and the totals, and one for each device. Node forwards what PostgreSQL writes: parsing the state of a lab with
 * 20,000 devices, and writing it again, held the event loop for 780 ms.
 */
const state = `
    WITH slot AS MATERIALIZED (
      SELECT p.device_id, p.slot_number, p.disposes, p.deep_well_suited, pl.container_id, pl.part, pl.since
      FROM position p JOIN device d ON d.id = p.device_id LEFT JOIN placement pl ON pl.position_id = p.id
      WHERE p.retired_at IS NULL AND d.retired_at IS NULL AND d.listed
    ),
    parked AS (
      SELECT pl.container_id, jsonb_build_object('device', d.name, 'position', p.slot_number) AS place
      FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id WHERE pl.part = 'lid'
    ),
    -- Materialized, and joined as a whole: before a lab is analyzed, PostgreSQL expects one slot, and would compute these again for each device.
    here AS MATERIALIZED (
      SELECT s.device_id, count(*)::int AS positions, count(s.container_id)::int AS occupied,
        coalesce(json_agg(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name, 'position', s.slot_number,
          'lidded', c.lidded, 'lid', parked.place, 'since', wire_time(s.since), 'last_event', ${lastEventOf('c').sql}) ORDER BY s.slot_number) FILTER (WHERE s.part = 'body'), '[]') AS containers,
        coalesce(json_agg(json_build_object('container_id', c.id, 'barcode', c.barcode, 'name', c.name, 'position', s.slot_number)
          ORDER BY s.slot_number) FILTER (WHERE s.part = 'lid'), '[]') AS lids,
        coalesce(json_agg(s.slot_number ORDER BY s.slot_number) FILTER (WHERE s.disposes), '[]') AS waste,
        coalesce(json_agg(s.slot_number ORDER BY s.slot_number) FILTER (WHERE s.deep_well_suited), '[]') AS deep_well
      FROM slot s LEFT JOIN container c ON c.id = s.container_id LEFT JOIN parked ON parked.container_id = c.id AND s.part = 'body'
      GROUP BY s.device_id
    ),
    reserved AS MATERIALIZED (
      SELECT p.device_id, json_agg(json_build_object('position', p.slot_number, 'owner', r.owner, 'expires_at', wire_time(r.expires_at)) ORDER BY p.slot_number) AS list
      FROM active_reservation r JOIN position p ON p.id = r.position_id WHERE p.retired_at IS NULL GROUP BY p.device_id
    ),
    device_state AS MATERIALIZED (
      SELECT row_number() OVER (ORDER BY g.ordinal, g.name, d.ordinal, d.name) AS n,
        json_build_object('name', d.name, 'group', d."group", 'type', d.type, 'view', d.extra->'view', 'positions', coalesce(h.positions, 0),
          'occupied', coalesce(h.occupied, 0), 'disposes', d.disposes, 'waste', coalesce(h.waste, '[]'), 'deep_well', coalesce(h.deep_well, '[]'), 'reserved', coalesce(r.list, '[]'),
          'containers', coalesce(h.containers, '[]'), 'lids', coalesce(h.lids, '[]'))::text AS json
      FROM device d JOIN device_group g ON g.name = d."group" LEFT JOIN here h ON h.device_id = d.id LEFT JOIN reserved r ON r.device_id = d.id
      WHERE d.listed AND d.retired_at IS NULL
    ),
    -- Waste is never full, and never free.
    slots AS (SELECT count(*)::int AS positions, count(container_id)::int AS occupied FROM slot WHERE NOT disposes),
    labware AS (SELECT count(*) FILTER (WHERE removed_at IS NULL)::int AS present, count(missing_since)::int AS missing, count(removed_at)::int AS removed FROM container)
    SELECT 0 AS n, json_build_object('revision', l.revision, 'totals', json_build_object('devices', (SELECT count(*) FROM device_state), 'positions', s.positions,
        'occupied', s.occupied, 'empty', s.positions - s.occupied, 'utilization', s.occupied::float8 / nullif(s.positions, 0), 'containers', w.present,
        'containers_missing', w.missing, 'containers_removed', w.removed))::text AS json
    FROM lab l CROSS JOIN slots s CROSS JOIN labware w
    UNION ALL
    SELECT n, json FROM device_state
    ORDER BY n`

const earlierState = `
    WITH earlier AS MATERIALIZED (SELECT revision, totals, devices FROM lab_state_at($1))
    SELECT 0 AS n, json_build_object('revision', revision, 'totals', totals)::text AS json FROM earlier
    UNION ALL
    SELECT d.ordinality, d.value::text FROM earlier CROSS JOIN LATERAL json_array_elements(earlier.devices) WITH ORDINALITY d
    ORDER BY n`

type StateRow = { json: string }

/** The state of the platform: totals, devices and containers. Unlisted devices are not included. */
export async function readState (database: Queryable, size: ReadSize): Promise<JsonPieces<LabState>> {
  if (size === 'small') await refuseLargeLab(database)
  return inPieces(await runPrepared<StateRow>(database, state, []))
}

/** The same as of a revision. */
export async function readEarlierState (database: Queryable, revision: number): Promise<JsonPieces<LabState>> {
  return inPieces(await runPrepared<StateRow>(database, earlierState, [revision]))
}

function inPieces ([head, ...devices]: StateRow[]): JsonPieces<LabState> {
  return { pieces: jsonArrayPieces(`${head!.json.slice(0, -1)},"devices":`, devices, '}') }
}

/** Errors and warnings about the tracked lab. Constraints prevent most of the errors; this check verifies it. */
export async function readFindings (transaction: Transaction): Promise<LabHealth['findings']> {
  return await transaction.$queryRaw<LabHealth['findings']>`
    WITH standing AS (
      SELECT pl.position_id, pl.part, d.name AS device, p.slot_number AS position, p.retired_at IS NOT NULL OR d.retired_at IS NOT NULL AS retired, p.disposes,
        c.id, ${labelOf('c')} AS label, c.lidded, c.removed_at IS NOT NULL AS removed, pl.since, c.created_at, c.labware_type,
        p.deep_well_suited, p.labware_types, p.max_height_mm, d.labware_types AS device_labware_types, d.max_height_mm AS device_max_height_mm,
        json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name) AS thing
      FROM placement pl JOIN position p ON p.id = pl.position_id JOIN device d ON d.id = p.device_id JOIN container c ON c.id = pl.container_id
    ),
    finding AS (
      SELECT 1 AS rank, 'duplicate-barcode' AS code, NULL AS device, NULL::int AS position,
        json_agg(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name) ORDER BY c.id) AS containers,
        count(*) || ' containers on the platform have the barcode "' || c.barcode || '".' AS message
      FROM container c WHERE c.removed_at IS NULL AND c.barcode IS NOT NULL GROUP BY c.barcode HAVING count(*) > 1
      UNION ALL
      SELECT 2, 'slot-shared', s.device, s.position, json_agg(s.thing ORDER BY s.id),
        'Slot ' || s.position || ' of ' || s.device || ' holds ' || count(*) || ' things.'
      FROM standing s GROUP BY s.position_id, s.device, s.position HAVING count(*) > 1
      UNION ALL
      SELECT 3, 'container-twice', NULL, NULL, json_agg(s.thing),
        'The ' || CASE s.part WHEN 'body' THEN 'container ' ELSE 'lid of ' END || min(s.label) || ' is in ' || count(*) || ' slots.'
      FROM standing s GROUP BY s.id, s.part HAVING count(*) > 1
      UNION ALL
      SELECT 4, 'lid-on-and-parked', s.device, s.position, json_build_array(s.thing),
        'The lid of ' || s.label || ' is on, but also parked in slot ' || s.position || ' of ' || s.device || '.'
      FROM standing s WHERE s.part = 'lid' AND s.lidded
      UNION ALL
      SELECT 5, 'container-on-retired-device', s.device, s.position, json_build_array(s.thing),
        CASE s.part WHEN 'body' THEN '' ELSE 'The lid of ' END || s.label || ' is in slot ' || s.position || ' of ' || s.device || ', which was retired.'
      FROM standing s WHERE s.retired
      UNION ALL
      SELECT 6, 'removed-container-in-slot', s.device, s.position, json_build_array(s.thing),
        s.label || ' was removed, but still occupies slot ' || s.position || ' of ' || s.device || '.'
      FROM standing s WHERE s.removed
      UNION ALL
      SELECT 7, 'container-in-waste', s.device, s.position, json_build_array(s.thing),
        CASE s.part WHEN 'body' THEN '' ELSE 'The lid of ' END || s.label || ' is in slot ' || s.position || ' of ' || s.device || ', which disposes of what is put there.'
      FROM standing s WHERE s.disposes
      UNION ALL
      SELECT 7, 'container-without-place', NULL, NULL, json_build_array(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name)),
        ${labelOf('c')} || ' is on the platform, but in no slot.'
      FROM container c
      WHERE c.removed_at IS NULL AND c.missing_since IS NULL AND NOT EXISTS (SELECT FROM placement pl WHERE pl.container_id = c.id AND pl.part = 'body')
      UNION ALL
      SELECT 8, 'unlisted-device', d.name, NULL, '[]', 'Logged steps name a device "' || d.name || '" that is not in the lab file.'
      FROM device d WHERE NOT d.listed AND d.retired_at IS NULL
      UNION ALL
      SELECT 9, 'steps-running-long', d.name, NULL, '[]', count(*) || CASE WHEN count(*) = 1 THEN ' step' ELSE ' steps' END || ' of ' || d.name
        || ' started more than a day ago and did not finish. The oldest (' || (array_agg(s.id ORDER BY s.start, s.id))[1] || ') started at ' || wire_time(min(s.start)) || '.'
      FROM step s JOIN device d ON d.id = s.device_id
      WHERE s.status = 'running' AND s.start < clock_timestamp() - interval '1 day' - make_interval(secs => coalesce(s.paused_seconds, 0)) GROUP BY d.name
      UNION ALL
      SELECT 10, 'step-overdue', d.name, NULL, coalesce(named.containers, '[]'),
        'The ' || coalesce(s.fct, s.kind) || ' of ' || d.name || ' (step ' || s.id || ') has been running for ' || round(extract(epoch FROM clock_timestamp() - s.start) - coalesce(s.paused_seconds, 0)::numeric) ||
        ' s. The longest comparable step took ' || round(longest.seconds::numeric, 1) || ' s.'
      FROM step s JOIN device d ON d.id = s.device_id
      CROSS JOIN LATERAL (
        SELECT coalesce(${longestOf(1)}, ${longestOf(2)}, ${longestOf(3)}, ${longestOf(4)}) + coalesce(s.commanded_seconds, 0) AS seconds
      ) longest
      LEFT JOIN LATERAL (
        SELECT json_agg(json_build_object('id', c.id, 'barcode', c.barcode, 'name', c.name) ORDER BY sc.ordinal) AS containers
        FROM container_of_step sc JOIN container c ON c.id = sc.container_id WHERE sc.step_id = s.id
      ) named ON true
      WHERE s.status = 'running' AND NOT s.is_simulation AND s.start <= clock_timestamp() - make_interval(secs => greatest(1.5 * longest.seconds, longest.seconds + 30) + coalesce(s.paused_seconds, 0))
      UNION ALL
      SELECT 11, 'move-disagrees', st.device, st.position, json_build_array(st.thing),
        st.label || ' is in slot ' || st.position || ' of ' || st.device || ', but the last move that was logged (step ' || m.id || ', ' || wire_time(m.finish) ||
        ') went to ' || CASE WHEN m.position IS NULL THEN '' ELSE 'slot ' || m.position || ' of ' END || m.device || '.'
      FROM standing st
      CROSS JOIN LATERAL (
        SELECT s.id, s.finish, s.created_at, s.destination_position AS position, t.name AS device
        FROM container_of_step sc JOIN step s ON s.id = sc.step_id JOIN device t ON t.id = s.destination_device_id
        WHERE sc.container_id = st.id AND s.kind = 'move' AND s.status = 'completed' AND NOT s.is_simulation ORDER BY s.finish DESC, s.created_at DESC LIMIT 1
      ) m
      WHERE st.part = 'body' AND (m.device <> st.device OR m.position <> st.position)
        -- What was moved after the logged move is rightly elsewhere. A container that never moved was added before the log knew of the move.
        AND (st.since <= m.finish OR (st.since = st.created_at AND st.since <= m.created_at))
      UNION ALL
      SELECT 12, 'container-missing', NULL, NULL, json_build_array(json_build_object('id', s.id, 'barcode', s.barcode, 'name', s.name)),
        ${labelOf('s')} || ' is missing since ' || wire_time(s.missing_since) || '. It was last in slot ' || s.last_position || ' of ' || s.last_device || '.'
      FROM container_state s WHERE s.missing_since IS NOT NULL
      UNION ALL
      SELECT 13, 'run-not-learnt', NULL, NULL, '[]', 'Estimates could not learn from the run "' || r.key || '": ' || r.failures ||
        ' attempts failed, and the next one is at ' || wire_time(r.retry_at) || '. The request log has the reason (learning from this run failed).'
      FROM run r WHERE r.pending AND r.failures >= 3
      UNION ALL
      SELECT 14, 'labware-does-not-fit', st.device, st.position, json_build_array(st.thing),
        st.label || ' is in slot ' || st.position || ' of ' || st.device || ', where a "' || t.name || '" does not fit by the rule ' || m.rule || '.'
      FROM standing st JOIN labware_type t ON t.name = st.labware_type
      CROSS JOIN LATERAL (SELECT misfit_rule(t.name, t.deep_well, t.height_mm, st.deep_well_suited, st.labware_types, st.max_height_mm,
        st.device_labware_types, st.device_max_height_mm) AS rule) m
      WHERE st.part = 'body' AND m.rule IS NOT NULL
      UNION ALL
      SELECT 15, 'experiment-paused-ahead', NULL, NULL, '[]', 'The experiment ' || e.id || ' is paused since ' || wire_time(e.paused_at)
        || ', which is later than the clock of the service. Resume it (POST /api/experiments/' || e.id || '/resume), or correct the clock that told the time.'
      FROM experiment e WHERE e.status = 'paused' AND e.paused_at > clock_timestamp() + interval '5 seconds'
      UNION ALL
      -- A weekly backup has a day to spare. One of a lab that has not changed since is as good as new.
      SELECT 16, 'backup-old', NULL, NULL, '[]', 'The newest known backup is from ' || wire_time(b.taken_at) || ', which is more than 8 days ago. Take one every night (platform-status backup).'
      FROM (SELECT * FROM backup ORDER BY taken_at DESC LIMIT 1) b CROSS JOIN lab l
      WHERE b.taken_at < clock_timestamp() - interval '8 days' AND b.revision < l.revision
    )
    SELECT code, CASE WHEN rank < 8 THEN 'error' ELSE 'warning' END AS severity, message, device, position, containers, '[]'::json AS steps
    FROM finding ORDER BY rank, device, position, message`
}

/** The newest known backup of this database. */
export async function readLastBackup (transaction: Transaction): Promise<LabHealth['last_backup']> {
  const [last] = await transaction.$queryRaw<NonNullable<LabHealth['last_backup']>[]>`
    SELECT wire_time(taken_at) AS taken_at, revision::float8 AS revision, rows::float8 AS rows, bytes::float8 AS bytes FROM backup ORDER BY backup.taken_at DESC LIMIT 1`
  return last ?? null
}
