import type pg from 'pg'
import { mixedLevels } from '../domain/match-levels.ts'
import { basisOf, chooseBound, defaultConfidence } from './estimate.ts'
import { type History, type EstimateQuery, readHistories } from './history.sql.ts'
import { nextMargins, grid, type Margins, noMargins, runsForPace, typicalMiss } from './margins.ts'
import { mean, median, samplesFor, windowFor } from './model.ts'

// One instance learns at a time; the others leave it alone.
const lock = 727073690
/** Older runs are never looked at again, so after an import only these are learnt. */
const runsKept = 20
/** Of a run longer than this the first steps stand for all. */
const stepsRead = 5000
/** Questions in one statement, and steps in one: few, since all that has come of an answer is read without a break. */
const questionsEach = 25
const stepsEach = 250

const widest = windowFor(grid.at(-1)!)

/** Gives the event loop back when it was held for a while; throws when the work is to stop. */
export type Breathe = () => Promise<void>
/** What was learnt from one run. */
export type LearntRun = { key: string, steps: number }

type Run = { key: string, began: Date, ended: Date }
type FinishedStep = EstimateQuery & { sample_seconds: number, commanded_seconds: number }

/**
 * Learns from one run that is over and pending, in one transaction: the run is replayed as it would have been estimated as a
 * whole before it began, and what the bounds were short of is kept with the run. Estimates read it from then on. Null when
 * there is no such run, or another instance is learning, for which nobody waits.
 */
export async function learnNextRun (client: pg.ClientBase, breathe: Breathe): Promise<LearntRun | null> {
  await client.query('BEGIN')
  try {
    const { rows: [{ locked } = { locked: false }] } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS locked', [lock])
    const run = locked ? await nextRun(client) : null
    const steps = run === null ? 0 : await learn(client, run, breathe)
    await client.query('COMMIT')
    return run === null ? null : { key: run.key, steps }
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

/** The oldest of the newest pending runs that are over; all older ones are pending no more. */
async function nextRun (client: pg.ClientBase): Promise<Run | null> {
  const { rows: [run] } = await client.query<Run>(`
    WITH over AS MATERIALIZED (
      SELECT key, experiment_id, day, run_last_start(run) AS last_start FROM run WHERE pending AND run_is_over(run)
    ),
    newest AS MATERIALIZED (SELECT * FROM over WHERE last_start IS NOT NULL ORDER BY last_start DESC LIMIT ${runsKept}),
    skipped AS (
      UPDATE run SET pending = false WHERE key IN (SELECT key FROM over EXCEPT SELECT key FROM newest)
    )
    SELECT key, CASE WHEN experiment_id IS NOT NULL
      THEN (SELECT start FROM step WHERE step.experiment_id = newest.experiment_id ORDER BY start LIMIT 1)
      ELSE (SELECT start FROM step WHERE step.experiment_id IS NULL AND start >= newest.day::timestamp AT TIME ZONE 'UTC' ORDER BY start LIMIT 1)
      END AS began, last_start AS ended
    FROM newest ORDER BY last_start LIMIT 1`)
  return run ?? null
}

async function learn (client: pg.ClientBase, { key, began, ended }: Run, breathe: Breathe): Promise<number> {
  const done = await finishedSteps(client, key, breathe)
  const { misses, typical, ratio } = await replay(client, done, began, breathe)
  const { rows: before } = await client.query<{ margins: Margins, miss_seconds: number | null }>(`
    SELECT margins, miss_seconds FROM run WHERE margins IS NOT NULL AND ended_at < $2 AND key <> $1 ORDER BY ended_at DESC LIMIT ${runsForPace - 1}`,
  [key, ended])
  const typicalMisses = [typical, ...before.map(({ miss_seconds }) => miss_seconds)].filter((miss) => miss !== null)
  await client.query('UPDATE run SET pending = false, margins = $2, total_ratio = $3, miss_seconds = $4, ended_at = $5 WHERE key = $1',
    [key, nextMargins(before[0]?.margins ?? noMargins, misses, typicalMisses), ratio, typical, ended])
  return done.length
}

/** The steps of a run that count, in the order of their start. */
async function finishedSteps (client: pg.ClientBase, key: string, breathe: Breathe): Promise<FinishedStep[]> {
  await client.query(`
    DECLARE run_step NO SCROLL CURSOR FOR
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
    WHERE r.key = $1 ORDER BY s.start LIMIT ${stepsRead}`, [key])
  const done: FinishedStep[] = []
  for (let more = true; more;) {
    const { rows } = await client.query<FinishedStep>(`FETCH ${stepsEach} FROM run_step`)
    done.push(...rows)
    more = rows.length === stepsEach
    await breathe()
  }
  await client.query('CLOSE run_step')
  return done
}

/** What a run teaches: what its steps took beyond the bound by the grid, how far they were from the middle, its time against the predicted. */
type RunLesson = { misses: number[][], typical: number | null, ratio: number | null }

/** A run against the estimates that it would have had, had they been asked for all together when it began. */
async function replay (client: pg.ClientBase, done: readonly FinishedStep[], began: Date, breathe: Breathe): Promise<RunLesson> {
  const misses = grid.map((): number[] => [])
  const distances: number[] = []
  let actual = 0
  let predicted = 0
  const alike = await stepsByQuestion(done, began, breathe)
  for (let at = 0; at < alike.length; at += questionsEach) {
    const chunk = alike.slice(at, at + questionsEach)
    const { histories } = await readHistories(client, chunk.map(({ question }) => question), { most: widest, enough: 0 })
    for (const [index, { question, steps }] of chunk.entries()) {
      await breathe()
      const history = histories[index] ?? null
      if (history !== null) add(predict(history, question.kind), steps)
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

type StepsAlike = { question: EstimateQuery, steps: FinishedStep[] }

/** The steps of a run by what would have been asked for them when it began: each question is asked once. */
async function stepsByQuestion (done: readonly FinishedStep[], began: Date, breathe: Breathe): Promise<StepsAlike[]> {
  const as_of = began.toISOString()
  const alike = new Map<string, StepsAlike>()
  for (const step of done) {
    await breathe()
    const { sample_seconds, commanded_seconds, ...asked } = step
    const question: EstimateQuery = { ...asked, as_of }
    const text = JSON.stringify(question)
    const known = alike.get(text)
    if (known === undefined) alike.set(text, { question, steps: [step] })
    else known.steps.push(step)
  }
  return [...alike.values()]
}

/** In seconds; the bounds by the grid, null where the history has no rank for it. */
type Prediction = { bounds: (number | null)[], mean: number, median: number, wellKnown: boolean }

function predict (history: History, kind: EstimateQuery['kind']): Prediction {
  const usual = windowFor(defaultConfidence)
  const recent = basisOf({ ...history, samples: history.samples.slice(0, usual) }, kind)
  const bounds = grid.map((confidence) => {
    const { sorted } = windowFor(confidence) === usual ? recent : basisOf(history, kind)
    const { method, seconds } = chooseBound(sorted, null, confidence, 'upper_bound')
    return method === 'rank' ? seconds : null
  })
  const wellKnown = !mixedLevels.has(recent.level) && recent.sorted.length >= samplesFor(defaultConfidence)
  return { bounds, mean: mean(recent.sorted), median: median(recent.sorted), wellKnown }
}
