import {
  type EstimatedKind, maxKindPoints, type StepKindHistory, type StepKindHistoryQuery, type StepKindPoint, type StepKindQuery, type StepKindRegime
} from '../contract/estimate-kinds.ts'
import { invalid, problem } from '../contract/problems.ts'
import { toUtc } from '../domain/step-times.ts'
import type { Queryable } from '../store/commands.ts'
import { refuseDeviceThatNeverWas } from '../store/devices.ts'
import { filtersOf, isIdKey, type Page, readPage } from '../store/pages.ts'
import { samplesSinceChangePoint } from './change-point.ts'
import { defaultConfidence, estimate, type EstimateOptions, total } from './estimate.ts'
import type { History } from './history.sql.ts'
import { countKinds, type KindRow, type KnownKind, type PointRow, readKind, readKinds, readPoints } from './kinds.sql.ts'
import { learntNewestFirst } from './learnt.sql.ts'
import { noMargins } from './margins.ts'
import { median, samplesFor, windowFor } from './model.ts'
import { slices, type YieldToRequests } from '../domain/slices.ts'
import { trendOf } from './trend.ts'
import { basisOf } from './sample-basis.ts'

const dayMs = 86_400_000
/** Without `since` or `from`: a quarter of a year. */
const usualDays = 92
const maxDays = 366
/** How many of the newest steps `coverage` judges. */
const maxJudged = 100

/** What is known of each kind of step: the steps with one key of the most specific level (`key_1`). Throws `device-not-found`. */
export async function listKinds (database: Queryable, query: StepKindQuery): Promise<Page<EstimatedKind>> {
  const { confidence = defaultConfidence, device = null } = query
  const since = query.since === undefined ? new Date(Date.now() - usualDays * dayMs).toISOString() : toUtc(query.since)
  const options = await optionsOf(database, confidence)
  const yieldToRequests = slices()
  return await readPage(query, {
    name: 'step-kinds',
    filters: filtersOf(query),
    keys: ({ key }): [string] => [key],
    isKey: isIdKey,
    read: async (after, take) => {
      const sizes = { samples: windowFor(confidence) + maxJudged, enough: samplesFor(confidence) }
      const found = await readKinds(database, { since, device, after: after?.[0] ?? null, take, ...sizes })
      if (found.length === 0 && device !== null) await refuseDeviceThatNeverWas(database, device)
      const kinds: EstimatedKind[] = []
      for (const kind of found) kinds.push(await known(kind, options, yieldToRequests))
      return kinds
    },
    count: async () => await countKinds(database, { since, device })
  })
}

/** With the margins of today. */
async function optionsOf (database: Queryable, confidence: number): Promise<EstimateOptions> {
  const [newest] = await learntNewestFirst(database, 1)
  return { confidence, statistic: 'upper_bound', margins: newest?.margins ?? noMargins, shift: newest?.shift ?? 0 }
}

async function known (kind: KnownKind, options: EstimateOptions, yieldToRequests: YieldToRequests): Promise<EstimatedKind> {
  const { samples, finishes, borrowed_spread: borrowedSpread, commanded_seconds: commanded, last_finish, ...what } = kind
  const size = windowFor(options.confidence)
  const history: History = { level: 1, samples: samples.slice(0, size), finishes: finishes.slice(0, size), borrowedSpread }
  const estimated = estimate(history, { kind: kind.kind, commanded }, options)
  const { cut, from, sorted } = basisOf(history, kind.kind)
  // Each step with the bound of those before it, the newest first.
  let judged = 0
  let kept = 0
  for (let index = 0; index < Math.min(maxJudged, samples.length - samplesFor(options.confidence)); index++) {
    await yieldToRequests()
    const bound = boundBefore(kind, samples, finishes, index, options)
    judged++
    if (bound !== null && total(commanded, samples[index]!) <= bound) kept++
  }
  return {
    ...what,
    sample_size: estimated.sample_size,
    median_seconds: estimated.median_seconds!,
    bound_seconds: estimated.duration_seconds!,
    method: estimated.method,
    trend: cut ? trendOf(history.samples, sorted.length) : trendOf(samples),
    drift_since: cut ? new Date(Math.min(from * 1000, last_finish.getTime())).toISOString() : null,
    coverage: judged === 0 ? null : kept / judged,
    judged,
    last_finish: last_finish.toISOString()
  }
}

