import type { AsOf, AsOfLocation } from '../contract/as-of.ts'
import type { Container } from '../contract/containers.ts'
import type { Device } from '../contract/devices.ts'
import type { LabState } from '../contract/lab.ts'
import type { LabwareType } from '../contract/labware-types.ts'
import type { LabParts } from '../domain/lab-file/lab-file.ts'
import type { Position, PositionQuery } from '../contract/positions.ts'
import { invalid, problem } from '../contract/problems.ts'
import { viewColumns } from './columns.ts'
import { runPrepared } from './commands.ts'
import { parseContainerRef } from './container-ref.ts'
import type { Database } from './database.ts'
import type { JsonPieces } from './json-row.ts'
import { readEarlierState } from './lab-state.sql.ts'
import { refusalDetail } from './refusals.ts'
import { readLabParts } from './tracked-lab.sql.ts'

type PositionAt = Omit<Position, 'position'> & { slot: number }

// Several containers can have had the barcode in the past. At most one had it at that time.
const byBarcode = `
  SELECT ${viewColumns('container')} FROM container_state_at($1, ARRAY(
    SELECT DISTINCT container_id FROM label_event WHERE barcode = $2 AND revision <= $1))
  WHERE barcode = $2 AND removed_at IS NULL`
const byId = `SELECT ${viewColumns('container')} FROM container_state_at($1, ARRAY[$2::uuid])`

/** Earlier states, as of a revision or a time. The functions `*_state_at` compute them from the event log. */
export function asOfStore ({ pool }: Database) {
  /** Resolves a revision or time to a revision. Throws a 400 for a revision that does not exist yet. */
  async function revision (asOf: AsOf, location: AsOfLocation = { in: 'query', parameter: 'at' }): Promise<number> {
    if ('time' in asOf) {
      const [found] = await runPrepared<{ revision: number }>(pool, 'SELECT revision_at($1)::float8 AS revision', [asOf.time])
      return found!.revision
    }
    const [present] = await runPrepared<{ revision: number }>(pool, 'SELECT revision::float8 AS revision FROM lab', [])
    if (asOf.revision > present!.revision) {
      throw invalid({ ...location, detail: `must be an existing revision; the present one is ${present!.revision}` })
    }
    return asOf.revision
  }

  async function device (name: string, asOf: AsOf): Promise<Device> {
    const [found] = await runPrepared<Device>(pool, `SELECT ${viewColumns('device')} FROM device_state_at($1) WHERE name = $2 AND retired_at IS NULL`, [await revision(asOf), name])
    if (found === undefined) throw problem('device-not-found', 'The lab had no device with this name at that time.', { device: name, parameter: 'device' })
    return found
  }

  async function container (named: string, asOf: AsOf): Promise<Container> {
    const then = await revision(asOf)
    const { id, barcode } = parseContainerRef(named)
    const [found] = await runPrepared<Container>(pool, id === null ? byBarcode : byId, [then, id ?? barcode])
    if (found === undefined) throw problem('container-not-found', 'No container had this barcode or id at that time.', { container: named, parameter: 'container' })
    return found
  }

  async function positions (name: string, { empty, limit }: Omit<PositionQuery, 'at'>, asOf: AsOf): Promise<Position[]> {
    await device(name, asOf)
    const found = await runPrepared<PositionAt>(pool,
      `SELECT slot, empty, container, container_id, occupied_by, deep_well_suited, disposes, labware_types, max_height_mm, reserved
       FROM position_state_at($1, $2)`, [name, await revision(asOf)])
    const wanted = found.filter((slot) => empty === undefined || (slot.empty === empty && !(empty && slot.disposes)))
    return wanted.slice(0, limit).map(({ slot, ...state }) => ({ position: slot, ...state }))
  }

  return {
    revision,
    device,
    container,
    positions,

    /** One slot, with all data of the container in it. */
    async position (name: string, position: number, asOf: AsOf) {
      const all = await positions(name, {}, asOf)
      const found = all.find((slot) => slot.position === position)
      if (found === undefined) {
        const members = { device: name, position, parameter: 'position', valid_range: all.length === 0 ? null : { minimum: 0, maximum: all.length - 1 } }
        throw problem('position-not-found', refusalDetail('position-not-found', members), members)
      }
      return { ...found, occupant: found.container_id === null ? null : await container(found.container_id, asOf) }
    },

    async labwareType (name: string, asOf: AsOf): Promise<LabwareType> {
      const [found] = await runPrepared<LabwareType>(pool, `SELECT ${viewColumns('labware_type')} FROM labware_type_state_at($1) WHERE name = $2`, [await revision(asOf), name])
      if (found === undefined) throw problem('labware-type-not-found', 'The lab had no labware type with this name at that time.', { labware_type: name, parameter: 'name' })
      return found
    },

    /** The lab file. */
    async config (asOf: AsOf): Promise<LabParts> {
      return await readLabParts(pool, await revision(asOf))
    },

    /** The state as JSON text, in pieces. */
    async lab (asOf: AsOf): Promise<JsonPieces<LabState>> {
      return await readEarlierState(pool, await revision(asOf))
    }
  }
}
