import { maxInteger } from '../domain/limits.ts'
import { type Queryable, runPrepared } from '../store/commands.ts'
import { maxPageBytes } from '../store/page-bytes.sql.ts'
import { stepsAsJson } from '../store/steps.sql.ts'
import type { EstimateQuery } from './estimate-query.ts'
import { bySize, historiesOfColumns } from './history-statements.sql.ts'
import { type History, historyOf, type HistoryRow, type LearntFromRuns } from './history.sql.ts'
import { noMargins } from './margins.ts'

/** At most so many steps are read at once, and fewer if they have more bytes of JSON together. */
const stepsAtOnce = 5000
const largestJson = 2 * maxPageBytes
/** Where a page of the steps begins: below this step, the newest first. */
export type StepCursor = { start: Date | 'infinity', id: string }
const newest: StepCursor = { start: 'infinity', id: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }

// The match keys of stored steps are columns of theirs, so nothing is computed again. $1: `enough`. $2 and $3: below which step.
const underWaySql = (columns: string, from: string) => (size: number) => `
WITH under_way AS MATERIALIZED (
  SELECT ${columns}, s.key_1, s.key_2, s.key_3, s.key_4, s.key_5, s.start, row_number() OVER (ORDER BY s.start, s.id) AS n
  FROM (SELECT * FROM step WHERE status IN ('running', 'paused', 'lost') AND (start, id) < ($2, $3) ORDER BY start DESC, id DESC LIMIT ${stepsAtOnce}) s ${from}
),
keyed AS MATERIALIZED (SELECT n, 'infinity'::timestamptz AS as_of, key_1, key_2, key_3, key_4, key_5 FROM under_way),
histories AS MATERIALIZED (${historiesOfColumns(size, '$1')}
)
SELECT lab.revision::float8 AS revision, now()::timestamptz(3) AS now, under_way.*,
  CASE WHEN sum(octet_length(shown.json)) OVER (ORDER BY under_way.n DESC) - octet_length(shown.json) < ${largestJson} THEN shown.json END AS json,
  histories.level, histories.samples, histories.finishes, histories.borrowed_spread, histories.learnt
FROM lab
LEFT JOIN (under_way
  JOIN histories ON histories.n = under_way.n
  CROSS JOIN LATERAL (${stepsAsJson()} WHERE object.id = under_way.id) shown
) ON true
ORDER BY under_way.n`

/** What is known of the lab at one moment, and the newest steps that have not ended, with their histories. `next` is where to read on if there may be more. */
export type LabUnderWay<Step> = {
  revision: number, now: Date, learnt: LearntFromRuns, steps: { step: Step, json: string, history: History | null }[], next: StepCursor | null
}

/**
 * A reader of the steps that have not ended, with one statement: `columns` (of `step s`, with its id and kind) and the joins in `from` say what of
 * each. The cost depends on how many they are, at most a page, and not on the history.
 */
export function underWayReader<Step extends { id: string, kind: EstimateQuery['kind'] }> (columns: string, from: string) {
  const statementFor = bySize(underWaySql(columns, from))
  // Without steps there is one row, of the lab alone.
  type Found = { revision: number, now: Date } & ({ id: null, learnt: null } | (Omit<HistoryRow & Step, 'id'> & { id: string, start: Date, json: string | null }))
  return async (database: Queryable, { most, enough, below = newest }: { most: number, enough: number, below?: StepCursor }): Promise<LabUnderWay<Step>> => {
    const rows = await runPrepared<Found>(database, statementFor(most), [Math.min(enough, maxInteger), below.start, below.id])
    const known = new Map<string, History>()
    const run = rows.find(({ learnt }) => learnt !== null)?.learnt?.newest
    const underWay = (row: HistoryRow & Step & { json: string }) => ({ step: row, json: row.json, history: historyOf(row, row.kind, most, known) })
    const { revision, now } = rows[0]!
    const read = rows.flatMap((row) => row.id === null || row.json === null ? [] : [row as unknown as HistoryRow & Step & { start: Date, json: string }])
    const isAll = read.length < stepsAtOnce && (read.length === rows.length || rows[0]!.id === null)
    return {
      revision,
      now,
      learnt: { margins: run?.margins ?? noMargins, shift: run?.shift ?? 0, ratios: [] },
      steps: read.map(underWay),
      next: isAll ? null : { start: read[0]!.start, id: read[0]!.id }
    }
  }
}
