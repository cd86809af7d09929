import Type, { type Static } from 'typebox'
import { nullable, ref, Seconds, stringEnum, Timestamp } from './common.ts'
import { anEstimate, confidence, Estimate } from './estimates.ts'
import { aStep, Step } from './steps.ts'

const RunningState = stringEnum('RunningState', ['running', 'past-bound', 'alarm', 'paused', 'lost'], [
  '`past-bound`: it takes longer than its bound, as one of twenty steps does at a confidence of 0.95. `alarm`: far longer than any comparable step ever did.',
  '`lost`: it was running when the session of its orchestrator was over.'
].join(' '))

const time = (what: string) => nullable(ref(Timestamp), `${what} Null while it is paused, and when it is not known.`)

export const RunningStep = Type.Object({
  step: ref(Step, 'The step.'),
  state: ref(RunningState, 'Whether somebody has to look at it.'),
  elapsed_seconds: ref(Seconds, 'How long it has been active, without its pauses.'),
  median_at: time('When half of the comparable steps would have ended.'),
  bound_at: time('When it will have ended with the requested confidence.'),
  alarm_at: time('From when on it is an alarm: 1.5 times the longest of at least nine comparable steps, and at least 30 seconds beyond it. Simulated steps have none.'),
  share_longer: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'At most this share of such steps takes longer than the elapsed time. Null without comparable steps.' })),
  estimate: ref(Estimate, 'The estimate of the whole step.')
}, {
  $id: 'RunningStep', description: 'A step that has not ended, and when it should.',
  examples: [{
    step: { ...aStep, finish: null, status: 'running', duration_seconds: null, active_seconds: null, excluded_from_estimates: 'not-completed' }, state: 'running', elapsed_seconds: 12.5,
    median_at: '2026-03-02T09:20:39.800Z', bound_at: '2026-03-02T09:20:42.100Z', alarm_at: '2026-03-02T09:21:15.300Z', share_longer: 0.98, estimate: anEstimate
  }]
})
export type RunningStep = Static<typeof RunningStep>

export const RunningSteps = Type.Object({
  revision: Type.Integer({ minimum: 0, description: 'The revision of the lab at this moment.' }),
  now: ref(Timestamp, 'This moment, by the clock of the database. All times were computed with it.'),
  items: Type.Array(ref(RunningStep), { description: 'The steps that have not ended: alarms first, then lost steps, then those past their bound, and of each the oldest first. Of more than 5,000 steps, or more than 8 MiB of JSON, the newest; alarms of the others are in `GET /api/alarms`.' })
}, { $id: 'RunningSteps', description: 'What runs now.', examples: [{ revision: 42, now: '2026-03-02T09:20:12.500Z', items: [] }] })
export type RunningSteps = Static<typeof RunningSteps>

export const RunningQuery = Type.Object({ confidence: Type.Optional(confidence) }, { additionalProperties: false })

export const runningSchemas = [RunningState, RunningStep, RunningSteps]
