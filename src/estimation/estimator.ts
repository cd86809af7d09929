import type { RunningSteps } from '../contract/running.ts'
import type { EstimatedKind, StepKindHistory, StepKindHistoryQuery, StepKindQuery } from '../contract/estimate-kinds.ts'
import type { Calibration, CalibrationGrouping, EstimateSample, PlannedStep, Statistic } from '../contract/estimates.ts'
import { invalid } from '../contract/problems.ts'
import type { ExperimentTimeline } from '../contract/timelines.ts'
import { matchInputs } from '../domain/match.ts'
import type { Database } from '../store/database.ts'
import type { Page } from '../store/pages.ts'
import { calibrate } from './calibration.ts'
import { chosenOf, type StepEstimate, estimate, type EstimateSubject, defaultConfidence } from './estimate.ts'
import type { EstimateQuery } from './estimate-query.ts'
import { type History, readHistories } from './history.sql.ts'
import { samplesFor, windowFor } from './model.ts'
import { kindHistory, listKinds } from './kinds.ts'
import { type ProcessDurationEstimate, processDuration } from './process-duration.ts'
import { readSamples } from './samples.sql.ts'
import { slices } from '../domain/slices.ts'
import { runningNow } from './running.ts'
import { timelineOf } from './timeline.ts'
import { type RemainingTime, remaining, runningSteps, runningStepsOf } from './remaining.ts'
import { type Total, totalOf } from './total.ts'

/** Options of a request; members that are missing or null have defaults. */
type EstimateRequestOptions = { confidence?: number | null, statistic?: Statistic | null, total?: boolean | null, samples?: boolean }
type RemainingOptions = { step_ids?: readonly string[] | null, experiment_id?: string | null, confidence?: number | null }
type CalibrationOptions = { confidence?: number, since?: string | Date, group_by?: CalibrationGrouping, limit?: number }
/** `pointer` is the JSON pointer of the step in the request. */
type EstimateTarget = EstimateSubject & { query: EstimateQuery, pointer?: string }

export type Estimator = ReturnType<typeof openEstimator>

// The statistic `max` uses at most this many of the newest samples.
const maxStatisticWindow = 2000

/** Estimates how long steps take, from the history in the database. */
export function openEstimator (database: Database) {
  const { pool } = database
  /** Reads the histories of the targets, in order. What was learnt from earlier runs is in the database already (learner.ts). */
  async function readTargets (targets: readonly EstimateTarget[], window: Parameters<typeof readHistories>[2]): ReturnType<typeof readHistories> {
    return await readHistories(pool, targets.map(({ query }) => query), window)
  }

  async function estimateTargets (targets: readonly EstimateTarget[], options: EstimateRequestOptions) {
    const confidence = options.confidence ?? defaultConfidence
    const statistic = options.statistic ?? 'upper_bound'
    const { histories, learnt, unknownDevices } = await readTargets(targets, {
      most: statistic === 'max' ? maxStatisticWindow : windowFor(confidence),
      enough: statistic === 'upper_bound' ? samplesFor(confidence) : 0,
      ratios: options.total === true
    })
    // Equal steps share one history. Each history is estimated once for each commanded time.
    const cache = new Map<History | null, Map<number | null, StepEstimate>>()
    const estimates: StepEstimate[] = []
    const yieldToRequests = slices()
    for (const [index, target] of targets.entries()) {
      await yieldToRequests()
      const history = histories[index] ?? null
      const byCommanded = cache.get(history) ?? new Map<number | null, StepEstimate>()
      cache.set(history, byCommanded)
      const estimated = byCommanded.get(target.commanded) ?? estimate(history, target, { confidence, statistic, ...learnt })
      byCommanded.set(target.commanded, estimated)
      estimates.push(withDeviceWarnings(estimated, target, unknownDevices))
    }
    return { confidence, statistic, histories, learnt, estimates }
  }

  return {
    /** Estimates one step, in seconds. Throws a Problem for a move without origin or destination. */
    async estimateStep (step: PlannedStep, options: EstimateRequestOptions): Promise<StepEstimate & { samples?: EstimateSample[] }> {
      const target = targetOf(step, '/step')
      const { estimates: [first], histories: [history] } = await estimateTargets([target], options)
      if (options.samples !== true) return first!
      return { ...first!, samples: history == null ? [] : await readSamples(pool, target.query, history.level, first!.sample_size) }
    },

    /** Estimates many steps with one SQL statement, in order. With `total`, also estimates their sum. */
    async estimateSteps (steps: readonly PlannedStep[], options: EstimateRequestOptions): Promise<{ estimates: StepEstimate[], total?: Total }> {
      // Other requests must not wait for a large batch.
      const yieldToRequests = slices()
      const targets: EstimateTarget[] = []
      for (const [index, step] of steps.entries()) {
        await yieldToRequests()
        targets.push(targetOf(step, `/steps/${index}`))
      }
      const { confidence, statistic, histories, learnt, estimates } = await estimateTargets(targets, options)
      if (options.total !== true) return { estimates }
      const parts = targets.map(({ kind, commanded }, index) => {
        const history = histories[index] ?? null
        const samples = history === null ? [] : chosenOf(history, kind, { confidence, statistic, shift: learnt.shift }).basis.sorted
        return { commanded, estimate: estimates[index]!, samples }
      })
      return { estimates, total: await totalOf(parts, { confidence, ratios: learnt.ratios }) }
    },

    /**
     * Estimates the remaining seconds of running steps: the steps with these ids, or all of one experiment. Throws a Problem
     * unless exactly one of the two is given.
     */
    async estimateRemaining ({ step_ids, experiment_id, confidence: requested }: RemainingOptions): Promise<RemainingTime[]> {
      if ((step_ids ?? null) === null === ((experiment_id ?? null) === null)) {
        throw invalid({ in: 'body', pointer: '/step_ids', detail: 'or experiment_id is required, but not both' })
      }
      const running = step_ids ? await runningSteps(database, step_ids) : await runningStepsOf(database, experiment_id!)
      if (running.length === 0) return []
      const confidence = requested ?? defaultConfidence
      const targets = running.map(({ id, status, elapsed_seconds, believable, commanded_seconds, ...query }) =>
        ({ kind: query.kind, commanded: commanded_seconds, query: { ...query, as_of: null } }))
      const { histories, learnt } = await readTargets(targets, { most: windowFor(confidence), enough: samplesFor(confidence) })
      return running.map((step, index) => remaining(step, histories[index] ?? null, { confidence, margins: learnt.margins, shift: learnt.shift }))
    },

    /** The steps that have not ended, and when they should. Alarms come first. */
    async estimateRunning (confidence: number | undefined): Promise<RunningSteps> {
      const { next: _older, ...newest } = await runningNow(pool, confidence ?? defaultConfidence)
      return newest
    },

    /** Estimates the duration of an experiment of this process, from first start to last finish, in seconds. */
    async estimateProcess (process: string, confidence: number | undefined): Promise<ProcessDurationEstimate> {
      return await processDuration(database, process, confidence ?? defaultConfidence)
    },

    /** The steps of an experiment against what was predicted when it began. */
    async timeline (experiment: string, confidence: number | undefined): Promise<ExperimentTimeline> {
      return await timelineOf(pool, experiment, confidence ?? defaultConfidence)
    },

    /** What is known of each kind of step, page by page. */
    async listKinds (query: StepKindQuery): Promise<Page<EstimatedKind>> {
      return await listKinds(pool, query)
    },

    /** The steps of one kind in a time range, with the bounds that they had. */
    async kindHistory (key: string, query: StepKindHistoryQuery): Promise<StepKindHistory> {
      return await kindHistory(pool, key, query)
    },

    /** Measures how often the bounds at a confidence held, over the newest steps. */
    async calibrate ({ confidence, since, group_by, limit }: CalibrationOptions): Promise<Calibration> {
      return await calibrate(database, {
        confidence: confidence ?? defaultConfidence,
        since: since === undefined ? null : new Date(since).toISOString(),
        groupBy: group_by ?? null,
        limit: limit ?? 5000
      })
    }
  }
}

