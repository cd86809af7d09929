import Type, { type Static } from 'typebox'
import {
  ContainerName, DeviceName, items, JsonObject, Name, nullable, optional, page, pageQuery, ref, Seconds, Slot, StepKind, StepStatus, stringEnum,
  textLines, Timestamp, TimestampIn, Uuid, Version, Warning
} from './common.ts'

export const aStep = {
  id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', kind: 'operation', name: 'Read plate 1', fct: 'absorbance', device: 'PlateReader',
  data: { fct: 'absorbance', wavelength: 570 }, start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z', status: 'completed',
  duration_seconds: 41.5, experiment_id: '0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', experiment_named: null,
  containers: [{ id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_001', named: 'SCREEN_001' }],
  origin: null, destination: null, lidded_before: null, lidded_after: null, barcode_read: null, is_simulation: false,
  warnings: [], created_at: '2026-03-02T09:20:42.000Z', updated_at: '2026-03-02T09:20:42.000Z', version: 1
}

export const StepEnding = stringEnum('StepEnding', ['completed', 'failed', 'aborted'], 'How a step ended.')

const StepEnd = Type.Object({ device: ref(DeviceName), position: optional(ref(Slot)) }, {
  $id: 'StepEnd', additionalProperties: false, description: 'Where a move began or ended; the slot if it is known.', examples: [{ device: 'Incubator', position: 5 }]
})

const StepPlace = Type.Object({ device: ref(DeviceName), position: nullable(ref(Slot)) }, {
  $id: 'StepPlace', description: 'Where a move began or ended; `position` is null when the log did not tell.', examples: [{ device: 'Incubator', position: 5 }]
})

const StepContainer = Type.Object({ id: nullable(ref(Uuid)), barcode: nullable(ref(ContainerName)), named: ref(ContainerName) }, {
  $id: 'StepContainer', description: 'A container that a step involved: `named` as in the log, `id` and `barcode` of the container meant, null when none was known.',
  examples: aStep.containers
})

const fct = Type.String({ minLength: 1, maxLength: 200, description: 'The function: `data.fct`.', examples: ['absorbance'] })
const containers = Type.Array(ref(ContainerName), {
  maxItems: 1000, description: 'Barcodes or ids of the containers involved. Unknown ones are stored as named, with a warning; one named twice counts once.', examples: [['SCREEN_001']]
})
const lidBefore = Type.Boolean({ description: 'Whether the lid was on at the start.' })
const lidAfter = Type.Boolean({ description: 'Whether the lid was on at the end.' })
const barcodeRead = Type.Boolean({ description: 'Whether the barcode was read on the way.' })
const simulated = Type.Boolean({ description: 'Nothing really happened; estimates leave it out.' })

export const Step = Type.Object({
  id: ref(Uuid),
  kind: ref(StepKind),
  name: nullable(ref(Name)),
  fct: nullable(fct),
  device: ref(DeviceName),
  data: ref(JsonObject),
  start: ref(Timestamp),
  finish: nullable(ref(Timestamp)),
  status: ref(StepStatus),
  duration_seconds: nullable(ref(Seconds)),
  experiment_id: nullable(ref(Uuid)),
  experiment_named: nullable(Type.String({ description: 'The experiment as the log named it, as long as no such experiment is known.' })),
  containers: Type.Array(ref(StepContainer)),
  origin: nullable(ref(StepPlace)),
  destination: nullable(ref(StepPlace)),
  lidded_before: nullable(lidBefore),
  lidded_after: nullable(lidAfter),
  barcode_read: nullable(barcodeRead),
  is_simulation: simulated,
  warnings: Type.Array(ref(Warning), { description: 'What was odd about it; pointers are into the step.' }),
  created_at: ref(Timestamp),
  updated_at: ref(Timestamp),
  version: ref(Version)
}, { $id: 'Step', description: 'Something that a device did, or is doing.', examples: [aStep] })
export type Step = Static<typeof Step>

export const StepCreate = Type.Object({
  id: optional(ref(Uuid)),
  kind: optional(ref(StepKind)),
  name: optional(ref(Name)),
  device: ref(DeviceName),
  data: optional(ref(JsonObject)),
  start: TimestampIn,
  finish: optional(TimestampIn),
  status: optional(ref(StepStatus)),
  experiment_id: optional(ref(Name)),
  containers: optional(containers),
  is_simulation: optional(simulated),
  origin: optional(ref(StepEnd)),
  destination: optional(ref(StepEnd)),
  lidded_before: optional(lidBefore),
  lidded_after: optional(lidAfter),
  barcode_read: optional(barcodeRead)
}, {
  $id: 'StepCreate', additionalProperties: false,
  description: [
    'A step as it happened. It is never refused for naming something unknown: that is stored as named, with a warning.',
    '`kind` is operation by default; a move needs `origin` and `destination`, which an operation does not have.',
    '`status` is completed by default with a `finish`, running without. `data.fct` names the function.'
  ].join(' '),
  examples: [{
    device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 }, start: '2026-03-02T09:20:00Z', finish: '2026-03-02T09:20:41.5Z',
    experiment_id: aStep.experiment_id, containers: ['SCREEN_001']
  }]
})
export type StepCreate = Static<typeof StepCreate>

export const StepBatch = Type.Object({
  steps: Type.Array(ref(StepCreate), { minItems: 1, maxItems: 5000, description: 'All or none; no id twice.' })
}, {
  $id: 'StepBatch', additionalProperties: false, description: 'Steps to log, all or none.',
  examples: [{ steps: [{ device: 'PlateReader', data: { fct: 'absorbance' }, start: '2026-03-02T09:20:00Z', finish: '2026-03-02T09:20:41.5Z' }] }]
})
export type StepBatch = Static<typeof StepBatch>

export const StepItems = items('StepItems', Step, 'The steps, in the order given.')

export const StepFinish = Type.Object({
  finish: optional(TimestampIn),
  status: optional(ref(StepEnding)),
  data: optional(ref(JsonObject))
}, {
  $id: 'StepFinish', additionalProperties: false,
  description: 'How a running step ended; `{}` will do. `finish` is now by default, `status` completed. `data` is merged into the step\'s, member by member.',
  examples: [{ data: { wells_read: 96 } }, {}]
})
export type StepFinish = Static<typeof StepFinish>

export const StepPatch = Type.Object({
  reason: textLines('Why; kept in the step\'s history.', 'The clock of the reader was an hour ahead.'),
  start: Type.Optional(TimestampIn),
  finish: Type.Optional(nullable(TimestampIn)),
  status: Type.Optional(ref(StepStatus)),
  is_simulation: Type.Optional(simulated),
  data: Type.Optional(ref(JsonObject)),
  device: Type.Optional(ref(DeviceName)),
  containers: Type.Optional(containers)
}, {
  $id: 'StepPatch', additionalProperties: false, minProperties: 2,
  description: 'What to correct, and why; absent members stay as they are. `data` and `containers` are replaced as a whole; `finish` null with `status` running or failed takes it away.',
  examples: [{ reason: 'The clock of the reader was an hour ahead.', start: '2026-03-02T08:20:00Z', finish: '2026-03-02T08:20:41.5Z' }]
})
export type StepPatch = Static<typeof StepPatch>

const StepChangeKind = stringEnum('StepChangeKind', ['step-finished', 'step-corrected'], 'What happened to a logged step.')

const StepChange = Type.Object({
  revision: Type.Integer({ minimum: 1, description: 'Of the change, in the order of all changes.' }),
  recorded_at: ref(Timestamp),
  kind: ref(StepChangeKind),
  actor: nullable(Type.String({ description: 'Who asked for it, if known.' })),
  reason: nullable(Type.String({ description: 'Why; of a correction.' })),
  before: ref(Step),
  after: ref(Step)
}, {
  $id: 'StepChange', description: 'A change of a step after it was logged.',
  examples: [{
    revision: 57, recorded_at: '2026-03-02T10:00:00.000Z', kind: 'step-corrected', actor: null, reason: 'The clock of the reader was a second ahead.',
    before: { ...aStep, finish: '2026-03-02T09:20:42.500Z', duration_seconds: 42.5 },
    after: { ...aStep, updated_at: '2026-03-02T10:00:00.000Z', version: 2 }
  }]
})
export type StepChange = Static<typeof StepChange>

export const StepHistory = page('StepHistory', StepChange)

export const StepPage = page('StepPage', Step)

export const StepParams = Type.Object({ id: ref(Uuid) })

export const StepSort = stringEnum('StepSort', ['start', '-start', 'duration', '-duration'], 'By start or duration, with - descending. Without a duration: last, both ways.')
export type StepSort = Static<typeof StepSort>

const ofExperiment = {
  device: Type.Optional(ref(DeviceName)),
  container: Type.Optional(ref(ContainerName)),
  fct: Type.Optional(fct),
  kind: Type.Optional(ref(StepKind)),
  status: Type.Optional(ref(StepStatus)),
  is_simulation: Type.Optional(simulated),
  started_after: Type.Optional(TimestampIn),
  started_before: Type.Optional(TimestampIn),
  origin_device: Type.Optional(ref(DeviceName)),
  destination_device: Type.Optional(ref(DeviceName))
}

export const stepFilters = {
  ...ofExperiment,
  experiment_id: Type.Optional(ref(Name)),
  process_id: Type.Optional(ref(Uuid))
}

const sort = Type.Optional(ref(StepSort))

export const StepQuery = Type.Object({ ...pageQuery, ...stepFilters, sort }, { additionalProperties: false })
export type StepQuery = Static<typeof StepQuery>
export type StepFilters = Omit<StepQuery, keyof typeof pageQuery | 'sort'>

export const ExperimentStepsQuery = Type.Object({ ...pageQuery, ...ofExperiment, sort }, { additionalProperties: false })

export const StepHistoryQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })

export const stepSchemas = [
  StepEnding, StepEnd, StepPlace, StepContainer, Step, StepCreate, StepBatch, StepItems, StepFinish, StepPatch, StepChangeKind, StepChange,
  StepHistory, StepPage, StepSort
]
