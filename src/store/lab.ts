import type { LabConfigResult, LabHealth, LabRestoreResult, LabState, LabWipe } from '../contract/lab.ts'
import type { LabLayout } from '../domain/lab-file/lab-config.ts'
import { invalid } from '../contract/problems.ts'
import type { LabParts } from '../domain/lab-file/lab-file.ts'
import { type LabPlan, planLab, type TrackedLab } from '../domain/lab-file/lab-plan.ts'
import { unknownTypeFaults } from '../domain/lab-file/labware-types.ts'
import { escapePointer } from '../domain/values.ts'
import { type AuditContext, withRetries, runPrepared } from './commands.ts'
import type { Database } from './database.ts'
import type { JsonPieces } from './json-row.ts'
import { withLabLock, nextRevision, currentRevision, type Transaction } from './lab-lock.ts'
import { readFindings, readLastBackup, readState, refuseLargeLab } from './lab-state.sql.ts'
import { restoreLab } from './lab-restore.ts'
import type { ReadSize } from './read-size.ts'
import { labSnapshot, refuseDroppedSlots, writeDevices, writeLab } from './lab.sql.ts'
import { writeLabwareTypes } from './labware-types.sql.ts'
import { idsOfNewDevices, withSlotsAhead } from './slots-ahead.ts'
import { readStepFindings } from './step-findings.sql.ts'
import { readLabParts, readTrackedLab } from './tracked-lab.sql.ts'

/** The lab as a whole: the lab file, its state and its health. */
export function labStore (database: Database) {
  const { pool, prisma } = database
  return {
    /** Makes the lab match the lab file. A dry run returns the same result without changes. Throws `slots-occupied` if an occupied slot would be removed. */
    async configure (config: LabLayout, { dry_run, prune }: { dry_run: boolean, prune: boolean }, audit: AuditContext): Promise<Omit<LabConfigResult, 'warnings'>> {
      const newId = idsOfNewDevices()
      async function plan (transaction: Transaction): Promise<LabPlan> {
        const names = config.groups.flatMap(({ devices }) => devices.map(({ name }) => name))
        const tracked = await readTrackedLab(transaction, names)
        const planned = planLab(config, tracked, { prune, newId })
        refuseUnknownTypes(config, tracked, prune)
        return planned
      }
      async function write (transaction: Transaction, planned: LabPlan): Promise<Omit<LabConfigResult, 'warnings'>> {
        const { changes, devices, slots, labwareTypes, lab } = planned
        const result = { changes, ...config.labware_types === null ? {} : { labware_types: labwareTypes.changes } }
        const isSame = devices.length + slots.length + labwareTypes.written.length + labwareTypes.deleted.length === 0 && lab === null
        if (dry_run || isSame) {
          await refuseDroppedSlots(transaction, devices, slots)
          return { applied: !dry_run, ...result, revision: await currentRevision(transaction) }
        }
        const before = await labSnapshot(transaction)
        const revision = await nextRevision(transaction, audit)
        // Devices name types, so new types come before them, and types go after them.
        let ordinal = await writeLabwareTypes(transaction, { written: labwareTypes.written, deleted: [] }, { revision, ordinal: 0 }, audit)
        await writeDevices(transaction, devices, { revision, ordinal }, audit, slots)
        ordinal += devices.length + slots.length
        ordinal += await writeLabwareTypes(transaction, { written: [], deleted: labwareTypes.deleted }, { revision, ordinal }, audit)
        if (lab !== null) await writeLab(transaction, lab, before, { revision, ordinal }, audit)
        return { applied: true, ...result, revision }
      }
      if (dry_run) return await withLabLock(database, audit, async (transaction) => await write(transaction, await plan(transaction)))
      return await withSlotsAhead(database, audit, plan, write)
    },

    async config (size: ReadSize = 'any'): Promise<LabParts> {
      if (size === 'small') await refuseLargeLab(pool)
      return await readLabParts(pool, null)
    },

    /** The state as JSON text, in pieces. */
    async state (size: ReadSize = 'any'): Promise<JsonPieces<LabState>> {
      return await readState(pool, size)
    },

    async health (): Promise<LabHealth> {
      const findings = [...await withRetries(() => readFindings(prisma)), ...await withRetries(() => readStepFindings(prisma))]
      return { healthy: findings.every(({ severity }) => severity !== 'error'), findings, last_backup: await withRetries(() => readLastBackup(prisma)) }
    },

    /** Makes the lab as it was at a revision, as far as nothing contradicts. A dry run returns the same without changes. */
    async restore (at: number, { dryRun }: { dryRun: boolean }, audit: AuditContext): Promise<LabRestoreResult> {
      return await restoreLab(database, at, dryRun, audit)
    },

    /** Removes every container and retires every listed device. The history stays. */
    async wipe (audit: AuditContext): Promise<LabWipe> {
      const [wiped] = await runPrepared<LabWipe>(pool, 'SELECT containers_removed, devices_retired, revision FROM wipe_lab($1)', [audit])
      return wiped!
    }
  }
}

/** Refuses devices and slots of a lab file that name a labware type which the lab will not have. */
function refuseUnknownTypes ({ groups, labware_types }: LabLayout, tracked: TrackedLab, prune: boolean): void {
  const kept = labware_types === null || !prune ? tracked.labware_types : []
  const known = new Set([...labware_types ?? [], ...kept].map(({ name }) => name))
  const faults = groups.flatMap(({ name: group, devices }) => devices.flatMap(({ name, labware_types: types, slots }) => {
    const pointer = `/sila_servers/${escapePointer(group)}/${escapePointer(name)}`
    return [
      ...unknownTypeFaults(types, known, `${pointer}/labware_types`),
      ...(slots ?? []).flatMap((slot) => unknownTypeFaults(slot.labware_types, known, `${pointer}/slots/${slot.position}/labware_types`))
    ]
  }))
  if (faults.length > 0) throw invalid(...faults)
}
