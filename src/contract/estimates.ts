import Type, { type Static } from 'typebox'
import { levelMeanings, matchLevelNames } from '../domain/match-levels.ts'
import {
  ContainerName, DeviceName, JsonObject, Name, nullable, optional, ref, Seconds, Slot, StepKind, stringEnum, Timestamp, Uuid, Warning
} from './common.ts'

/** Which statistic of the samples an estimate answers. */
export const statistics = ['upper_bound', 'max', 'mean', 'median'] as const
export type Statistic = (typeof statistics)[number]

/** How the answer was computed. */
export const methods = ['rank', 'substitute', 'commanded', 'overhead', 'max', 'mean', 'median', 'none'] as const
export type Method = (typeof methods)[number]

/** What a calibration can be grouped by. */
export const calibrationGroupings = ['level', 'method', 'function', 'device'] as const
export type CalibrationGrouping = (typeof calibrationGroupings)[number]

const Statistic = stringEnum('Statistic', statistics,
  'upper_bound: it will be over by then with the asked confidence. max, mean, median: of the recent comparable steps.')

export const EstimateMethod = stringEnum('EstimateMethod', methods, [
  'rank: a rank of the recent samples, which holds whatever their law.',
  'substitute: fewer samples than the rank needs, a log-normal bound that assumes a law; or a rank that leaves a lone hang out (`warnings` say which).',
  'overhead: the commanded time and a rank of what such steps took beyond it.',
  'commanded: the commanded time alone, without history.',
  'max, mean, median: that statistic.',
  'none: nothing comparable was ever done.'
].join(' '))

const MatchLevel = stringEnum('MatchLevel', matchLevelNames,
  `Which history answered, most specific first: ${matchLevelNames.map((name) => `${name} (${levelMeanings[name]})`).join('; ')}.`)

const confidence = Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'The share of such steps that shall be over by the answer; default 0.95.', examples: [0.95] })

const End = Type.Object({ device: ref(DeviceName), position: optional(ref(Slot)) }, {
  $id: 'EstimateEnd', additionalProperties: false, description: 'Where a planned move begins or ends; the slot sharpens the answer.',
  examples: [{ device: 'PlateReader', position: 0 }]
})

export const PlannedStep = Type.Object({
  kind: optional(ref(StepKind)),
  name: optional(ref(Name)),
  device: ref(DeviceName),
  data: optional(ref(JsonObject)),
  origin: optional(ref(End)),
  destination: optional(ref(End)),
  lidded_before: optional(Type.Boolean({ description: 'Whether the lid is on at the start.' })),
  lidded_after: optional(Type.Boolean({ description: 'Whether the lid is on at the end.' })),
  barcode_read: optional(Type.Boolean({ description: 'Whether the barcode is read on the way.' })),
  containers: optional(Type.Array(ref(ContainerName), { maxItems: 1000, description: 'Not used: what stands on a device does not change how long it takes.' })),
  experiment_id: optional(Type.String({ minLength: 1, maxLength: 200, description: 'Not used.' }))
}, {
  $id: 'PlannedStep', additionalProperties: false,
  description: 'A step that is still to be done: as it will be logged, without times. A move needs `origin` and `destination`.',
  examples: [{ device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }]
})
export type PlannedStep = Static<typeof PlannedStep>

const anEstimate = {
  duration_seconds: 42.1, confidence: 0.95, confidence_attained: 0.961, method: 'rank', level: 'parameters', sample_size: 50,
  window_from: '2026-02-20T08:00:00.000Z', median_seconds: 39.8, margin_seconds: 0, warnings: []
}

export const Estimate = Type.Object({
  duration_seconds: nullable(ref(Seconds)),
  confidence: Type.Number({ description: 'The confidence asked.' }),
  confidence_attained: nullable(Type.Number({ description: 'What the rank of the samples guarantees; below the asked one where the samples are too few. Null where no rank says anything.' })),
  method: ref(EstimateMethod),
  level: nullable(ref(MatchLevel)),
  sample_size: Type.Integer({ minimum: 0, description: 'How many comparable steps were looked at.' }),
  window_from: nullable(ref(Timestamp)),
  median_seconds: nullable(ref(Seconds)),
  margin_seconds: Type.Number({ minimum: 0, description: 'Seconds added because whole runs are slower than those before them, followed from run to run; in `duration_seconds` already.' }),
  warnings: Type.Array(ref(Warning))
}, {
  $id: 'Estimate',
  description: 'How long a step will take, and how that is known. `duration_seconds` is null when nothing comparable was ever done. `window_from` is the finish of the oldest step looked at.',
  examples: [anEstimate]
})

export const EstimateRequest = Type.Object({
  step: ref(PlannedStep), confidence: optional(confidence), statistic: optional(ref(Statistic))
}, {
  $id: 'EstimateRequest', additionalProperties: false, description: 'Ask how long a step will take.',
  examples: [{ step: { device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }, confidence: 0.95 }]
})

export const EstimateBatchRequest = Type.Object({
  steps: Type.Array(ref(PlannedStep), { minItems: 1, maxItems: 5000 }),
  confidence: optional(confidence), statistic: optional(ref(Statistic)),
  total: optional(Type.Boolean({ description: 'Also estimate the sum of all.' }))
}, {
  $id: 'EstimateBatchRequest', additionalProperties: false, description: 'Ask for up to 5,000 steps at once.',
  examples: [{ steps: [{ device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 } }], confidence: 0.9 }]
})

