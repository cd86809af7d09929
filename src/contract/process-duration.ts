import Type, { type Static } from 'typebox'
import { nullable, ref, Seconds, Timestamp, Uuid, Warning } from './common.ts'
import { EstimateMethod } from './estimates.ts'

export const ProcessDuration = Type.Object({
  process_id: ref(Uuid, 'The id of the process.'),
  duration_seconds: nullable(ref(Seconds), 'The estimated duration of an experiment in seconds. Null without comparable experiments.'),
  confidence: Type.Number({ description: 'The requested confidence.' }),
  confidence_attained: nullable(Type.Number({ description: 'The confidence that the number of past experiments can guarantee. Null when nothing can be guaranteed.' })),
  method: ref(EstimateMethod, 'How the duration was estimated.'),
  sample_size: Type.Integer({ minimum: 0, description: 'The number of past experiments that the estimate uses.' }),
  window_from: nullable(ref(Timestamp), 'The end of the oldest experiment that the estimate uses.'),
  median_seconds: nullable(ref(Seconds), 'The median duration of these experiments in seconds.'),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the estimate.' })
}, {
  $id: 'ProcessDuration',
  description: 'How long an experiment of a process will take, from the first start to the last finish of its steps, estimated from past experiments.',
  examples: [{
    process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', duration_seconds: 9120.4, confidence: 0.9, confidence_attained: 0.909, method: 'rank', sample_size: 21,
    window_from: '2026-01-10T16:00:00.000Z', median_seconds: 8801.3, warnings: []
  }]
})
export const processDurationSchemas = [ProcessDuration]

export const ProcessDurationQuery = Type.Object({
  confidence: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.95, description: 'The probability that the experiment ends within the estimated duration.', examples: [0.9] }))
}, { additionalProperties: false })
export type ProcessDurationQuery = Static<typeof ProcessDurationQuery>
