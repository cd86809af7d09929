import type pg from 'pg'
import { mixedLevels } from '../domain/match-levels.ts'
import { boundOf, defaultConfidence } from './estimate.ts'
import type { EstimateQuery } from './estimate-query.ts'
import { type History, readHistories } from './history.sql.ts'
import { marginConfidences, type Margins, nextMargins, nextShift, noMargins, runsForTypicalMiss, typicalMiss } from './margins.ts'
import type { YieldToRequests } from '../domain/slices.ts'
import { mean, median, samplesFor, windowFor } from './model.ts'
import { basisOf } from './sample-basis.ts'

// Advisory lock: one instance learns at a time. The others do not wait for it.
const learningLock = 727073690
/** Estimates never read older runs. After an import, only this many are learnt from. */
const maxRuns = 20
/** Of a longer run, only the first steps are used. */
const maxSteps = 5000
/** Queries in one statement, and steps in one. Both are small, because the driver parses a whole result without a pause. */
const queriesPerStatement = 25
const stepsPerFetch = 250

const maxWindow = windowFor(marginConfidences.at(-1)!)

/** How many steps of a run kept the bound with margin that they had when it began, of those with a bound, at one confidence. */
export type Coverage = { confidence: number, kept: number, judged: number }
/** What was learnt from one run. `again`: steps of it came meanwhile, so it is learnt again. */
export type LearntRun = { key: string, steps: number, coverage: Coverage[], again: boolean }
/** A run from which nothing could be learnt, and how often in a row. */
export type FailedRun = { key: string, error: unknown, failures: number }
/** The learner was stopped while it learnt. */
export class Stopped extends Error {}

type Run = { key: string, began: Date, ended: Date }
type FinishedStep = EstimateQuery & { sample_seconds: number, commanded_seconds: number }

/**
 * Learns from one pending run that is over, in one transaction. All steps of the run are estimated as of its start, and the
 * bounds are compared with the actual durations. The result is stored with the run, where estimates read it. Returns null if
 * there is no such run, or if another instance is learning. A failure is stored with its run; it throws what concerns all runs.
 */
export async function learnNextRun (client: pg.ClientBase, yieldToRequests: YieldToRequests): Promise<LearntRun | FailedRun | null> {
  await passOver(client)
  await client.query('BEGIN')
  let run: Run | null = null
  try {
    const { rows: [{ locked } = { locked: false }] } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [learningLock])
    run = locked ? await nextRun(client) : null
    const learnt = run === null ? null : { key: run.key, ...await learn(client, run, yieldToRequests) }
    await client.query('COMMIT')
    return learnt
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    const failures = run === null || error instanceof Stopped ? null : await postpone(client, run)
    if (failures === null) throw error
    return { key: run!.key, error, failures }
  }
}

/** Lets a run wait after a failure, twice as long each time. Returns the number of its failures, or null if the database does not take that either: then the run is not to blame. */
async function postpone (client: pg.ClientBase, { key }: Run): Promise<number | null> {
  try {
    const { rows: [run] } = await client.query<{ failures: number }>(`
      UPDATE run SET failures = failures + 1, retry_at = now() + least(interval '1 minute' * power(2, least(failures, 10)), interval '1 hour')
      WHERE key = $1 RETURNING failures`, [key])
    return run?.failures ?? null
  } catch {
    return null
  }
}

/**
 * Says of the runs from which nothing will be learnt that they are no longer pending: those older than the newest that are over, and those
 * whose steps all have times that cannot be true. A statement of its own, because commands would wait for these rows while a run is learnt.
 */
async function passOver (client: pg.ClientBase): Promise<void> {
  await client.query(`
    WITH over AS MATERIALIZED (
      SELECT key, run_last_start(run) AS last_start FROM run WHERE pending AND run_can_be_learnt(run)
    ),
    quiet AS MATERIALIZED (
      SELECT key FROM (
        SELECT key FROM over WHERE last_start IS NULL
        UNION ALL
        (SELECT key FROM over WHERE last_start IS NOT NULL ORDER BY last_start DESC OFFSET ${maxRuns})
      ) nothing_to_learn
      WHERE pg_try_advisory_xact_lock(run_lock(key)) AND pg_try_advisory_xact_lock(${learningLock})
    ),
    emptied AS (
      UPDATE run SET margins = NULL, rank_shift = NULL, total_ratio = NULL, miss_seconds = NULL, ended_at = NULL, pending = false
      WHERE key IN (SELECT key FROM quiet JOIN over USING (key) WHERE last_start IS NULL)
    )
    UPDATE run SET pending = false WHERE key IN (SELECT key FROM quiet JOIN over USING (key) WHERE last_start IS NOT NULL)`)
}

