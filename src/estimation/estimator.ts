import type { Calibration, CalibrationGrouping, PlannedStep, Statistic } from '../contract/estimates.ts'
import { invalid } from '../contract/problems.ts'
import { matchInputs } from '../domain/match.ts'
import type { Database } from '../store/database.ts'
import { calibrate } from './calibration.ts'
import { basisOf, type Estimate, estimate, type EstimateSubject, defaultConfidence } from './estimate.ts'
import { type History, type EstimateQuery, readHistories } from './history.sql.ts'
import { samplesFor, windowFor } from './model.ts'
import { type ProcessDuration, processDuration } from './process-duration.ts'
import { type Remaining, remaining, runningSteps, runningStepsOf } from './remaining.ts'
import { type Total, totalOf } from './total.ts'

/** As a request asks: what is left out is the usual. */
type EstimateRequestOptions = { confidence?: number | null, statistic?: Statistic | null, total?: boolean | null }
type RemainingOptions = { step_ids?: readonly string[] | null, experiment_id?: string | null, confidence?: number | null }
type CalibrationOptions = { confidence?: number, since?: string | Date, group_by?: CalibrationGrouping, limit?: number }
type EstimateTarget = EstimateSubject & { question: EstimateQuery }

export type Estimator = ReturnType<typeof openEstimator>

// The documented maximum is one of all history; this much of it is looked at.
const widestWindow = 2000

/** The service that answers how long steps will take, from the history in the database. */
export function openEstimator (database: Database) {
  const { pool } = database
  /** The histories of the askings, in order. Only reads: what earlier runs taught is there already (learner.ts). */
  async function look (askings: readonly EstimateTarget[], window: Parameters<typeof readHistories>[2]): ReturnType<typeof readHistories> {
    return await readHistories(pool, askings.map(({ question }) => question), window)
  }

  async function answer (askings: readonly EstimateTarget[], { confidence: asked, statistic: wanted, total }: EstimateRequestOptions) {
    const confidence = asked ?? defaultConfidence
    const statistic = wanted ?? 'upper_bound'
    const { histories, lessons } = await look(askings, {
      most: statistic === 'max' ? widestWindow : windowFor(confidence),
      enough: statistic === 'upper_bound' ? samplesFor(confidence) : 0,
      ratios: total === true
    })
    // equal steps share their history, so that each is computed once for each commanded time
    const known = new Map<History | null, Map<number | null, Estimate>>()
    const estimates = askings.map((asking, index) => {
      const history = histories[index] ?? null
      const ofHistory = known.get(history) ?? new Map<number | null, Estimate>()
      known.set(history, ofHistory)
      const made = ofHistory.get(asking.commanded) ?? estimate(history, asking, { confidence, statistic, margins: lessons.margins })
      ofHistory.set(asking.commanded, made)
      return made
    })
    return { confidence, histories, lessons, estimates }
  }

  return {
    /** One step. Durations in seconds; refuses a move without both ends. */
    async estimateStep (step: PlannedStep, asked: EstimateRequestOptions): Promise<Estimate> {
      const { estimates: [first] } = await answer([targetOf(step, '/step')], asked)
      return first!
    },

    /** Many steps in one statement, in order; with `total` also the distribution of their sum. */
    async estimateSteps (steps: readonly PlannedStep[], asked: EstimateRequestOptions): Promise<{ estimates: Estimate[], total?: Total }> {
      const askings = steps.map((step, index) => targetOf(step, `/steps/${index}`))
      const { confidence, histories, lessons, estimates } = await answer(askings, asked)
      if (asked.total !== true) return { estimates }
      const summands = askings.map(({ kind, commanded }, index) => {
        const history = histories[index] ?? null
        return { commanded, estimate: estimates[index]!, samples: history === null ? [] : basisOf(history, kind).sorted }
      })
      return { estimates, total: totalOf(summands, confidence, lessons.ratios) }
    },

    /** Running steps by their ids, or all of an experiment; exactly one of the two. */
    async estimateRemaining ({ step_ids, experiment_id, confidence: asked }: RemainingOptions): Promise<Remaining[]> {
      if ((step_ids ?? null) === null === ((experiment_id ?? null) === null)) {
        throw invalid({ in: 'body', pointer: '/step_ids', detail: 'or experiment_id is required, and not both' })
      }
      const running = step_ids ? await runningSteps(database, step_ids) : await runningStepsOf(database, experiment_id!)
      if (running.length === 0) return []
      const confidence = asked ?? defaultConfidence
      const askings = running.map(({ id, status, elapsed_seconds, commanded_seconds, ...question }) =>
        ({ kind: question.kind, commanded: commanded_seconds, question: { ...question, as_of: null } }))
      const { histories, lessons } = await look(askings, { most: windowFor(confidence), enough: samplesFor(confidence) })
      return running.map((step, index) => remaining(step, histories[index] ?? null, { confidence, margins: lessons.margins }))
    },

    /** A run of a process, first start to last finish, in seconds. */
    async estimateProcess (process: string, confidence: number | undefined): Promise<ProcessDuration> {
      return await processDuration(database, process, confidence ?? defaultConfidence)
    },

    /** How well the promise at a confidence was kept over the newest steps. */
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

function targetOf (step: PlannedStep, pointer: string): EstimateTarget {
  const kind = step.kind ?? 'operation'
  const { origin, destination } = step
  for (const [member, end] of [['origin', origin], ['destination', destination]] as const) {
    if (kind === 'move' && !end) throw invalid({ in: 'body', pointer: `${pointer}/${member}`, detail: 'is required for a move: say at least its device' })
    if (kind === 'operation' && end) throw invalid({ in: 'body', pointer: `${pointer}/${member}`, detail: 'is only for a move; set `kind` to move' })
  }
  const { commanded_seconds, match_function, match_parameters, match_protocol } = matchInputs({ kind, name: step.name ?? null, data: step.data ?? {} })
  return {
    kind,
    commanded: commanded_seconds,
    question: {
      kind,
      match_function,
      match_parameters,
      match_protocol,
      device: step.device,
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
