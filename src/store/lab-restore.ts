import type { Container } from '../contract/containers.ts'
import type { LabRestoreResult, RestoreFinding } from '../contract/lab.ts'
import type { LabLayout } from '../domain/lab-file/lab-config.ts'
import { type LabwareTypeSettings, type LabwareTypeChange, planLabwareTypes } from '../domain/lab-file/labware-types.ts'
import { deviceChangeOf, type DeviceChange, deviceInputOf, planLabSettings, type TrackedDevice } from '../domain/lab-file/lab-plan.ts'
import { planRestoredContainers, type RestoreConflict } from '../domain/lab-restore.ts'
import type { AuditContext } from './commands.ts'
import type { Database } from './database.ts'
import { currentRevision, nextRevision, type Transaction, withLabLock } from './lab-lock.ts'
import {
  containersNow, containersThen, devicesNow, devicesThen, neededSlots, recordRestored, restoreContainers, restoreWarnings, slotNames, type SlotName, typesInUse
} from './lab-restore.sql.ts'
import { labSnapshot, writeDevices, writeLab } from './lab.sql.ts'
import { writeLabwareTypes } from './labware-types.sql.ts'
import { readTrackedLab } from './tracked-lab.sql.ts'

/** Undoes a dry run: the transaction rolls back, and the result is returned. */
class DryRun extends Error {
  readonly result: LabRestoreResult
  constructor (result: LabRestoreResult) {
    super('a dry run is undone')
    this.result = result
  }
}

/** Makes devices, slots, containers and lids as they were at a revision, as far as nothing contradicts, in one transaction. */
export async function restoreLab (database: Database, at: number, dryRun: boolean, audit: AuditContext): Promise<LabRestoreResult> {
  try {
    return await withLabLock(database, audit, async (transaction) => {
      const present = await currentRevision(transaction)
      const restore = new Restore(transaction, at, audit)
      const { changed, ...result } = await restore.run()
      if (dryRun) throw new DryRun({ applied: false, restored_to: at, ...result, revision: present })
      return { applied: true, restored_to: at, ...result, revision: changed ? await currentRevision(transaction) : present }
    })
  } catch (error) {
    if (error instanceof DryRun) return error.result
    throw error
  }
}

/** One restore. The revision is taken when the first change is certain. Events are numbered as they come. */
class Restore {
  private revision: number | null = null
  private ordinal = 0
  private readonly changes: DeviceChange[] = []
  private readonly findings: RestoreFinding[] = []

  private readonly transaction: Transaction
  private readonly at: number
  private readonly audit: AuditContext

  constructor (transaction: Transaction, at: number, audit: AuditContext) {
    this.transaction = transaction
    this.at = at
    this.audit = audit
  }

  async run (): Promise<Omit<LabRestoreResult, 'applied' | 'restored_to' | 'revision'> & { changed: boolean }> {
    const { transaction } = this
    const labBefore = await labSnapshot(transaction)
    const [config] = await transaction.$queryRaw<LabLayout[]>`SELECT description, pythonlab_translation, extra, groups, labware_types FROM lab_config_at(${this.at}::bigint)`
    const { labware_types: known } = await readTrackedLab(transaction, [])
    const types = planLabwareTypes(config!.labware_types, known, { prune: true })
    // Devices name types, so those of then come first, and those that came since go last.
    await this.writeTypes(types.written, [])
    const later = await this.restoreDevices()
    // A slot that is waste now may take its container back; a slot that was waste then may have to be emptied first.
    await this.restorePositions()
    const containers = await this.restoreContainers()
    await this.retireAndShrink(later)
    await this.restorePositions()
    const inUse = await this.typesThatStay(types.deleted)
    await this.writeTypes([], types.deleted.filter((name) => !inUse.has(name)))
    const { devices: _, slots: __, labware_types: ___, ...tracked } = await readTrackedLab(transaction, [])
    const lab = planLabSettings(config!, tracked)
    if (lab !== null) await writeLab(transaction, lab, labBefore, await this.next(1), this.audit)
    const changed = this.revision !== null
    if (changed) {
      const what = { restored_to: this.at, devices: this.changes.length, containers: containers.length, findings: this.findings.length }
      await recordRestored(transaction, what, await this.next(1), this.audit)
    }
    const warnings = containers.length === 0 ? [] : await restoreWarnings(transaction, containers.map(({ id }) => id))
    const labware_types: LabwareTypeChange[] = types.changes.filter(({ action, labware_type }) => action !== 'unchanged' && !inUse.has(labware_type))
    return { devices: this.changes, ...labware_types.length === 0 ? {} : { labware_types }, containers, findings: this.findings, warnings, changed }
  }