/** The next run: the oldest of the newest pending runs that are over. */
async function nextRun (client: pg.ClientBase): Promise<Run | null> {
  const { rows: [run] } = await client.query<Run>(`
    WITH over AS MATERIALIZED (
      SELECT key, experiment_id, day, run_last_start(run) AS last_start FROM run WHERE pending AND run_can_be_learnt(run)
    ),
    newest AS MATERIALIZED (SELECT * FROM over WHERE last_start IS NOT NULL ORDER BY last_start DESC LIMIT ${maxRuns})
    SELECT key, CASE WHEN experiment_id IS NOT NULL
      THEN (SELECT start FROM step WHERE step.experiment_id = newest.experiment_id AND believable ORDER BY start LIMIT 1)
      ELSE (SELECT start FROM step WHERE step.experiment_id IS NULL AND believable AND start >= newest.day::timestamp AT TIME ZONE 'UTC' ORDER BY start LIMIT 1)
      END AS began, last_start AS ended
    FROM newest ORDER BY last_start LIMIT 1`)
  return run ?? null
}

async function learn (client: pg.ClientBase, { key, began, ended }: Run, yieldToRequests: YieldToRequests): Promise<Omit<LearntRun, 'key'>> {
  const { rows: [read] } = await client.query<{ state: string }>(`SELECT ${stepsOf('$1')} AS state`, [key])
  const done = await finishedSteps(client, key, yieldToRequests)
  const { rows: before } = await client.query<{ margins: Margins, rank_shift: number | null, miss_seconds: number | null }>(`
    SELECT margins, rank_shift, miss_seconds FROM run WHERE margins IS NOT NULL AND ended_at < $2 AND key <> $1 ORDER BY ended_at DESC LIMIT ${runsForTypicalMiss - 1}`,
  [key, ended])
  const shift = before[0]?.rank_shift ?? 0
  const { misses, typical, ratio } = await replay(client, done, began, shift, yieldToRequests)
  const typicalMisses = [typical, ...before.map(({ miss_seconds }) => miss_seconds)].filter((miss) => miss !== null)
  // At 0.5 the rank is shifted instead of a margin added.
  const marginsThen = before[0]?.margins ?? noMargins
  const margins = nextMargins(marginsThen, misses, typicalMisses).map((margin, point) => point === 0 ? 0 : margin)
  // Steps that came or changed while the run was learnt are missing in the result, and those of a command that is still at work. Then the
  // run stays pending. A run that was wiped meanwhile is gone, and nothing is stored.
  const { rows: [held] } = await client.query<{ quiet: boolean }>('SELECT pg_try_advisory_xact_lock(run_lock(key)) AS quiet FROM run WHERE key = $1 FOR NO KEY UPDATE', [key])
  const { rows: [stored] } = await client.query<{ again: boolean }>(`
    UPDATE run SET pending = again, retry_at = CASE WHEN again THEN clock_timestamp() + interval '10 seconds' END, failures = 0,
      margins = $2, total_ratio = $3, miss_seconds = $4, ended_at = $5, rank_shift = $6
    FROM (SELECT NOT $8::boolean OR ${stepsOf('$1')} <> $7 AS again) meanwhile WHERE key = $1 RETURNING again`,
  [key, margins, ratio, typical, ended, nextShift(shift, misses[0]!, typicalMisses), read!.state, held?.quiet ?? false])
  const coverage = marginConfidences.map((confidence, point) =>
    ({ confidence, kept: misses[point]!.filter((miss) => miss <= marginsThen[point]!).length, judged: misses[point]!.length }))
  return { steps: done.length, coverage, again: stored?.again ?? true }
}

/** SQL for the number of steps of a run and their versions, as a text: it changes with each step that comes or changes. */
function stepsOf (key: string): string {
  return `(SELECT count(*) || ' ' || coalesce(sum(version), 0) FROM (
    SELECT s.version FROM run r JOIN step s ON s.experiment_id = r.experiment_id WHERE r.key = ${key}
    UNION ALL
    SELECT s.version FROM run r JOIN step s ON s.experiment_id IS NULL AND s.start >= r.day::timestamp AT TIME ZONE 'UTC' AND s.start < (r.day + 1)::timestamp AT TIME ZONE 'UTC'
    WHERE r.key = ${key}) all_of_it)`
}

