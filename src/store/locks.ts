import { isUuid } from '../domain/values.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'

/** The kinds of objects that a write can change and `If-Match` can refer to. */
export type ChangedObject = 'lab' | 'lab-file' | 'device' | 'position' | 'certificate' | 'labware-type' | 'container' | 'process' | 'experiment' | 'step' | 'reservation' | 'webhook'

const rowLocks = {
  process: 'SELECT FROM process WHERE id = $1 FOR NO KEY UPDATE',
  experiment: 'SELECT FROM experiment WHERE id = $1 FOR NO KEY UPDATE',
  step: 'SELECT FROM step WHERE id = $1 FOR NO KEY UPDATE',
  webhook: 'SELECT FROM webhook WHERE id = $1 FOR UPDATE'
} as const

/** Locks an object until the end of the transaction: processes, experiments, steps and webhooks by their row, everything else by the lab lock. */
export function lockStore ({ pool }: Database) {
  return {
    async take (what: ChangedObject, { id }: Readonly<Record<string, string>>): Promise<void> {
      if (!(what in rowLocks)) await runPrepared(pool, 'SELECT lock_lab()', [])
      else if (id !== undefined && isUuid(id)) await runPrepared(pool, rowLocks[what as keyof typeof rowLocks], [id])
    }
  }
}