  /** The place in the log of the next `count` events. */
  private async next (count: number): Promise<{ revision: number, ordinal: number }> {
    this.revision ??= await nextRevision(this.transaction, this.audit)
    const ordinal = this.ordinal
    this.ordinal += count
    return { revision: this.revision, ordinal }
  }

  private async writeTypes (written: readonly LabwareTypeSettings[], deleted: readonly string[]): Promise<void> {
    if (written.length + deleted.length === 0) return
    const at = await this.next(0)
    this.ordinal += await writeLabwareTypes(this.transaction, { written, deleted }, at, this.audit)
  }

  /** Those of the labware types that came since which a device or slot still lists, because it stays as it is. */
  private async typesThatStay (since: readonly string[]): Promise<Set<string>> {
    if (since.length === 0) return new Set()
    const inUse = await typesInUse(this.transaction, since)
    for (const { labware_type, device, position } of inUse) {
      this.findings.push({
        code: 'labware-type-in-use', device, position, container: null, occupant: null,
        detail: `The labware type "${labware_type}" came since, and ${position === null ? device : `slot ${position} of ${device}`} lists it and stays as it is. The type stays.`
      })
    }
    return new Set(inUse.map(({ labware_type }) => labware_type))
  }

  private async write (changes: readonly { before: TrackedDevice | undefined, after: TrackedDevice }[]): Promise<void> {
    const inputs = changes.map(({ before, after }) => ({ after, change: deviceChangeOf(before, after) })).filter(({ change }) => change.action !== 'unchanged')
    if (inputs.length === 0) return
    this.changes.push(...inputs.map(({ change }) => change))
    await writeDevices(this.transaction, inputs.map(({ after, change }) => deviceInputOf(after, change)), await this.next(inputs.length), this.audit)
  }

  /** Restores devices and slots, except what needs slots to be empty first. Returns that. */
  private async restoreDevices (): Promise<{ before: TrackedDevice, after: TrackedDevice }[]> {
    const then = await devicesThen(this.transaction, this.at)
    const now = await devicesNow(this.transaction, then.map(({ id }) => id))
    const byId = new Map(now.map((device) => [device.id, device]))
    const wanted = new Set(then.map(({ id }) => id))
    const needed = await neededSlots(this.transaction)
    const surplus = now.filter(({ id, listed, retired }) => listed && !retired && !wanted.has(id))
      .map((before) => ({ before, after: { ...before, retired: true } }))
    // Devices that came since and are empty go first: they may have the names of those that come back.
    await this.write(surplus.filter(({ before }) => !needed.has(before.id)))
    const occupied = surplus.filter(({ before }) => needed.has(before.id))

    const holders = new Map(now.filter(({ id, retired, listed }) => !retired && (wanted.has(id) || needed.has(id) || !listed))
      .map(({ id, name }) => [name, id]))
    const possible = then.filter((device) => {
      const holder = holders.get(device.name)
      if (holder === undefined || holder === device.id) return true
      this.findings.push({
        code: 'device-name-in-use', device: device.name, position: null, container: null, occupant: null,
        detail: `Another device is called "${device.name}" now. Rename that one first. The device of then stays as it is.`
      })
      return false
    }).map((device) => ({ before: byId.get(device.id), after: device }))
    const shrinks = possible.filter((one): one is { before: TrackedDevice, after: TrackedDevice } =>
      one.before !== undefined && !one.before.retired && (one.before.capacity > one.after.capacity || (one.after.disposes && !one.before.disposes)))
    await this.write(possible.filter((one) => !shrinks.includes(one as typeof shrinks[number])))
    return [...occupied, ...shrinks]
  }