/** The bound in seconds that the step at `index` had: that of the steps before it. Null if there are none. */
function boundBefore (
  { kind, commanded_seconds: commanded }: Pick<KindRow, 'kind' | 'commanded_seconds'>,
  samples: readonly number[], finishes: readonly number[], index: number, options: EstimateOptions
): number | null {
  const until = index + 1 + windowFor(options.confidence)
  const history: History = { level: 1, samples: samples.slice(index + 1, until), finishes: finishes.slice(index + 1, until), borrowedSpread: null }
  return history.samples.length === 0 ? null : estimate(history, { kind, commanded }, options).duration_seconds
}

/** The steps of a kind in a time range, each with the bound that it had. Throws `step-kind-not-found`, and a 400 for a range that is empty or too long. */
export async function kindHistory (database: Queryable, key: string, query: StepKindHistoryQuery): Promise<StepKindHistory> {
  const { from, to, confidence = defaultConfidence } = query
  const ends = to === undefined ? new Date().toISOString() : toUtc(to)
  const begins = from === undefined ? new Date(Date.parse(ends) - usualDays * dayMs).toISOString() : toUtc(from)
  const days = (Date.parse(ends) - Date.parse(begins)) / dayMs
  if (!(days > 0)) throw invalid({ in: 'query', ...to === undefined ? { parameter: 'from', detail: 'must not be in the future' } : { parameter: 'to', detail: 'must be after `from`' } })
  if (days > maxDays) throw invalid({ in: 'query', parameter: 'to', detail: `must be at most ${maxDays} days after \`from\`` })
  const kind = await readKind(database, key)
  if (kind === undefined) throw kindNotFound()
  const options = await optionsOf(database, confidence)
  const found = await readPoints(database, key, { from: begins, to: ends, take: maxKindPoints + 1 })
  const newest = found.slice(0, maxKindPoints)
  const { commanded_seconds: _, ...what } = kind
  return {
    ...what, from: begins, to: ends,
    points: await pointsOf(kind, newest, options),
    regimes: regimesOf(newest.filter(({ sample_seconds }) => sample_seconds !== null)),
    truncated: found.length > maxKindPoints
  }
}

async function pointsOf (kind: KindRow, newestFirst: readonly PointRow[], options: EstimateOptions): Promise<StepKindPoint[]> {
  const samples = newestFirst.filter(({ sample_seconds }) => sample_seconds !== null)
  const seconds = samples.map(({ sample_seconds }) => sample_seconds!)
  const finishes = samples.map(({ finish }) => finish.getTime() / 1000)
  const yieldToRequests = slices()
  const points: StepKindPoint[] = []
  // How many samples are not older than the step.
  let passed = 0
  for (const { step_id, start, duration_seconds, sample_seconds, commanded_seconds, status, corrected } of newestFirst) {
    await yieldToRequests()
    if (sample_seconds !== null) passed++
    points.push({
      step_id, start: start.toISOString(), duration_seconds,
      bound_seconds: boundBefore({ kind: kind.kind, commanded_seconds }, seconds, finishes, passed - 1, options), status, corrected
    })
  }
  return points.reverse()
}

/** The times between the change points, oldest first: the strongest change point first, then those of each side. */
function regimesOf (newestFirst: readonly PointRow[]): StepKindRegime[] {
  if (newestFirst.length === 0) return []
  const keep = samplesSinceChangePoint(newestFirst.map(({ sample_seconds }) => sample_seconds!))
  if (keep < newestFirst.length) return [...regimesOf(newestFirst.slice(keep)), ...regimesOf(newestFirst.slice(0, keep))]
  return [{
    from: newestFirst.at(-1)!.finish.toISOString(), to: newestFirst[0]!.finish.toISOString(), sample_size: newestFirst.length,
    median_seconds: median(newestFirst.map(({ duration_seconds }) => duration_seconds!).sort((a, b) => a - b))
  }]
}

function kindNotFound () {
  return problem('step-kind-not-found', 'No step that counts for estimates has this key. GET /api/estimates/kinds lists the keys.', { parameter: 'key' })
}
