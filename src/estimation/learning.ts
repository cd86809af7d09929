import type pg from 'pg'
import { mixedLevels } from '../domain/match-levels.ts'
import { basisOf, chooseBound, defaultConfidence } from './estimate.ts'
import { type History, type EstimateQuery, readHistories } from './history.sql.ts'
import { nextMargins, grid, type Margins, noMargins, runsForPace, typicalMiss } from './margins.ts'
import { mean, median, samplesFor, windowFor } from './model.ts'

// Advisory lock: one process learns at a time. The others wait, and then find nothing to learn.
const learningLock = 727073690
// Estimates never read older runs. After an import, only this many are learnt from.
const maxRuns = 20
// Of a longer run, only the first steps are used.
const maxSteps = 5000

const largestWindow = windowFor(grid.at(-1)!)

type Run = { key: string, began: Date, ended: Date }
type FinishedStep = EstimateQuery & { sample_seconds: number, commanded_seconds: number }

/**
 * Learns margins from the finished runs that are pending. Each run is replayed once: all its steps are estimated as of its
 * start, and the bounds are compared with the actual durations. The result is stored with the run, where estimates read it.
 */
export async function learnFinishedRuns (pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT pg_advisory_xact_lock($1)', [learningLock])
    // At most twenty runs, usually one. The queries of a run do not depend on its number of steps.
    for (const run of await takePending(client)) await learn(client, run)
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  } finally {
    client.release()
  }
}

/** Clears `pending` of all finished runs, and returns the most recent of them, oldest first. */
async function takePending (client: pg.PoolClient): Promise<Run[]> {
  const { rows } = await client.query<Run>(`
    WITH taken AS (
      UPDATE run SET pending = false WHERE pending AND run_is_over(run)
      RETURNING key, run_last_start(run) AS last_start, experiment_id, day
    ),
    recent AS (SELECT * FROM taken WHERE last_start IS NOT NULL ORDER BY last_start DESC LIMIT ${maxRuns})
    SELECT key, CASE WHEN experiment_id IS NOT NULL
      THEN (SELECT start FROM step WHERE step.experiment_id = recent.experiment_id ORDER BY start LIMIT 1)
      ELSE (SELECT start FROM step WHERE step.experiment_id IS NULL AND start >= recent.day::timestamp AT TIME ZONE 'UTC' ORDER BY start LIMIT 1)
      END AS began, last_start AS ended
    FROM recent ORDER BY last_start`)
  return rows
}

async function learn (client: pg.PoolClient, { key, began, ended }: Run): Promise<void> {
  const { rows: steps } = await client.query<FinishedStep>(`
    SELECT s.kind, s.match_function, s.match_parameters, s.match_protocol, d.name AS device,
      o.name AS origin_device, s.origin_position, t.name AS destination_device, s.destination_position,
      s.lidded_before, s.lidded_after, s.barcode_read, s.sample_seconds,
      coalesce(s.commanded_seconds, 0) AS commanded_seconds
    FROM run r
    JOIN step s ON s.counts AND (s.experiment_id = r.experiment_id
      OR (r.day IS NOT NULL AND s.experiment_id IS NULL AND s.start >= r.day::timestamp AT TIME ZONE 'UTC'
        AND s.start < (r.day + 1)::timestamp AT TIME ZONE 'UTC'))
    JOIN device d ON d.id = s.device_id
    LEFT JOIN device o ON o.id = s.origin_device_id
    LEFT JOIN device t ON t.id = s.destination_device_id
    WHERE r.key = $1 ORDER BY s.start LIMIT ${maxSteps}`, [key])
  const { misses, typical, ratio } = await replay(client, steps, began)
  const { rows: before } = await client.query<{ margins: Margins, miss_seconds: number | null }>(`
    SELECT margins, miss_seconds FROM run WHERE margins IS NOT NULL AND ended_at < $2 AND key <> $1 ORDER BY ended_at DESC LIMIT ${runsForPace - 1}`,
  [key, ended])
  const typicalMisses = [typical, ...before.map(({ miss_seconds }) => miss_seconds)].filter((miss) => miss !== null)
  await client.query('UPDATE run SET margins = $2, total_ratio = $3, miss_seconds = $4, ended_at = $5 WHERE key = $1',
    [key, nextMargins(before[0]?.margins ?? noMargins, misses, typicalMisses), ratio, typical, ended])
}

/**
 * What is learnt from one run. `misses` are durations minus bounds in seconds, for each confidence of the grid. `typical` is
 * the typical distance of a duration from its median, in seconds. `ratio` is the actual time divided by the predicted time.
 */
type RunLesson = { misses: number[][], typical: number | null, ratio: number | null }

/** Compares a run with the estimates that it would have got at its start. */
async function replay (client: pg.PoolClient, steps: readonly FinishedStep[], began: Date): Promise<RunLesson> {
  const as_of = began.toISOString()
  const queries = steps.map(({ sample_seconds, commanded_seconds, ...query }): EstimateQuery => ({ ...query, as_of }))
  const { histories } = await readHistories(client, queries, { most: largestWindow, enough: 0 })
  const predictions = new Map<History, Prediction>()
  const misses = grid.map((): number[] => [])
  const distances: number[] = []
  let actual = 0
  let predicted = 0
  for (const [index, { sample_seconds, commanded_seconds, kind }] of steps.entries()) {
    const history = histories[index] ?? null
    if (history === null) continue
    const prediction = predictions.get(history) ?? predict(history, kind)
    predictions.set(history, prediction)
    actual += commanded_seconds + sample_seconds
    predicted += commanded_seconds + prediction.mean
    if (prediction.isReliable) distances.push(sample_seconds - prediction.median)
    for (const [point, bound] of prediction.bounds.entries()) if (bound !== null) misses[point]!.push(sample_seconds - bound)
  }
  return { misses, typical: typicalMiss(distances), ratio: predicted > 0 && actual > 0 ? actual / predicted : null }
}

/** In seconds. `bounds` has one bound for each confidence of the grid; null if there are too few samples for the rank bound. */
type Prediction = { bounds: (number | null)[], mean: number, median: number, isReliable: boolean }

function predict (history: History, kind: EstimateQuery['kind']): Prediction {
  const usualWindow = windowFor(defaultConfidence)
  const recent = basisOf({ ...history, samples: history.samples.slice(0, usualWindow) }, kind)
  const bounds = grid.map((confidence) => {
    const { sorted } = windowFor(confidence) === usualWindow ? recent : basisOf(history, kind)
    const { method, seconds } = chooseBound(sorted, null, confidence, 'upper_bound')
    return method === 'rank' ? seconds : null
  })
  const isReliable = !mixedLevels.has(recent.level) && recent.sorted.length >= samplesFor(defaultConfidence)
  return { bounds, mean: mean(recent.sorted), median: median(recent.sorted), isReliable }
}
