import { type Queryable, runPrepared } from '../store/commands.ts'
import { type Margins, noMargins } from './margins.ts'

/** What was known after a finished run: the margins in seconds, and the shift of the rank at 0.5. `ended_at` is in seconds since 1970. */
export type LearntAt = { ended_at: number, margins: Margins, shift: number }

/** What was learnt from the newest finished runs, so many at most. */
export async function learntNewestFirst (database: Queryable, most: number): Promise<LearntAt[]> {
  return await runPrepared<LearntAt>(database, `
    SELECT extract(epoch FROM ended_at)::float8 AS ended_at, margins, coalesce(rank_shift, 0) AS shift
    FROM run WHERE margins IS NOT NULL AND ended_at <= now() ORDER BY ended_at DESC LIMIT $1`, [most])
}

/** What was known before a time: the margins and the shift that estimates of then used. */
export async function learntBefore (database: Queryable, time: Date): Promise<Pick<LearntAt, 'margins' | 'shift'>> {
  const [newest] = await runPrepared<Pick<LearntAt, 'margins' | 'shift'>>(database, `
    SELECT margins, coalesce(rank_shift, 0) AS shift FROM run WHERE margins IS NOT NULL AND ended_at < $1 ORDER BY ended_at DESC LIMIT 1`, [time.toISOString()])
  return newest ?? { margins: noMargins, shift: 0 }
}
