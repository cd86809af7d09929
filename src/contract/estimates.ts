import Type, { type Static } from 'typebox'
import { levelMeanings, matchLevelNames } from '../domain/match-levels.ts'
import {
  ContainerName, DeviceName, JsonObject, Name, nullable, optional, ref, Seconds, Slot, StepKind, stringEnum, Timestamp, Uuid, Warning
} from './common.ts'

/** The statistic of the samples that an estimate returns. */
export const statistics = ['upper_bound', 'max', 'mean', 'median'] as const
export type Statistic = (typeof statistics)[number]

/** How an estimate was computed. */
export const methods = ['rank', 'substitute', 'commanded', 'overhead', 'max', 'mean', 'median', 'none'] as const
export type Method = (typeof methods)[number]

/** What a calibration can be grouped by. */
export const calibrationGroupings = ['level', 'method', 'function', 'device'] as const
export type CalibrationGrouping = (typeof calibrationGroupings)[number]

const Statistic = stringEnum('Statistic', statistics,
  '`upper_bound`: the step ends within this duration with the requested confidence. `max`, `mean`, `median`: this statistic of the recent comparable steps.')

export const EstimateMethod = stringEnum('EstimateMethod', methods, [
  '`rank`: an order statistic of the recent samples. It holds for every distribution.',
  '`substitute`: there are fewer samples than the rank needs, so the bound assumes a log-normal distribution; or the rank ignores a single outlier. `warnings` say which.',
  '`overhead`: the commanded time plus a rank of the overhead of such steps.',
  '`commanded`: only the commanded time, because there is no history.',
  '`max`, `mean`, `median`: this statistic.',
  '`none`: there are no comparable steps.'
].join(' '))

const MatchLevel = stringEnum('MatchLevel', matchLevelNames,
  `The level of the samples, from the most similar to the least similar steps: ${matchLevelNames.map((name) => `${name} (${levelMeanings[name]})`).join('; ')}.`)

/** The probability that an estimate holds. */
export const confidence = Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'The probability that the step ends within the estimated duration. The default is 0.95.', examples: [0.95] })

const End = Type.Object({ device: ref(DeviceName, 'The device.'), position: optional(ref(Slot), 'The slot. With it, the estimate can be more precise.') }, {
  $id: 'EstimateEnd', additionalProperties: false, description: 'Where a planned move starts or ends.',
  examples: [{ device: 'PlateReader', position: 0 }]
})

export const PlannedStep = Type.Object({
  kind: optional(ref(StepKind), 'The kind of step. The default is `operation`.'),
  name: optional(ref(Name), 'The name of the step.'),
  device: optional(ref(DeviceName), 'The device that will do the step. Without it, the steps of all devices are comparable: of an operation those with the same protocol or function, of a move those between the same devices.'),
  data: optional(ref(JsonObject), 'The function (`fct`) and the parameters of the step.'),
  origin: optional(ref(End), 'Where a move starts.'),
  destination: optional(ref(End), 'Where a move ends. Without it, no move is comparable.'),
  lidded_before: optional(Type.Boolean({ description: 'Whether the lid is on at the start.' })),
  lidded_after: optional(Type.Boolean({ description: 'Whether the lid is on at the end.' })),
  barcode_read: optional(Type.Boolean({ description: 'Whether the barcode is read during the step.' })),
  containers: optional(Type.Array(ref(ContainerName), { maxItems: 1000, description: 'Not used: the duration of a step does not depend on the containers.' })),
  experiment_id: optional(Type.String({ minLength: 1, maxLength: 200, description: 'Not used.' }))
}, {
  $id: 'PlannedStep', additionalProperties: false,
  description: 'A planned step, as it will be logged, but without times. A move needs `origin`. A scheduler can ask before devices are assigned.',
  examples: [{ device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }]
})
export type PlannedStep = Static<typeof PlannedStep>

export const anEstimate = {
  duration_seconds: 42.1, confidence: 0.95, confidence_attained: 0.961, method: 'rank', level: 'parameters', sample_size: 50,
  window_from: '2026-02-20T08:00:00.000Z', median_seconds: 39.8, margin_seconds: 0, warnings: []
}

