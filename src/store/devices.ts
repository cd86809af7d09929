import type { Device, DeviceCreate, DevicePatch, DeviceQuery } from '../contract/devices.ts'
import { invalid, problem } from '../contract/problems.ts'
import { digestOf } from '../domain/canonical.ts'
import { extraFault } from '../domain/lab-file/lab-file.ts'
import { unknownTypeFaults } from '../domain/lab-file/labware-types.ts'
import { type DeviceChange, deviceChangeOf, type DeviceInput, type TrackedDevice, deviceInputOf } from '../domain/lab-file/lab-plan.ts'
import { viewColumns } from './columns.ts'
import { type AuditContext, type Queryable, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import { deviceCondition, type ListedDevice, readDevices } from './devices.sql.ts'
import { nextRevision, type Transaction } from './lab-lock.ts'
import { writeDevices } from './lab.sql.ts'
import { readTypeNames } from './labware-types.sql.ts'
import { countRows } from './list-rows.sql.ts'
import { filtersOf, isIdKey, readJsonPage } from './pages.ts'
import { refusalDetail } from './refusals.ts'
import { idsOfNewDevices, withSlotsAhead } from './slots-ahead.ts'
import { readTrackedDevice } from './tracked-lab.sql.ts'

/** Devices. All changes go through `writeDevices` of lab.sql.ts, as those of the lab file do. */
export function deviceStore (database: Database) {
  const { pool, prisma } = database
  return {
    async list (query: DeviceQuery) {
      const filters = filtersOf(query)
      const condition = deviceCondition(filters)
      return await readJsonPage<ListedDevice, readonly [string, string]>(query, {
        name: 'devices',
        filters,
        keys: ({ name, id }) => [name, id],
        isKey: ([name, ...id]) => typeof name === 'string' && isIdKey(id),
        read: async (after, take) => await readDevices(prisma, condition, after, take),
        count: async () => await countRows(prisma, 'device_state object', condition)
      })
    },

    async read (name: string): Promise<Device> {
      const [found] = await runPrepared<Device>(pool, `SELECT ${viewColumns('device')} FROM device_state WHERE name = $1 AND retired_at IS NULL`, [name])
      if (found === undefined) throw deviceNotFound(name)
      return found
    },

    /** Adds a device. Without an id, a retired device with this name is restored. `created` is false for a retry. */
    async add (body: DeviceCreate, audit: AuditContext): Promise<{ created: boolean, device: Device }> {
      const newId = idsOfNewDevices()
      return await withSlotsAhead(database, audit, async (transaction) => {
        const repeated = await readIfRepeated(transaction, body)
        if (repeated !== null) return { id: repeated.id, devices: [], changes: [], created: false }
        const known = await readTrackedDevice(transaction, body.name)
        if (known !== null && known.listed && !known.retired) throw nameInUse(known)
        // An unlisted device that is in use keeps its row, because logged steps refer to it. Only a retired name can get a new row.
        const before = known === null || (known.retired && body.id) ? undefined : known
        return { ...await plan(transaction, before, inputDevice(body, before, newId)), created: true }
      }, async (transaction, { created, ...planned }) => ({ created, device: await write(transaction, planned, audit) }))
    },

    async update (name: string, changes: DevicePatch, audit: AuditContext): Promise<Device> {
      return await withSlotsAhead(database, audit, async (transaction) => {
        const before = await readTrackedDevice(transaction, name)
        if (before === null || before.retired) throw deviceNotFound(name)
        const after = { ...before, ...changes, listed: true }
        if (after.name !== name) {
          const holder = await readTrackedDevice(transaction, after.name)
          if (holder !== null && !holder.retired) throw nameInUse(holder)
        }
        return await plan(transaction, before, after)
      }, async (transaction, planned) => await write(transaction, planned, audit))
    },

    /** Retires a device. Returns an already retired device unchanged. */
    async retire (name: string, audit: AuditContext): Promise<Device> {
      return await withSlotsAhead(database, audit, async (transaction) => {
        const before = await readTrackedDevice(transaction, name)
        if (before === null) throw deviceNotFound(name)
        return await plan(transaction, before, { ...before, retired: true })
      }, async (transaction, planned) => await write(transaction, planned, audit))
    }
  }
}

/** Explains an answer that has nothing about a device. Throws `device-not-found` if the lab never had one with this name. */
export async function refuseDeviceThatNeverWas (database: Queryable, device: string): Promise<void> {
  const known = await runPrepared(database, 'SELECT 1 FROM device WHERE name = $1 LIMIT 1', [device])
  if (known.length === 0) throw deviceNotFound(device)
}

export function deviceNotFound (device: string) {
  return problem('device-not-found', refusalDetail('device-not-found', { device }), { device, parameter: 'device' })
}

function nameInUse ({ name, listed }: TrackedDevice) {
  const detail = listed
    ? `The lab already has a device "${name}". Choose another name.`
    : `Logged steps name a device "${name}" that is not in the lab file. Use another name. Or first add that device with POST /api/devices, or retire it.`
  return problem('device-name-in-use', detail, { device: name, pointer: '/name' })
}

/** The device that an earlier request with the same id and body added. Null when there is none. Throws `id-in-use` for another body. */
async function readIfRepeated (transaction: Transaction, body: DeviceCreate): Promise<Device | null> {
  if (!body.id) return null
  const created_as = digestOf(body)
  const known = await transaction.device.findFirst({
    where: { version: { gt: 0 }, OR: [{ id: body.id }, { created_as }] }, select: { id: true, created_as: true }
  })
  if (known === null) return null
  if (known.created_as !== created_as) throw problem('id-in-use', refusalDetail('id-in-use', { id: body.id }), { id: body.id, pointer: '/id' })
  return await readById(transaction, known.id)
}

function inputDevice ({ id, ...body }: DeviceCreate, before: TrackedDevice | undefined, newId: (name: string) => string): TrackedDevice {
  return {
    id: before?.id ?? id ?? newId(body.name),
    name: body.name,
    group: body.group ?? 'devices',
    type: body.type ?? null,
    description: body.description ?? null,
    uri: body.uri ?? null,
    capacity: body.capacity,
    process_capacity: body.process_capacity ?? null,
    min_capacity: body.min_capacity ?? null,
    allows_overlap: body.allows_overlap ?? null,
    disposes: body.disposes ?? false,
    labware_types: body.labware_types ?? null,
    max_height_mm: body.max_height_mm ?? null,
    extra: body.extra ?? null,
    listed: true,
    retired: false,
    created_as: id ? digestOf({ id, ...body }) : before?.created_as ?? null
  }
}

/** `devices` is empty if nothing changes. `id` is that of the device in any case. */
type DevicePlan = { id: string, devices: DeviceInput[], changes: DeviceChange[] }

async function plan (transaction: Transaction, before: TrackedDevice | undefined, after: TrackedDevice): Promise<DevicePlan> {
  const fault = extraFault(after)
  if (fault !== null) throw invalid({ in: 'body', pointer: '/extra', detail: fault })
  const unknown = unknownTypeFaults(after.labware_types, await readTypeNames(transaction), '/labware_types')
  if (unknown.length > 0) throw invalid(...unknown)
  const change = deviceChangeOf(before, after)
  return change.action === 'unchanged' ? { id: after.id, devices: [], changes: [] } : { id: after.id, devices: [deviceInputOf(after, change)], changes: [change] }
}

async function write (transaction: Transaction, { id, devices }: DevicePlan, audit: AuditContext): Promise<Device> {
  if (devices.length > 0) await writeDevices(transaction, devices, { revision: await nextRevision(transaction, audit), ordinal: 0 }, audit)
  return await readById(transaction, id)
}

async function readById (transaction: Transaction, id: string): Promise<Device> {
  return await transaction.device_state.findUniqueOrThrow({ where: { id } }) as Device
}
