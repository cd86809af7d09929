import Type, { type Static } from 'typebox'
import { DeviceName, nullable, ref, Seconds, StepKind, StepStatus, Timestamp, Uuid } from './common.ts'
import { confidence, Estimate, EstimateMethod } from './estimates.ts'
import { ExperimentStatus } from './experiments.ts'
import { StepContainer, StepPlace } from './steps.ts'

/** The most steps that one call returns. */
export const maxTimelineSteps = 5000

export const TimelineQuery = Type.Object({ confidence: Type.Optional(confidence) }, { additionalProperties: false })

const aStep = {
  id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', kind: 'operation', name: 'Read plate 1', fct: 'absorbance', device: 'PlateReader', status: 'completed',
  start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z', duration_seconds: 41.5, active_seconds: 41.5, origin: null, destination: null,
  containers: [{ id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_001', named: 'SCREEN_001' }]
} as const

const TimelineStep = Type.Object({
  id: ref(Uuid, 'The id of the step.'),
  kind: ref(StepKind, 'The kind of the step.'),
  name: nullable(Type.String({ description: 'The name of the step.' })),
  fct: nullable(Type.String({ description: 'The function of the step.' })),
  device: ref(DeviceName, 'The device that did the step.'),
  status: ref(StepStatus, 'The status of the step.'),
  start: ref(Timestamp, 'When the step started.'),
  finish: nullable(ref(Timestamp), 'When the step finished. Null while it has not.'),
  duration_seconds: nullable(ref(Seconds), 'The seconds from start to finish. Null without a finish.'),
  active_seconds: nullable(ref(Seconds), 'The seconds from start to finish without the pauses of the step. Null without a finish.'),
  origin: nullable(ref(StepPlace), 'Where a move began. Null for an operation.'),
  destination: nullable(ref(StepPlace), 'Where a move ended. Null for an operation.'),
  containers: Type.Array(ref(StepContainer), { description: 'The containers that the step involved.' })
}, { $id: 'TimelineStep', description: 'A step of an experiment, without its data.', examples: [aStep] })

const aPrediction = { median_seconds: 39.8, bound_seconds: 42.1, method: 'rank', level: 'parameters', sample_size: 50 } as const

const StepPrediction = Type.Object({
  median_seconds: ref(Seconds, 'The median of the comparable steps in seconds.'),
  bound_seconds: ref(Seconds, 'How long the step takes at most, in seconds, at the confidence.'),
  method: ref(EstimateMethod, 'How the bound was computed.'),
  level: Estimate.properties.level,
  sample_size: Type.Integer({ minimum: 0, description: 'The number of comparable steps.' })
}, { $id: 'StepPrediction', description: 'What was known of a step when its experiment began.', examples: [aPrediction] })
export type StepPrediction = Static<typeof StepPrediction>

const anItem = { step: aStep, predicted: aPrediction, waited_seconds: 12.5 }

const TimelineItem = Type.Object({
  step: ref(TimelineStep, 'The step.'),
  predicted: nullable(ref(StepPrediction), 'What an orchestrator was told that asked when the experiment began. Null if there were no comparable steps.'),
  waited_seconds: nullable(ref(Seconds), 'How long its containers had waited: the seconds from the finish of the last earlier step of the experiment with one of them. Null without such a step.')
}, { $id: 'TimelineItem', description: 'A step of an experiment, and what was predicted of it.', examples: [anItem] })
export type TimelineItem = Static<typeof TimelineItem>

const aRunPrediction = { median_seconds: 2400.5, bound_seconds: 2710, sample_size: 31 }

const RunPrediction = Type.Object({
  median_seconds: ref(Seconds, 'The median of the earlier experiments of the process in seconds, without the times in which they stood still.'),
  bound_seconds: ref(Seconds, 'How long such an experiment takes at most, in seconds, at the confidence.'),
  sample_size: Type.Integer({ minimum: 1, description: 'The number of these experiments.' })
}, { $id: 'RunPrediction', description: 'What was known of an experiment when it began.', examples: [aRunPrediction] })

export const ExperimentTimeline = Type.Object({
  now: ref(Timestamp, 'This moment, by the clock of the database.'),
  status: ref(ExperimentStatus, 'The status of the experiment.'),
  began_at: nullable(ref(Timestamp), 'The start of the first step whose times can be true. Predictions are of this time. Null without such a step.'),
  predicted: nullable(ref(RunPrediction), 'What was known of the whole experiment when it began. Null if no experiment of the process had ended.'),
  expected_finish: nullable(ref(Timestamp), [
    'When the experiment should end: half of the earlier experiments of the process, of those that took longer than it has taken so far, would end until then.',
    'It is not before the steps that run should end. Of one that has ended: when it should have ended, as predicted. Null while it is paused, if it takes longer than all of them, and if there are none.'
  ].join(' ')),
  bound_finish: nullable(ref(Timestamp), 'Until when the experiment ends at the confidence, likewise.'),
  items: Type.Array(ref(TimelineItem), { maxItems: maxTimelineSteps, description: 'The steps of the experiment, oldest first.' }),
  truncated: Type.Boolean({ description: `Whether there are older steps. Of more than ${maxTimelineSteps}, the newest are returned.` })
}, {
  $id: 'ExperimentTimeline', description: 'The steps of an experiment against what was predicted when it began.',
  examples: [{
    now: '2026-03-02T09:21:00.000Z', status: 'running', began_at: '2026-03-02T09:15:00.000Z', predicted: aRunPrediction, expected_finish: '2026-03-02T09:55:00.500Z',
    bound_finish: '2026-03-02T10:00:10.000Z', items: [anItem], truncated: false
  }]
})
export type ExperimentTimeline = Static<typeof ExperimentTimeline>

export const timelineSchemas = [TimelineStep, StepPrediction, TimelineItem, RunPrediction, ExperimentTimeline]
