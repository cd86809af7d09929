import Type, { type Static } from 'typebox'
import { nullable, ref, Seconds, Timestamp, Uuid, Warning } from './common.ts'
import { EstimateMethod } from './estimates.ts'

export const ProcessDuration = Type.Object({
  process_id: ref(Uuid),
  duration_seconds: nullable(ref(Seconds)),
  confidence: Type.Number({ description: 'The confidence asked.' }),
  confidence_attained: nullable(Type.Number({ description: 'What the rank of the past runs guarantees.' })),
  method: ref(EstimateMethod),
  sample_size: Type.Integer({ minimum: 0, description: 'How many past runs were looked at.' }),
  window_from: nullable(ref(Timestamp)),
  median_seconds: nullable(ref(Seconds)),
  warnings: Type.Array(ref(Warning))
}, {
  $id: 'ProcessDuration',
  description: 'How long a run of a process takes, from its first start to its last finish, by its past runs. `window_from` is the end of the oldest run looked at.',
  examples: [{
    process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', duration_seconds: 9120.4, confidence: 0.9, confidence_attained: 0.909, method: 'rank', sample_size: 21,
    window_from: '2026-01-10T16:00:00.000Z', median_seconds: 8801.3, warnings: []
  }]
})
export const processDurationSchemas = [ProcessDuration]

export const ProcessDurationQuery = Type.Object({
  confidence: Type.Optional(Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, default: 0.95, description: 'The share of runs that shall be over by the answer.', examples: [0.9] }))
}, { additionalProperties: false })
export type ProcessDurationQuery = Static<typeof ProcessDurationQuery>