  private async retireAndShrink (changes: readonly { before: TrackedDevice, after: TrackedDevice }[]): Promise<void> {
    const needed = await neededSlots(this.transaction)
    const [stay, go] = [changes.filter(isHeld), changes.filter((change) => !isHeld(change))]
    for (const { before, after } of stay) {
      const what = after.retired ? `The device "${before.name}" came since` : after.disposes ? `"${before.name}" was waste then` : `"${before.name}" had ${after.capacity} slots then`
      this.findings.push({
        code: 'slots-occupied', device: before.name, position: null, container: null, occupant: null,
        detail: `${what}, and something is in the slots that would go. The device stays as it is.`
      })
    }
    await this.write(go)

    function isHeld ({ before, after }: { before: TrackedDevice, after: TrackedDevice }): boolean {
      return (needed.get(before.id) ?? 0) > (after.retired || after.disposes ? 0 : after.capacity)
    }
  }

  private async restorePositions (): Promise<void> {
    const { transaction, at, audit } = this
    const [differing] = await transaction.$queryRaw<{ slots: number }[]>`SELECT restore_positions(${at}::bigint, NULL, 0, NULL) AS slots`
    if (differing!.slots === 0) return
    const { revision, ordinal } = await this.next(differing!.slots)
    await transaction.$queryRaw`SELECT restore_positions(${at}::bigint, ${revision}::bigint, ${ordinal}::integer, ${JSON.stringify(audit)}::jsonb)`
  }

  private async restoreContainers (): Promise<Container[]> {
    const { transaction } = this
    const then = await containersThen(transaction, this.at)
    const now = await containersNow(transaction, then.map(({ id }) => id))
    const slots = await slotNames(transaction, then.flatMap(({ position_id, lid_position_id }) => [position_id, lid_position_id].filter((id) => id !== null)))
    const active = new Set([...slots.values()].filter((slot) => slot.active).map(({ id }) => id))
    const { restored, conflicts } = planRestoredContainers(then, now, active)
    const names = new Map([...then, ...now].map(({ id, barcode, name }) => [id, barcode ?? name]))
    this.findings.push(...conflicts.map((conflict) => findingOf(conflict, slots, names)))
    if (restored.length === 0) return []
    await restoreContainers(transaction, restored, await this.next(restored.length), this.audit)
    const ids = restored.map(({ id }) => id)
    return await transaction.container_state.findMany({ where: { id: { in: ids } }, orderBy: { id: 'asc' } }) as Container[]
  }
}

function findingOf (
  { code, container, part, position_id, occupant }: RestoreConflict, slots: ReadonlyMap<string, SlotName>, names: ReadonlyMap<string, string>
): RestoreFinding {
  const slot = position_id === null ? undefined : slots.get(position_id)
  const place = slot === undefined ? '' : `Slot ${slot.position} of ${slot.device}`
  const thing = names.get(container)!
  const other = occupant === null ? '' : `the container "${names.get(occupant)!}"`
  const why = code === 'position-occupied'
    ? `${place} is taken by ${other}, which came since or stays where it is.`
    : code === 'position-not-found' ? `The lab does not have slot ${slot?.position} of ${slot?.device} now.` : `The barcode of "${thing}" belongs to ${other} now.`
  const then = part === 'lid' ? `Nobody knows where the lid of "${thing}" is.` : `The container "${thing}" stays as it is.`
  return { code, detail: `${why} ${then}`, device: slot?.device ?? null, position: slot?.position ?? null, container, occupant }
}
