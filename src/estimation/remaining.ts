import { problem } from '../contract/problems.ts'
import { isUnderWay, type StepStatusName } from '../domain/step-times.ts'
import { runPrepared } from '../store/commands.ts'
import type { Database } from '../store/database.ts'
import { boundOf, type StepEstimate, estimate, total } from './estimate.ts'
import type { EstimateQuery } from './estimate-query.ts'
import type { History, LearntFromRuns } from './history.sql.ts'
import { underWayReader } from './under-way.sql.ts'
import { inMilliseconds } from './model.ts'
import { basisOf } from './sample-basis.ts'

/** The estimated remaining time of a running step. `share_longer` is described at `remaining`. Times are in seconds. */
export type RemainingTime = {
  step_id: string
  elapsed_seconds: number
  remaining_seconds: number | null
  overdue: boolean
  share_longer: number | null
  estimate: StepEstimate
}

/** A step that has not ended, with what the query for its history needs. Pauses do not elapse. If its start cannot be true, the time since it was first told has elapsed. */
export type StepUnderWay = EstimateQuery & {
  id: string, status: StepStatusName, elapsed_seconds: number, believable: boolean, commanded_seconds: number | null
}

const columns = `s.id, s.status, s.believable, s.commanded_seconds,
    greatest(round(extract(epoch FROM now()::timestamptz(3) - began.at)
      - CASE WHEN s.paused_seconds IS NULL THEN 0 ELSE paused_seconds('step', s.id, began.at, now()::timestamptz(3)) END, 3)::float8, 0) AS elapsed_seconds,
    s.kind, s.match_function, s.match_parameters, s.match_protocol, d.name AS device,
    o.name AS origin_device, s.origin_position, t.name AS destination_device, s.destination_position,
    s.lidded_before, s.lidded_after, s.barcode_read`
const joins = `
  CROSS JOIN LATERAL (SELECT CASE WHEN s.believable THEN s.start ELSE s.created_at END AS at) began
  JOIN device d ON d.id = s.device_id
  LEFT JOIN device o ON o.id = s.origin_device_id
  LEFT JOIN device t ON t.id = s.destination_device_id`
const selected = `SELECT ${columns} FROM step s ${joins}`

/** Reads all steps that have not ended, with their histories. */
export const readUnderWay = underWayReader<StepUnderWay & { is_simulation: boolean }>(`${columns}, s.is_simulation`, joins)

/** Reads the steps with these ids, in order. Throws a Problem for an unknown id and for a step that has ended. */
export async function runningSteps ({ pool }: Database, ids: readonly string[]): Promise<StepUnderWay[]> {
  const rows = await runPrepared<StepUnderWay>(pool, `${selected}
    JOIN unnest($1::uuid[]) WITH ORDINALITY AS requested (id, ordinality) ON requested.id = s.id ORDER BY requested.ordinality`, [ids])
  const known = new Set(rows.map(({ id }) => id))
  const missing = ids.findIndex((id) => !known.has(id.toLowerCase()))
  if (missing !== -1) throw problem('step-not-found', `No step has the id ${ids[missing]}.`, { pointer: `/step_ids/${missing}` })
  const ended = rows.findIndex(({ status }) => !isUnderWay(status))
  if (ended !== -1) {
    throw problem('step-ended', `The step ${rows[ended]!.id} is ${rows[ended]!.status}; only a running or paused step has a remaining time.`,
      { pointer: `/step_ids/${ended}`, step: { id: rows[ended]!.id, status: rows[ended]!.status } })
  }
  return rows
}

/** Reads all steps of an experiment that have not ended, by start. Throws a Problem for an unknown experiment. */
export async function runningStepsOf ({ pool, prisma }: Database, experiment: string): Promise<StepUnderWay[]> {
  if (await prisma.experiment.count({ where: { id: experiment } }) === 0) {
    throw problem('experiment-not-found', `No experiment has the id ${experiment}.`, { pointer: '/experiment_id' })
  }
  return await runPrepared<StepUnderWay>(pool, `${selected} WHERE s.experiment_id = $1 AND s.status IN ('running', 'paused', 'lost') ORDER BY s.start, s.id`, [experiment])
}

const startInDoubt = {
  code: 'start-in-doubt', detail: 'The start of the step cannot be true, so the time is counted from when the service was first told of the step.'
}

/**
 * The remaining time of a running step, in seconds. Only comparable steps that took longer than the elapsed time are used; the
 * rank bound holds among them as well. If there are none, the step is overdue. `share_longer` bounds the share of comparable
 * steps that take longer than the elapsed time: (1 + number of longer samples) / (n + 1), a conformal p-value.
 * Source: V. Vovk, A. Gammerman, G. Shafer, Algorithmic Learning in a Random World (2005).
 */
export function remaining (
  { id, kind, elapsed_seconds: elapsed, believable, commanded_seconds: commanded }: StepUnderWay, history: History | null,
  { confidence, margins, shift }: { confidence: number } & Pick<LearntFromRuns, 'margins' | 'shift'>
): RemainingTime {
  const whole = estimate(history, { kind, commanded }, { confidence, statistic: 'upper_bound', margins, shift })
  const common = { step_id: id, elapsed_seconds: elapsed, estimate: believable ? whole : { ...whole, warnings: [...whole.warnings, startInDoubt] } }
  if (history === null) {
    const left = whole.duration_seconds === null ? null : Math.max(0, inMilliseconds(whole.duration_seconds - elapsed))
    return { ...common, remaining_seconds: left, overdue: false, share_longer: null }
  }
  // Samples are overheads where a time is commanded, and the spread is that of overheads. So the overhead is bounded, and the commanded
  // time added to the bound: an hour commanded would make a spread of seconds one of many minutes.
  const all = basisOf(history, kind).sorted
  const isLonger = (sample: number) => inMilliseconds((commanded ?? 0) + sample) > elapsed
  const share_longer = (all.filter(isLonger).length + 1) / (all.length + 1)
  const bound = boundOf(history, kind, { confidence, shift }, isLonger)
  if (bound === null) return { ...common, remaining_seconds: null, overdue: true, share_longer }
  const left = inMilliseconds(total(commanded, bound.chosen.seconds + whole.margin_seconds) - elapsed)
  return { ...common, remaining_seconds: left, overdue: false, share_longer }
}