/** The steps of a run that count, in the order of their start. */
async function finishedSteps (client: pg.ClientBase, key: string, yieldToRequests: YieldToRequests): Promise<FinishedStep[]> {
  await client.query(`
    DECLARE run_step NO SCROLL CURSOR FOR
    SELECT s.kind, s.match_function, s.match_parameters, s.match_protocol, d.name AS device,
      o.name AS origin_device, s.origin_position, t.name AS destination_device, s.destination_position,
      s.lidded_before, s.lidded_after, s.barcode_read, s.sample_seconds,
      coalesce(s.commanded_seconds, 0) AS commanded_seconds
    FROM run r
    JOIN step s ON s.is_sample AND (s.experiment_id = r.experiment_id
      OR (r.day IS NOT NULL AND s.experiment_id IS NULL AND s.start >= r.day::timestamp AT TIME ZONE 'UTC'
        AND s.start < (r.day + 1)::timestamp AT TIME ZONE 'UTC'))
    JOIN device d ON d.id = s.device_id
    LEFT JOIN device o ON o.id = s.origin_device_id
    LEFT JOIN device t ON t.id = s.destination_device_id
    WHERE r.key = $1 ORDER BY s.start LIMIT ${maxSteps}`, [key])
  const done: FinishedStep[] = []
  for (let more = true; more;) {
    const { rows } = await client.query<FinishedStep>(`FETCH ${stepsPerFetch} FROM run_step`)
    done.push(...rows)
    more = rows.length === stepsPerFetch
    await yieldToRequests()
  }
  await client.query('CLOSE run_step')
  return done
}

/**
 * What is learnt from a run, in seconds. `misses`: duration minus bound, for each of `marginConfidences`. `typical`: the typical
 * distance from the median. `ratio`: actual time of the run divided by its predicted time.
 */
type RunResult = { misses: number[][], typical: number | null, ratio: number | null }

/** Compares the steps of a run with the estimates that they would have had at the start of the run. */
async function replay (client: pg.ClientBase, done: readonly FinishedStep[], began: Date, shift: number, yieldToRequests: YieldToRequests): Promise<RunResult> {
  const misses = marginConfidences.map((): number[] => [])
  const distances: number[] = []
  let actual = 0
  let predicted = 0
  const alike = await stepsByQuery(done, began, yieldToRequests)
  for (let at = 0; at < alike.length; at += queriesPerStatement) {
    const chunk = alike.slice(at, at + queriesPerStatement)
    const { histories } = await readHistories(client, chunk.map(({ query }) => query), { most: maxWindow, enough: 0 }, yieldToRequests)
    for (const [index, { query, steps }] of chunk.entries()) {
      await yieldToRequests()
      const history = histories[index] ?? null
      if (history !== null) add(predict(history, query.kind, shift), steps)
    }
  }
  return { misses, typical: typicalMiss(distances), ratio: predicted > 0 && actual > 0 ? actual / predicted : null }

  function add (prediction: Prediction, steps: readonly FinishedStep[]): void {
    for (const { sample_seconds, commanded_seconds } of steps) {
      actual += commanded_seconds + sample_seconds
      predicted += commanded_seconds + prediction.mean
      if (prediction.wellKnown) distances.push(sample_seconds - prediction.median)
      for (const [point, bound] of prediction.bounds.entries()) if (bound !== null) misses[point]!.push(sample_seconds - bound)
    }
  }
}

type StepsAlike = { query: EstimateQuery, steps: FinishedStep[] }

/** The steps of a run, grouped by their estimate query as of the start of the run. Each query is sent once. */
async function stepsByQuery (done: readonly FinishedStep[], began: Date, yieldToRequests: YieldToRequests): Promise<StepsAlike[]> {
  const as_of = began.toISOString()
  const alike = new Map<string, StepsAlike>()
  for (const step of done) {
    await yieldToRequests()
    const { sample_seconds, commanded_seconds, ...queryNow } = step
    const query: EstimateQuery = { ...queryNow, as_of }
    const text = JSON.stringify(query)
    const known = alike.get(text)
    if (known === undefined) alike.set(text, { query, steps: [step] })
    else known.steps.push(step)
  }
  return [...alike.values()]
}

/** In seconds. `bounds` are for `marginConfidences`; null where the history has too few samples for a rank. */
type Prediction = { bounds: (number | null)[], mean: number, median: number, wellKnown: boolean }

function predict (history: History, kind: EstimateQuery['kind'], shift: number): Prediction {
  const usual = windowFor(defaultConfidence)
  const recently = { ...history, samples: history.samples.slice(0, usual) }
  const bounds = marginConfidences.map((confidence) => {
    const { chosen: { method, seconds } } = boundOf(windowFor(confidence) === usual ? recently : history, kind, { confidence, shift })!
    return method === 'rank' ? seconds : null
  })
  const recent = basisOf(recently, kind)
  const wellKnown = !mixedLevels.has(recent.level) && recent.sorted.length >= samplesFor(defaultConfidence)
  return { bounds, mean: mean(recent.sorted), median: median(recent.sorted), wellKnown }
}