export const EstimateTotal = Type.Object({
  duration_seconds: nullable(ref(Seconds)),
  median_seconds: nullable(ref(Seconds)),
  sum_of_bounds_seconds: ref(Seconds),
  unknown_steps: Type.Integer({ minimum: 0, description: 'Steps without an estimate; they are not in the sums.' })
}, {
  $id: 'EstimateTotal',
  description: 'The summed machine time of all steps at the asked confidence. Not the sum of the bounds, which is far more, and not the makespan.',
  examples: [{ duration_seconds: 1210.5, median_seconds: 1180.2, sum_of_bounds_seconds: 1402.8, unknown_steps: 0 }]
})

export const EstimateBatch = Type.Object({
  estimates: Type.Array(ref(Estimate), { description: 'One for each step, in the order asked.' }),
  total: Type.Optional(ref(EstimateTotal))
}, { $id: 'EstimateBatch', description: 'The estimates of a batch.', examples: [{ estimates: [anEstimate] }] })

export const RemainingRequest = Type.Object({
  step_ids: optional(Type.Array(ref(Uuid), { minItems: 1, maxItems: 5000, description: 'Running steps; the answer keeps their order.' })),
  experiment_id: optional(ref(Uuid)),
  confidence: optional(confidence)
}, {
  $id: 'RemainingRequest', additionalProperties: false,
  description: 'Ask how much longer running steps will take: those of `step_ids`, or all of an experiment. One of the two.',
  examples: [{ step_ids: ['0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11'], confidence: 0.9 }]
})

export const Remaining = Type.Object({
  step_id: ref(Uuid),
  elapsed_seconds: ref(Seconds),
  remaining_seconds: nullable(ref(Seconds)),
  overdue: Type.Boolean({ description: 'It runs longer than every comparable step did.' }),
  share_longer: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'At most this share of such steps takes longer than the time elapsed; null without history.' })),
  estimate: ref(Estimate)
}, {
  $id: 'Remaining',
  description: 'How much longer a running step will take: it will be over by then with the asked confidence, given the time already elapsed. `remaining_seconds` is null when it is overdue, or nothing comparable was ever done. `estimate` is that of the whole step.',
  examples: [{ step_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', elapsed_seconds: 30.2, remaining_seconds: 11.9, overdue: false, share_longer: 0.94, estimate: anEstimate }]
})

export const RemainingEstimates = Type.Object({ items: Type.Array(ref(Remaining)) }, {
  $id: 'RemainingEstimates', description: 'One for each running step.',
  examples: [{ items: [] }]
})

const CalibrationGrouping = stringEnum('CalibrationGrouping', calibrationGroupings, 'What the scores are told apart by: the level or method that answered, the function, the device.')

const aScore = { group: null, steps: 2000, answered: 1990, coverage: 0.903, mean_excess_seconds: 0.31, pinball_loss_seconds: 0.08 }

const CalibrationScore = Type.Object({
  group: nullable(Type.String({ description: 'The level, method, function or device; null over all, for steps without an estimate or without a function.' })),
  steps: Type.Integer({ minimum: 0, description: 'Steps replayed.' }),
  answered: Type.Integer({ minimum: 0, description: 'Of these, how many would have had an estimate.' }),
  coverage: nullable(Type.Number({ description: 'The share of the answered that were over by the bound.' })),
  mean_excess_seconds: nullable(Type.Number({ description: 'The bound less the duration, in the mean.' })),
  pinball_loss_seconds: nullable(Type.Number({ description: 'What the bound cost in the mean: c a second late, 1 - c a second early.' }))
}, {
  $id: 'CalibrationScore', description: 'How well a promise was kept.',
  examples: [aScore]
})
export type CalibrationScore = Static<typeof CalibrationScore>

export const Calibration = Type.Object({
  confidence: Type.Number({ description: 'The confidence asked.' }),
  since: nullable(ref(Timestamp)),
  steps: Type.Integer({ minimum: 0, description: 'Steps replayed.' }),
  truncated: Type.Boolean({ description: 'There are older steps that were not replayed.' }),
  overall: ref(CalibrationScore),
  groups: Type.Array(ref(CalibrationScore), { description: 'With `group_by`, the largest first.' })
}, {
  $id: 'Calibration', description: 'The log replayed as it would have been estimated, against what happened.',
  examples: [{ confidence: 0.9, since: null, steps: 2000, truncated: false, overall: aScore, groups: [] }]
})
export type Calibration = Static<typeof Calibration>

export const CalibrationQuery = Type.Object({
  confidence: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.95, description: 'The confidence that is held to account.', examples: [0.9] })),
  since: Type.Optional(ref(Timestamp)),
  group_by: Type.Optional(ref(CalibrationGrouping)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 20000, default: 5000, description: 'Replay this many steps at most, the newest.', examples: [5000] }))
}, { additionalProperties: false })

export const estimateSchemas = [
  Statistic, EstimateMethod, MatchLevel, End, PlannedStep, Estimate, EstimateRequest, EstimateBatchRequest, EstimateTotal, EstimateBatch,
  RemainingRequest, Remaining, RemainingEstimates, CalibrationGrouping, CalibrationScore, Calibration
]