/** The estimate with a warning for each device that the lab never had. Its numbers come from other devices. */
function withDeviceWarnings (estimated: StepEstimate, { query: { device, origin_device, destination_device }, pointer: base = '' }: EstimateTarget, unknown: ReadonlySet<string>): StepEstimate {
  if (unknown.size === 0) return estimated
  const named = [['/device', device], ['/origin/device', origin_device], ['/destination/device', destination_device]] as const
  const warnings = named.filter(([, name]) => name !== null && unknown.has(name)).map(([pointer, name]) => ({
    code: 'unknown-device', pointer: base + pointer,
    detail: `The lab never had a device "${name}". ${estimated.level === null ? 'Nothing is known about it.' : `The estimate uses steps of other devices (level ${estimated.level}).`}`
  }))
  return warnings.length === 0 ? estimated : { ...estimated, warnings: [...warnings, ...estimated.warnings] }
}

function targetOf (step: PlannedStep, pointer: string): EstimateTarget {
  const kind = step.kind ?? 'operation'
  const { origin, destination } = step
  for (const [member, end] of [['origin', origin], ['destination', destination]] as const) {
    // A scheduler asks for a move before it knows where to. Comparable moves have one origin, or one mover and one destination.
    if (kind === 'move' && !end && member === 'origin') throw invalid({ in: 'body', pointer: `${pointer}/${member}`, detail: 'is required for a move; send at least its device' })
    if (kind === 'operation' && end) throw invalid({ in: 'body', pointer: `${pointer}/${member}`, detail: 'is allowed only for a move: set `kind` to move' })
  }
  const { commanded_seconds, match_function, match_parameters, match_protocol } = matchInputs({ kind, name: step.name ?? null, data: step.data ?? {} })
  return {
    kind,
    commanded: commanded_seconds,
    pointer,
    query: {
      kind,
      match_function,
      match_parameters,
      match_protocol,
      device: step.device ?? null,
      origin_device: origin?.device ?? null,
      origin_position: origin?.position ?? null,
      destination_device: destination?.device ?? null,
      destination_position: destination?.position ?? null,
      lidded_before: step.lidded_before ?? null,
      lidded_after: step.lidded_after ?? null,
      barcode_read: step.barcode_read ?? null,
      as_of: null
    }
  }
}
