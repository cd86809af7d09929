import { isUuid } from '../domain/values.ts'
import { runPrepared } from './commands.ts'
import type { Database } from './database.ts'

/** What a write can change, and be asked about before: by its row, or with all of the world. */
export type ChangedThing = 'lab' | 'lab-file' | 'device' | 'position' | 'certificate' | 'container' | 'process' | 'experiment' | 'step' | 'reservation'

const rowOf = {
  process: 'SELECT FROM process WHERE id = $1 FOR NO KEY UPDATE',
  experiment: 'SELECT FROM experiment WHERE id = $1 FOR NO KEY UPDATE',
  step: 'SELECT FROM step WHERE id = $1 FOR NO KEY UPDATE'
} as const

/** Holds a thing still, until the surrounding transaction ends: the log's by their row, all of the world by the lab's. */
export function lockStore ({ pool }: Database) {
  return {
    async take (what: ChangedThing, { id }: Readonly<Record<string, string>>): Promise<void> {
      if (what !== 'process' && what !== 'experiment' && what !== 'step') await runPrepared(pool, 'SELECT lock_lab()', [])
      else if (id !== undefined && isUuid(id)) await runPrepared(pool, rowOf[what], [id])
    }
  }
}
