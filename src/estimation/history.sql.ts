import { maxInteger } from '../domain/limits.ts'
import { type Queryable, runPrepared } from '../store/commands.ts'
import { type Margins, noMargins } from './margins.ts'
import type { BorrowedSpread } from './model.ts'
import type { EstimateQuery } from './estimate-query.ts'
import { manyHistories, oneHistory, valuesOf } from './history-statements.sql.ts'
import { slices, type YieldToRequests } from '../domain/slices.ts'

/** The samples of the most specific level that has any, newest first. */
export type History = {
  level: number
  /** In seconds. For steps with a commanded time: the overhead. */
  samples: number[]
  /** The finish of each sample, in seconds since 1970. */
  finishes: number[]
  /** The spread of the wider level. null if there are enough samples, or nothing is known. */
  borrowedSpread: BorrowedSpread | null
}

/** What was learnt from finished runs: `margins` (seconds) and `shift` of the rank at 0.5 after the newest run, and `ratios` of actual to predicted time of the newest twenty runs, if requested. */
export type LearntFromRuns = { margins: Margins, shift: number, ratios: number[] }

/** What a statement says of a query. */
export type HistoryRow = { level: number | null, samples: string, finishes: string, borrowed_spread: BorrowedSpread | null, learnt: LearntRow | null }
type LearntRow = { newest: { margins: Margins, shift: number | null } | null, unknown: string[] | null, ratios: number[] | null }

/** A statement returns at most so many samples, which is some MiB. A batch of the usual windows is one statement. */
const samplesPerStatement = 250_000

/**
 * Reads the histories of many queries, in order: with one statement, or with several if the windows are large. Each has at most `most` samples; it is null when there
 * are no comparable steps. A history with fewer than `enough` samples also has the spread of the wider level. Equal queries
 * are sent once and share one history, and so do queries with equal samples. `learnt` contains `ratios` only if requested. `unknownDevices` are names that no device ever had.
 */
export async function readHistories (
  database: Queryable, queries: readonly EstimateQuery[], { most, enough, ratios = false }: { most: number, enough: number, ratios?: boolean },
  yieldToRequests: YieldToRequests = slices()
): Promise<{ histories: (History | null)[], learnt: LearntFromRuns, unknownDevices: ReadonlySet<string> }> {
  const { asked, firstOf, indexes } = distinctQueries(queries)
  const names = new Set(queries.flatMap(({ device, origin_device, destination_device }) => [device, origin_device, destination_device]))
  names.delete(null)
  const perStatement = Math.max(1, Math.floor(samplesPerStatement / most))
  const histories: (History | null)[] = []
  const known = asked.length > 1 ? new Map<string, History>() : undefined
  let learnt: LearntRow | null = null
  for (let from = 0; from < asked.length; from += perStatement) {
    const rows = asked.length === 1
      ? await runPrepared<HistoryRow>(database, oneHistory(most), [Math.min(enough, maxInteger), ratios, ...valuesOf(queries[0]!)])
      : await runPrepared<HistoryRow>(database, manyHistories(most), [Math.min(enough, maxInteger), ratios, [...names], `[${asked.slice(from, from + perStatement).join()}]`])
    learnt ??= rows[0]?.learnt ?? null
    for (const row of rows) {
      await yieldToRequests()
      histories.push(historyOf(row, queries[firstOf[histories.length]!]!.kind, most, known))
    }
  }
  return {
    histories: indexes.map((index) => histories[index] ?? null),
    learnt: { margins: learnt?.newest?.margins ?? noMargins, shift: learnt?.newest?.shift ?? 0, ratios: learnt?.ratios ?? [] },
    unknownDevices: new Set(learnt?.unknown ?? [])
  }
}

/** The different queries as JSON, the index of the first of each, and for each query which one it is. */
function distinctQueries (queries: readonly EstimateQuery[]): { asked: string[], firstOf: number[], indexes: number[] } {
  // One query is what schedulers ask most often. It is sent as parameters, so it needs no JSON and no map.
  if (queries.length === 1) return { asked: [''], firstOf: [0], indexes: [0] }
  const indexByQuery = new Map<string, number>()
  const firstOf: number[] = []
  const indexes = queries.map((query, index) => {
    const json = JSON.stringify(query)
    const known = indexByQuery.get(json)
    if (known !== undefined) return known
    indexByQuery.set(json, indexByQuery.size)
    firstOf.push(index)
    return indexByQuery.size - 1
  })
  return { asked: [...indexByQuery.keys()], firstOf, indexes }
}

/** The history in a row. Rows that share `known` share equal histories. */
export function historyOf ({ level, samples, finishes, borrowed_spread: borrowedSpread }: HistoryRow, kind: EstimateQuery['kind'], most: number, known?: Map<string, History>): History | null {
  if (level === null) return null
  const text = known === undefined ? '' : `${kind} ${level} ${samples} ${finishes} ${JSON.stringify(borrowedSpread)}`
  const same = known?.get(text)
  if (same !== undefined) return same
  const history = { level, samples: numbersIn(samples).slice(0, most), finishes: numbersIn(finishes).slice(0, most), borrowedSpread }
  known?.set(text, history)
  return history
}

// Parses an array of numbers as PostgreSQL writes it: `{1,2.5}`. Six times as fast as the driver's parser for any array.
function numbersIn (array: string): number[] {
  return JSON.parse(`[${array.slice(1, -1)}]`) as number[]
}
