import { type Queryable, runPrepared } from '../store/commands.ts'
import { type Margins, noMargins } from './margins.ts'

/** The margins (seconds) and the shift of the rank at 0.5 that were learnt up to the newest finished run. */
export async function newestLearnt (database: Queryable): Promise<{ margins: Margins, shift: number }> {
  const [newest] = await runPrepared<{ margins: Margins, shift: number }>(database, `
    SELECT margins, coalesce(rank_shift, 0) AS shift FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT 1`, [])
  return newest ?? { margins: noMargins, shift: 0 }
}
