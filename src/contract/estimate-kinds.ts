import Type, { type Static } from 'typebox'
import { DeviceName, nullable, page, pageQuery, ref, Seconds, Slot, StepKind, StepStatus, stringEnum, Timestamp, TimestampIn, Uuid } from './common.ts'
import { EstimateMethod } from './estimates.ts'

/** The most points that one call returns. */
export const maxKindPoints = 5000

// Each kind is judged with many bounds, and the higher the confidence, the more samples a bound needs: 198 at 0.99, and 1998 at 0.999.
const kindConfidence = Type.Number({
  exclusiveMinimum: 0, maximum: 0.99, description: 'The confidence of the bounds, at most 0.99. The default is 0.95.', examples: [0.95]
})

const StepKindTrend = stringEnum('StepKindTrend', ['steady', 'slower', 'faster'],
  'Whether such steps become slower or faster. `steady`: what differs can be chance, or is less than a tenth of the median.')

export const StepKindQuery = Type.Object({
  ...pageQuery,
  since: Type.Optional(TimestampIn),
  device: Type.Optional(DeviceName),
  confidence: Type.Optional(kindConfidence)
}, { additionalProperties: false })
export type StepKindQuery = Static<typeof StepKindQuery>

export const StepKindParams = Type.Object({ key: ref(Uuid) })

export const StepKindHistoryQuery = Type.Object({
  from: Type.Optional(TimestampIn),
  to: Type.Optional(TimestampIn),
  confidence: Type.Optional(kindConfidence)
}, { additionalProperties: false })
export type StepKindHistoryQuery = Static<typeof StepKindHistoryQuery>

const StepKindEnd = Type.Object({ device: ref(DeviceName, 'The device.'), position: nullable(ref(Slot), 'The slot.') }, {
  $id: 'StepKindEnd', description: 'Where the moves of a kind start or end.', examples: [{ device: 'Hotel1', position: 3 }]
})

const what = {
  key: ref(Uuid, 'The key of the kind: steps with the same function, device and parameters, or moves between the same slots. It stays the same as long as the device exists.'),
  kind: ref(StepKind, 'Operations or moves.'),
  device: ref(DeviceName, 'The device.'),
  fct: nullable(Type.String({ description: 'The function of the newest such step.' })),
  protocol: nullable(Type.String({ description: 'The protocol of the newest such step (`data.protocol` or `data.method`).' })),
  origin: nullable(ref(StepKindEnd), 'Where such moves start. Null for operations.'),
  destination: nullable(ref(StepKindEnd), 'Where such moves end. Null for operations.')
}

const aKind = {
  key: '6f1c2b7e-30f6-9c5a-0000-000000000000', kind: 'operation', device: 'Washer', fct: 'wash', protocol: '3x PBS', origin: null, destination: null,
  sample_size: 50, median_seconds: 132.4, bound_seconds: 139.9, method: 'rank', trend: 'slower', drift_since: '2026-02-20T08:00:00.000Z', coverage: 0.95, judged: 100,
  last_finish: '2026-03-02T09:20:41.500Z'
} as const

const EstimatedKind = Type.Object({
  ...what,
  sample_size: Type.Integer({ minimum: 1, description: 'The number of past steps that an estimate uses.' }),
  median_seconds: ref(Seconds, 'The median of these steps in seconds.'),
  bound_seconds: ref(Seconds, 'How long the next such step takes at most, in seconds, at the confidence. Where a time is commanded: if it is that of the newest step.'),
  method: ref(EstimateMethod, 'How the bound was computed.'),
  trend: ref(StepKindTrend, 'Whether such steps become slower or faster.'),
  drift_since: nullable(ref(Timestamp), 'The finish of the first step after which such steps clearly take longer or shorter. Estimates at a confidence of 0.8 or more do not use earlier steps. Null if nothing changed.'),
  coverage: nullable(Type.Number({ minimum: 0, maximum: 1, description: 'The share of the newest such steps that ended within the bound of the steps before them. Null if none had enough steps before it.' })),
  judged: Type.Integer({ minimum: 0, description: 'How many steps `coverage` is a share of: the newest 100 at most.' }),
  last_finish: ref(Timestamp, 'The finish of the newest such step.')
}, { $id: 'EstimatedKind', description: 'What is known of a kind of step.', examples: [aKind] })
export type EstimatedKind = Static<typeof EstimatedKind>

export const EstimatedKindPage = page('EstimatedKindPage', EstimatedKind)

const aPoint = {
  step_id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', start: '2026-03-02T09:18:29.000Z', duration_seconds: 132.5, bound_seconds: 139.9, status: 'completed', corrected: false
} as const

const StepKindPoint = Type.Object({
  step_id: ref(Uuid, 'The id of the step.'),
  start: ref(Timestamp, 'When the step started.'),
  duration_seconds: nullable(ref(Seconds), 'What the step took without its pauses, in seconds. Null if it has no finish.'),
  bound_seconds: nullable(ref(Seconds), 'The bound in seconds that the steps before it had. Null if there were none.'),
  status: ref(StepStatus, 'How the step ended.'),
  corrected: Type.Boolean({ description: 'Whether somebody corrected the step.' })
}, { $id: 'StepKindPoint', description: 'A step of a kind, and the bound that it had.', examples: [aPoint] })
export type StepKindPoint = Static<typeof StepKindPoint>

const aRegime = { from: '2026-02-20T08:00:00.000Z', to: '2026-03-02T09:20:41.500Z', sample_size: 50, median_seconds: 132.4 }

const StepKindRegime = Type.Object({
  from: ref(Timestamp, 'The finish of its first step.'), to: ref(Timestamp, 'The finish of its last step.'),
  sample_size: Type.Integer({ minimum: 1, description: 'The number of steps.' }), median_seconds: ref(Seconds, 'Their median in seconds.')
}, { $id: 'StepKindRegime', description: 'A time in which steps of a kind took about the same.', examples: [aRegime] })
export type StepKindRegime = Static<typeof StepKindRegime>

export const StepKindHistory = Type.Object({
  ...what,
  from: ref(Timestamp, 'The beginning of the range.'), to: ref(Timestamp, 'The end of the range.'),
  points: Type.Array(ref(StepKindPoint), { maxItems: maxKindPoints, description: 'The steps that finished in the range, oldest first. Also those that failed or were aborted. Running steps and simulations are left out.' }),
  regimes: Type.Array(ref(StepKindRegime), { description: 'The times between which such steps clearly changed, oldest first.' }),
  truncated: Type.Boolean({ description: 'Whether there are more steps in the range. Then these are the newest.' })
}, {
  $id: 'StepKindHistory', description: 'The steps of a kind in a time range.',
  examples: [{
    key: aKind.key, kind: 'operation', device: 'Washer', fct: 'wash', protocol: '3x PBS', origin: null, destination: null,
    from: '2026-02-20T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z', points: [aPoint], regimes: [aRegime], truncated: false
  }]
})
export type StepKindHistory = Static<typeof StepKindHistory>

export const estimateKindSchemas = [StepKindTrend, StepKindEnd, EstimatedKind, EstimatedKindPage, StepKindPoint, StepKindRegime, StepKindHistory]
