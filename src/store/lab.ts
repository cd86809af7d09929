import { v7 as uuidv7 } from 'uuid'
import type { LabConfig } from '../domain/lab-config.ts'
import { type Change, planLab } from '../domain/lab-diff.ts'
import type { By } from './commands.ts'
import type { Database } from './database.ts'
import { labImage, refuseDroppedSlots, writeDevices, writeLab } from './lab.sql.ts'
import { readTrackedLab } from './tracked-lab.sql.ts'
import { changingTheWorld, nextRevision, presentRevision } from './world.ts'

export type ConfigOptions = { dry_run: boolean, prune: boolean }
export type ConfigResult = { applied: boolean, changes: Change[], revision: number }

/** The lab as a whole: its file, its state, its health. */
export function labStore (database: Database) {
  return {
    /** Makes the lab the one of the file; a dry run answers the same and changes nothing. */
    async configure (config: LabConfig, { dry_run, prune }: ConfigOptions, by: By): Promise<ConfigResult> {
      return await changingTheWorld(database, async (transaction) => {
        const names = config.groups.flatMap(({ devices }) => devices.map(({ name }) => name))
        const { changes, devices, lab } = planLab(config, await readTrackedLab(transaction, names), { prune, newId: uuidv7 })
        if (dry_run || (devices.length === 0 && lab === null)) {
          await refuseDroppedSlots(transaction, devices)
          return { applied: !dry_run, changes, revision: await presentRevision(transaction) }
        }
        const before = await labImage(transaction)
        const revision = await nextRevision(transaction)
        if (devices.length > 0) await writeDevices(transaction, devices, revision, by)
        if (lab !== null) await writeLab(transaction, lab, before, { revision, ordinal: devices.length }, by)
        return { applied: true, changes, revision }
      })
    }
  }
}