const EstimateSample = Type.Object({
  step_id: ref(Uuid, 'The id of the step.'),
  seconds: Type.Number({ description: 'What the step contributes: its duration, or of a step with a commanded time what it took beyond that. Negative when it ended early.' }),
  finish: ref(Timestamp, 'When the step finished.')
}, { $id: 'EstimateSample', description: 'A step that an estimate uses.', examples: [{ step_id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', seconds: 41.5, finish: '2026-03-02T09:20:41.500Z' }] })
export type EstimateSample = Static<typeof EstimateSample>

export const SamplesQuery = Type.Object({
  samples: Type.Optional(Type.Boolean({ default: false, description: 'Whether to also return the steps that the estimate uses.' }))
}, { additionalProperties: false })

export const Estimate = Type.Object({
  duration_seconds: nullable(ref(Seconds), 'The estimated duration in seconds, including the margin. Null when there are no comparable steps.'),
  confidence: Type.Number({ description: 'The requested confidence.' }),
  confidence_attained: nullable(Type.Number({ description: 'The confidence that the samples can guarantee. It is lower than the requested one when there are too few samples. Null when nothing can be guaranteed.' })),
  method: ref(EstimateMethod, 'How the estimate was computed.'),
  level: nullable(ref(MatchLevel), 'How similar the samples are to the step. Null without samples.'),
  sample_size: Type.Integer({ minimum: 0, description: 'The number of past steps that the estimate uses.' }),
  window_from: nullable(ref(Timestamp), 'The finish of the oldest step that the estimate uses.'),
  median_seconds: nullable(ref(Seconds), 'The median of the samples in seconds.'),
  margin_seconds: Type.Number({ minimum: 0, description: 'Seconds added because of earlier misses: a whole run can be slower than the runs before it. Already included in `duration_seconds`.' }),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the estimate.' }),
  samples: Type.Optional(Type.Array(ref(EstimateSample), { description: 'The steps that the estimate uses, newest first. Present only with `samples=true`.' }))
}, {
  $id: 'Estimate',
  description: 'How long a step will take, and what the estimate is based on.',
  examples: [anEstimate, { ...anEstimate, sample_size: 1, samples: [{ step_id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', seconds: 41.5, finish: '2026-03-02T09:20:41.500Z' }] }]
})

export type Estimate = Static<typeof Estimate>

export const EstimateRequest = Type.Object({
  step: ref(PlannedStep, 'The planned step.'), confidence: optional(confidence), statistic: optional(ref(Statistic), 'The statistic to return. The default is `upper_bound`.')
}, {
  $id: 'EstimateRequest', additionalProperties: false, description: 'A request for the duration of one step.',
  examples: [{ step: { device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }, confidence: 0.95 }]
})

export const EstimateBatchRequest = Type.Object({
  steps: Type.Array(ref(PlannedStep), { minItems: 1, maxItems: 5000, description: 'The planned steps.' }),
  confidence: optional(confidence), statistic: optional(ref(Statistic), 'The statistic to return. The default is `upper_bound`.'),
  total: optional(Type.Boolean({ description: 'Whether to also estimate the sum of the durations. The default is false.' }))
}, {
  $id: 'EstimateBatchRequest', additionalProperties: false, description: 'A request for the durations of up to 5,000 steps.',
  examples: [{ steps: [{ device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }], confidence: 0.9 }]
})

export const EstimateTotal = Type.Object({
  duration_seconds: nullable(ref(Seconds), 'The sum of all durations in seconds, at the requested confidence. Null when no step has an estimate.'),
  median_seconds: nullable(ref(Seconds), 'The median of the sum in seconds. Null when no step has an estimate.'),
  sum_of_bounds_seconds: ref(Seconds, 'The sum of the bounds of the single steps in seconds. It is larger than the bound of the sum.'),
  unknown_steps: Type.Integer({ minimum: 0, description: 'The number of steps without an estimate. The sums do not include them.' }),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the total. `below-a-median`: it is shorter than the median of its longest step, as it can be at a low confidence.' })
}, {
  $id: 'EstimateTotal',
  description: 'The total machine time of all steps. It is far less than the sum of the bounds, because not all steps are slow at once. It is not the makespan.',
  examples: [{ duration_seconds: 1210.5, median_seconds: 1180.2, sum_of_bounds_seconds: 1402.8, unknown_steps: 0, warnings: [] }]
})

export const EstimateBatch = Type.Object({
  estimates: Type.Array(ref(Estimate), { description: 'One estimate for each step, in the order of the request.' }),
  total: Type.Optional(ref(EstimateTotal, 'The sum of all durations. Present only if the request asks for it.'))
}, { $id: 'EstimateBatch', description: 'The estimates of a batch.', examples: [{ estimates: [anEstimate] }] })

export const RemainingRequest = Type.Object({
  step_ids: optional(Type.Array(ref(Uuid), { minItems: 1, maxItems: 5000, description: 'Running steps. The response has the same order.' })),
  experiment_id: optional(ref(Uuid), 'An experiment: all its running steps are estimated.'),
  confidence: optional(confidence)
}, {
  $id: 'RemainingRequest', additionalProperties: false,
  description: 'A request for the remaining time of running and paused steps. Send either `step_ids` or `experiment_id`.',
  examples: [{ step_ids: ['0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'], confidence: 0.9 }]
})

export const Remaining = Type.Object({
  step_id: ref(Uuid, 'The id of the running step.'),
  elapsed_seconds: ref(Seconds, 'How long the step has been running, in seconds.'),
  remaining_seconds: nullable(ref(Seconds), 'The step ends within this many seconds with the requested confidence. Null when the step is overdue, or there are no comparable steps.'),
  overdue: Type.Boolean({ description: 'Whether the step has been running for longer than every comparable step.' }),
  share_longer: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'At most this share of such steps takes longer than the elapsed time. Null without comparable steps.' })),
  estimate: ref(Estimate, 'The estimate of the whole step.')
}, {
  $id: 'Remaining',
  description: 'The remaining time of a running or paused step, given the time that has already elapsed. Pauses do not elapse: the time counts from when a paused step goes on. `estimate` is the estimate of the whole step.',
  examples: [{ step_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', elapsed_seconds: 30.2, remaining_seconds: 11.9, overdue: false, share_longer: 0.94, estimate: anEstimate }]
})

export const RemainingEstimates = Type.Object({ items: Type.Array(ref(Remaining), { description: 'One item for each running or paused step.' }) }, {
  $id: 'RemainingEstimates', description: 'The remaining times of running steps.',
  examples: [{ items: [] }]
})

const CalibrationGrouping = stringEnum('CalibrationGrouping', calibrationGroupings, 'What the scores are grouped by: the level or method of the estimate, the function, or the device.')

const aScore = { group: null, steps: 2000, answered: 1990, coverage: 0.903, mean_excess_seconds: 0.31, pinball_loss_seconds: 0.08 }

const CalibrationScore = Type.Object({
  group: nullable(Type.String({ description: 'The level, method, function or device. Null for the overall score, for steps without an estimate, and for steps without a function.' })),
  steps: Type.Integer({ minimum: 0, description: 'The number of replayed steps.' }),
  answered: Type.Integer({ minimum: 0, description: 'How many of these steps would have had an estimate.' }),
  coverage: nullable(Type.Number({ description: 'The share of the answered steps that ended within the bound.' })),
  mean_excess_seconds: nullable(Type.Number({ description: 'The mean of bound minus duration, in seconds.' })),
  pinball_loss_seconds: nullable(Type.Number({ description: 'The mean pinball loss of the bound: for confidence c, each second that the step ends after the bound costs c, and each second before it costs 1 - c.' }))
}, {
  $id: 'CalibrationScore', description: 'How well the bounds of a group of steps were kept.',
  examples: [aScore]
})
export type CalibrationScore = Static<typeof CalibrationScore>

export const Calibration = Type.Object({
  confidence: Type.Number({ description: 'The confidence that was tested.' }),
  since: nullable(ref(Timestamp), 'Only steps since this time were replayed. Null when there was no limit.'),
  steps: Type.Integer({ minimum: 0, description: 'The number of replayed steps.' }),
  truncated: Type.Boolean({ description: 'Whether there are older steps that were not replayed.' }),
  overall: ref(CalibrationScore, 'The result over all steps.'),
  groups: Type.Array(ref(CalibrationScore), { description: 'The score of each group with `group_by`, the largest group first. Otherwise empty.' })
}, {
  $id: 'Calibration', description: 'How well estimates of past steps would have matched what happened.',
  examples: [{ confidence: 0.9, since: null, steps: 2000, truncated: false, overall: aScore, groups: [] }]
})
export type Calibration = Static<typeof Calibration>

export const CalibrationQuery = Type.Object({
  confidence: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.95, description: 'The confidence to test.', examples: [0.9] })),
  since: Type.Optional(ref(Timestamp)),
  group_by: Type.Optional(ref(CalibrationGrouping)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20000, default: 5000, description: 'The maximum number of steps to replay. The newest are used.', examples: [5000] }))
}, { additionalProperties: false })

export const estimateSchemas = [
  EstimateSample,
  Statistic, EstimateMethod, MatchLevel, End, PlannedStep, Estimate, EstimateRequest, EstimateBatchRequest, EstimateTotal, EstimateBatch,
  RemainingRequest, Remaining, RemainingEstimates, CalibrationGrouping, CalibrationScore, Calibration
]
