import type { RunningStep, RunningSteps } from '../contract/running.ts'
import type { Step } from '../contract/steps.ts'
import type { Queryable } from '../store/commands.ts'
import { alarmAfterSeconds, alarmWindow } from './alarm.ts'
import type { StepCursor } from './under-way.sql.ts'
import { samplesFor, windowFor } from './model.ts'
import { readUnderWay, remaining } from './remaining.ts'

const order: readonly RunningStep['state'][] = ['alarm', 'lost', 'past-bound', 'running', 'paused']

/**
 * The newest steps that have not ended, or those below the step `below`, and when they should end. Reads everything with one statement, so it is all of
 * one moment. `next` is where to read on, null if these are all.
 */
export async function runningNow (database: Queryable, confidence: number, below?: StepCursor): Promise<RunningSteps & { next: StepCursor | null }> {
  const { revision, now, learnt, steps, next } = await readUnderWay(database, {
    most: Math.max(windowFor(confidence), alarmWindow), enough: samplesFor(confidence), ...below === undefined ? {} : { below }
  })
  const items = steps.map(({ step, json, history }): RunningStep => {
    const { elapsed_seconds, share_longer, estimate } = remaining(step, history, { confidence, ...learnt })
    const alarmAfter = step.is_simulation ? null : alarmAfterSeconds(history, step)
    // The clock of a paused step stands still, so nobody knows when.
    const at = (seconds: number | null) => seconds === null || step.status === 'paused' ? null : new Date(now.getTime() + Math.round((seconds - elapsed_seconds) * 1000))
    const isBeyond = (seconds: number | null) => seconds !== null && elapsed_seconds > seconds
    const state = step.status === 'paused' || step.status === 'lost'
      ? step.status
      : isBeyond(alarmAfter) ? 'alarm' : isBeyond(estimate.duration_seconds) ? 'past-bound' : 'running'
    return {
      step: JSON.parse(json) as Step, state, elapsed_seconds,
      median_at: at(estimate.median_seconds), bound_at: at(estimate.duration_seconds), alarm_at: at(alarmAfter), share_longer, estimate
    }
  })
  // Steps with the same state stay in the order of their start.
  return { revision, now, items: items.sort((a, b) => order.indexOf(a.state) - order.indexOf(b.state)), next }
}
