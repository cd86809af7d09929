import type { Container } from '../contract/containers.ts'
import type { Position, PositionPatch, PositionQuery, PositionWithOccupant } from '../contract/positions.ts'
import { problem } from '../contract/problems.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { deviceNotFound } from './devices.ts'
import { type MemberKinds, selectListAsJson, type JsonRow } from './json-row.ts'
import { largestRead, LargeRead, type ReadSize } from './read-size.ts'
import { refusalDetail } from './refusals.ts'

type PositionsRow = { json: string | null, large: boolean }
type PositionRow = Omit<Position, 'position'> & { slot: number | null }

// Orchestrators list slots before every move, so this is one prepared statement. There are two, because for a limit that is
// a parameter PostgreSQL plans for a tenth of the slots.
const members: MemberKinds<Position> = {
  position: 'value', empty: 'value', container: 'value', container_id: 'value', occupied_by: 'value', deep_well_suited: 'value',
  disposes: 'value', labware_types: 'value', max_height_mm: 'value', reserved: 'value'
}
const allSlots = `${selectListAsJson(members, 'position_state', 'position')} WHERE object.device = $1`
const someSlots = selectListAsJson(members, `(
  SELECT * FROM position_state s
  WHERE s.device = $1 AND ($2::boolean IS NULL OR (s.empty = $2 AND NOT (s.empty AND (s.disposes OR s.reserved IS NOT NULL))))
  ORDER BY s.position LIMIT $3)`, 'position')

const beyondSmall = `
  SELECT 1 FROM device d JOIN position p ON p.device_id = d.id WHERE d.name = $1 AND d.retired_at IS NULL AND p.retired_at IS NULL
  OFFSET ${largestRead.slots} LIMIT 1`
// The condition does not depend on the row, so PostgreSQL checks it once, before it reads slots.
const ifSmall = (statement: string): string => `WITH size AS MATERIALIZED (SELECT EXISTS (${beyondSmall}) AS large) SELECT slots.*, (SELECT large FROM size) AS large FROM (${statement} NOT (SELECT large FROM size)) slots`
const allSlotsIfSmall = ifSmall(`${allSlots} AND`)
const someSlotsIfSmall = ifSmall(`${someSlots} WHERE`)

const readSlot = `
  SELECT s.position AS slot, s.empty, s.container, s.container_id, s.occupied_by, s.deep_well_suited,
    s.disposes, s.labware_types, s.max_height_mm, s.reserved,
    CASE WHEN s.id IS NULL THEN valid_slot_range(d.id) END AS valid_range, ${viewColumns('container', 'c')}
  FROM device d
  LEFT JOIN position_state s ON s.device_id = d.id AND s.position = $2
  LEFT JOIN container_state c ON c.id = s.container_id
  WHERE d.name = $1 AND d.retired_at IS NULL`

/** The slots of devices. */
export function positionStore ({ pool }: Database) {
  async function read (device: string, position: number): Promise<PositionWithOccupant> {
    const [found] = await runPrepared<PositionRow & Container & { valid_range: object | null }>(pool, readSlot, [device, position])
    if (found === undefined) throw deviceNotFound(device)
    const {
      slot, empty, container, container_id, occupied_by, deep_well_suited, disposes, labware_types, max_height_mm, reserved, valid_range, ...occupant
    } = found
    if (slot === null) {
      const members = { device, position, parameter: 'position', valid_range }
      throw problem('position-not-found', refusalDetail('position-not-found', members), members)
    }
    return {
      position: slot, empty, container, container_id, occupied_by, deep_well_suited, disposes, labware_types, max_height_mm, reserved,
      occupant: container_id === null ? null : occupant
    }
  }

  // An empty list can mean an unknown device. Throws `device-not-found` for it.
  async function refuseUnknownDevice (device: string): Promise<void> {
    const known = await runPrepared(pool, 'SELECT 1 FROM device WHERE name = $1 AND retired_at IS NULL', [device])
    if (known.length === 0) throw deviceNotFound(device)
  }

  return {
    read,

    /** Slots in ascending order, as a JSON array. */
    async list (device: string, { empty, limit }: Omit<PositionQuery, 'at'>, size: ReadSize): Promise<JsonRow<Position[]>> {
      const isSmall = size === 'small' && (limit ?? Infinity) > largestRead.slots
      const [found] = await (empty === undefined && limit === undefined
        ? runPrepared<PositionsRow>(pool, isSmall ? allSlotsIfSmall : allSlots, [device])
        : runPrepared<PositionsRow>(pool, isSmall ? someSlotsIfSmall : someSlots, [device, empty ?? null, limit ?? null]))
      if (isSmall && found!.large) throw new LargeRead()
      if (found!.json === null) await refuseUnknownDevice(device)
      return { json: found!.json ?? '[]', version: null }
    },

    async update (device: string, position: number, changes: PositionPatch, audit: AuditContext): Promise<PositionWithOccupant> {
      await runPrepared(pool, 'SELECT update_position($1, $2, $3, $4)', [device, position, changes, audit])
      return await read(device, position)
    }
  }
}
