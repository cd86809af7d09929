import Type, { type Static } from 'typebox'
import { maxInteger, maxNameLength } from '../domain/limits.ts'
import {
  barcodeText, ContainerName, DeviceName, items, JsonObject, Name, normalized, nullable, optional, page, pageQuery, ref, Seconds, Slot, StepKind, StepStatus,
  stringEnum, reasonText, textLines, Timestamp, TimestampIn, Uuid, Version, Warning
} from './common.ts'
import { PastPause } from './pauses.ts'

export const aStep = {
  id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', kind: 'operation', name: 'Read plate 1', fct: 'absorbance', device: 'PlateReader',
  data: { fct: 'absorbance', wavelength: 570 }, start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z', status: 'completed',
  duration_seconds: 41.5, paused_at: null, paused_seconds: 0, active_seconds: 41.5,
  experiment_id: '0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', experiment_named: null,
  containers: [{ id: '0199f2f4-9e31-7a22-9c4d-2b6f3a0d1e53', barcode: 'SCREEN_001', named: 'SCREEN_001' }],
  origin: null, destination: null, lidded_before: null, lidded_after: null, barcode_read: null, is_simulation: false,
  attempt: null, expected_seconds: null, error: null, session: null,
  excluded_from_estimates: null, warnings: [], created_at: '2026-03-02T09:20:42.000Z', updated_at: '2026-03-02T09:20:42.000Z', version: 1
}

/** Why a step is no sample for estimates. Of several reasons the first of this list is told. */
export const exclusions = ['not-completed', 'simulation', 'clock', 'implausible', 'unknown-status', 'paused-throughout', 'by-hand'] as const
export type Exclusion = (typeof exclusions)[number]

export const StepExclusion = stringEnum('StepExclusion', exclusions, [
  'Why estimates leave a step out.',
  '`not-completed`: it is running, lost, failed or aborted. `simulation`: it was simulated.',
  '`clock`: its times cannot be true; a warning says which. `implausible`: it took longer than all reason for its kind.',
  '`unknown-status`: its status was not understood (`data.reported_status`). `by-hand`: a person decided it.',
  '`paused-throughout`: it was paused from start to finish, or for all but seconds of that time, so nobody knows how long it takes.'
].join(' '))

const LoggedStatus = stringEnum('LoggedStatus', ['running', 'completed', 'failed', 'aborted'],
  'Whether a logged step is still running, or how it ended. To pause a step that runs, use `POST /api/steps/{id}/pause`.')

export const StepEnding = stringEnum('StepEnding', ['completed', 'failed', 'aborted'], 'How a step ended.')

const StepEnd = Type.Object({ device: ref(DeviceName, 'The device.'), position: optional(ref(Slot), 'The slot, if it is known.') }, {
  $id: 'StepEnd', additionalProperties: false, description: 'Where a move started or ended.', examples: [{ device: 'Incubator', position: 5 }]
})

export const StepPlace = Type.Object({ device: ref(DeviceName, 'The device.'), position: nullable(ref(Slot), 'The slot. Null when it was not logged.') }, {
  $id: 'StepPlace', description: 'Where a move started or ended.', examples: [{ device: 'Incubator', position: 5 }]
})

export const StepContainer = Type.Object({
  id: nullable(ref(Uuid), 'The id of the container. Null when no such container was known.'),
  barcode: nullable(ref(ContainerName), 'The barcode of the container. Null when it has none, or no such container was known.'),
  named: ref(ContainerName, 'The barcode or id that the log has.')
}, {
  $id: 'StepContainer', description: 'A container that a step involved. `named` is the barcode or id that was logged.',
  examples: aStep.containers
})

const fctRules = { minLength: 1, maxLength: maxNameLength, ...normalized, description: 'The function of the step, from `data.fct`.', examples: ['absorbance'] }
/** Not a name by its format: older versions stored functions with invisible characters. */
const fct = Type.String(fctRules)
const fctFilter = Type.String({ ...fctRules, format: 'name' })
const containers = Type.Array(ref(ContainerName), {
  maxItems: 1000, description: 'The barcodes or ids of the containers that the step involved. Unknown containers are stored as named, with a warning. Duplicates are ignored.', examples: [['SCREEN_001']]
})
const furtherContainers = Type.Array(ref(ContainerName), {
  maxItems: 1000, description: 'Further containers that the step involved. Those that were named before stay.', examples: [['SCREEN_001']]
})
const lidBefore = Type.Boolean({ description: 'Whether the lid was on at the start.' })
const lidAfter = Type.Boolean({ description: 'Whether the lid was on at the end.' })
const barcodeRead = Type.Boolean({ description: 'Whether the barcode was read during the step.' })
const attempt = Type.Integer({ minimum: 1, maximum: maxInteger, description: 'The how many-th try of the same work the step is, counted from 1.', examples: [2] })
const expected = Type.Number({ minimum: 0, maximum: 31_536_000, description: 'The seconds that the orchestrator had planned for the step.', examples: [40] })
const error = textLines('Why the step failed, in the words of who told it.', 'The gripper lost the plate.')
const pauses = Type.Array(ref(PastPause), {
  maxItems: 1000, description: 'All pauses of a step that has a `finish`, in their order. They replace those that were told before; an empty list says that there was none. What is before the start or after the finish does not count, and more than 5 s of it makes the step no sample. To pause a step that runs, use `POST /api/steps/{id}/pause`.'
})
const simulated = Type.Boolean({ description: 'Whether the step was only simulated. Estimates ignore simulated steps.' })

export const Step = Type.Object({
  id: ref(Uuid, 'The id of the step.'),
  kind: ref(StepKind, 'The kind of step.'),
  name: nullable(ref(Name), 'The name of the step. Null when it has none.'),
  fct: nullable(fct),
  device: ref(DeviceName, 'The device that did the step.'),
  data: ref(JsonObject, 'What the step was told to do. `fct` is its function.'),
  start: ref(Timestamp, 'When the step started.'),
  finish: nullable(ref(Timestamp), 'When the step finished. Null when it is running, paused or lost, or its finish is not known.'),
  status: ref(StepStatus, 'The status of the step.'),
  duration_seconds: nullable(ref(Seconds), 'The seconds from start to finish. Null without a finish.'),
  paused_at: nullable(ref(Timestamp), 'Since when the step is paused. Null while it is not.'),
  paused_seconds: ref(Seconds, 'The seconds of all pauses that are over, between start and finish. A pause that lasts is not in it.'),
  active_seconds: nullable(ref(Seconds), 'The seconds from start to finish without the pauses: what estimates and statistics use. Null without a finish.'),
  experiment_id: nullable(ref(Uuid), 'The experiment that the step belongs to. Null when there is none.'),
  experiment_named: nullable(Type.String({ description: 'The experiment as it was logged. Null when no experiment was logged, or the experiment is known.' })),
  containers: Type.Array(ref(StepContainer), { description: 'The containers that the step involved.' }),
  origin: nullable(ref(StepPlace), 'Where a move started. Null for an operation.'),
  destination: nullable(ref(StepPlace), 'Where a move ended. Null for an operation.'),
  lidded_before: nullable(lidBefore),
  lidded_after: nullable(lidAfter),
  barcode_read: nullable(barcodeRead),
  is_simulation: simulated,
  attempt: nullable(attempt),
  expected_seconds: nullable(expected),
  error: nullable(error),
  session: nullable(ref(Name), 'The session of the orchestrator that told the step. Null when it named none.'),
  excluded_from_estimates: nullable(ref(StepExclusion), 'Why the step is no sample for estimates. Null when it is one.'),
  warnings: Type.Array(ref(Warning), { description: 'What is unusual about the step. The pointers refer to members of the step.' }),
  created_at: ref(Timestamp, 'When the step was logged.'),
  updated_at: ref(Timestamp, 'When the step changed last.'),
  version: ref(Version, 'How often the step changed, counted from 1.')
}, { $id: 'Step', description: 'A step: something that a device did or is doing.', examples: [aStep] })
export type Step = Static<typeof Step>

export const StepCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new step. The default is a new UUID.'),
  kind: optional(ref(StepKind), 'The kind of step. The default is `operation`.'),
  name: optional(ref(Name), 'The name of the step.'),
  device: ref(DeviceName, 'The device that did the step.'),
  data: optional(ref(JsonObject), 'The function (`fct`), the parameters and the results of the step.'),
  start: TimestampIn,
  finish: optional(TimestampIn),
  pauses: optional(pauses),
  status: optional(ref(LoggedStatus), 'The status. The default is `completed` with a `finish`, otherwise `running`.'),
  experiment_id: optional(ref(Name), 'The id of the experiment. An unknown one is stored as named, with a warning.'),
  containers: optional(containers),
  is_simulation: optional(simulated),
  origin: optional(ref(StepEnd), 'Where a move started.'),
  destination: optional(ref(StepEnd), 'Where a move ended.'),
  lidded_before: optional(lidBefore),
  lidded_after: optional(lidAfter),
  barcode_read: optional(barcodeRead),
  attempt: optional(attempt),
  expected_seconds: optional(expected),
  error: optional(error),
  session: optional(ref(Name), 'The session of the orchestrator that tells the step (`PUT /api/orchestrators/{name}`). When the session is over, the step is `lost`.')
}, {
  $id: 'StepCreate', additionalProperties: false,
  description: [
    'A step to log. Unknown devices, containers and experiments are stored as named, with a warning.',
    'A step of kind `move` needs `origin` and `destination`; an operation must not have them.'
  ].join(' '),
  examples: [{
    device: 'PlateReader', data: { fct: 'absorbance', wavelength: 570 }, start: '2026-03-02T09:20:00Z', finish: '2026-03-02T09:20:41.5Z',
    experiment_id: aStep.experiment_id, containers: ['SCREEN_001']
  }]
})
export type StepCreate = Static<typeof StepCreate>

export const StepBatch = Type.Object({
  steps: Type.Array(ref(StepCreate), { minItems: 1, maxItems: 5000, description: 'The steps. Ids must be unique.' })
}, {
  $id: 'StepBatch', additionalProperties: false, description: 'Steps to log. Either all are logged or none.',
  examples: [{ steps: [{ device: 'PlateReader', data: { fct: 'absorbance' }, start: '2026-03-02T09:20:00Z', finish: '2026-03-02T09:20:41.5Z' }] }]
})
export type StepBatch = Static<typeof StepBatch>

export const StepItems = items('StepItems', Step, 'The steps, in the order of the request.')

export const StepFinish = Type.Object({
  finish: optional(TimestampIn),
  status: optional(ref(StepEnding), 'How the step ended. The default is `completed`.'),
  data: optional(ref(JsonObject), 'Members to add to the data of the step, or to replace in it.'),
  error: optional(error),
  containers: optional(furtherContainers),
  origin: optional(ref(StepEnd), 'Where a move really started. The default is what is known.'),
  destination: optional(ref(StepEnd), 'Where a move really ended. The default is what is known.'),
  lidded_before: optional(lidBefore),
  lidded_after: optional(lidAfter),
  barcode_read: optional(barcodeRead),
  attempt: optional(attempt),
  expected_seconds: optional(expected)
}, {
  $id: 'StepFinish', additionalProperties: false,
  description: 'The end of a step that was told as running. All members are optional. The default `finish` is now, by the clock of the service.',
  examples: [{ data: { wells_read: 96 } }, {}]
})
export type StepFinish = Static<typeof StepFinish>

export const StepPatch = Type.Object({
  reason: reasonText('Why the step is corrected. The history of the step keeps the reason.', 'The clock of the reader was an hour ahead.'),
  start: Type.Optional(TimestampIn),
  finish: Type.Optional(nullable(TimestampIn)),
  status: Type.Optional(ref(LoggedStatus, 'The status that the step really has.')),
  is_simulation: Type.Optional(simulated),
  data: Type.Optional(ref(JsonObject, 'The data that replaces the present one.')),
  device: Type.Optional(ref(DeviceName, 'The device that really did the step.')),
  containers: Type.Optional(containers),
  exclude_from_estimates: Type.Optional(nullable(Type.Boolean({
    description: '`true`: estimates leave the step out. `false`: its times and its status are true, whatever the service found. A failed or simulated step is never used.'
  }), 'A decision about the step as a sample for estimates. Null takes the decision back.'))
}, {
  $id: 'StepPatch', additionalProperties: false, minProperties: 2,
  description: 'The members to correct, and the reason. Omitted members stay as they are. `data` and `containers` replace the old values. To remove the finish, send `finish` null and `status` `running` or `failed`.',
  examples: [{ reason: 'The clock of the reader was an hour ahead.', start: '2026-03-02T08:20:00Z', finish: '2026-03-02T08:20:41.5Z' }]
})
export type StepPatch = Static<typeof StepPatch>

const StepChangeKind = stringEnum('StepChangeKind', ['step-finished', 'step-paused', 'step-resumed', 'step-lost', 'step-recovered', 'step-corrected'], 'How a logged step changed.')

const StepChange = Type.Object({
  revision: Type.Integer({ minimum: 1, description: 'The revision of the change.' }),
  recorded_at: ref(Timestamp, 'When the change was recorded.'),
  kind: ref(StepChangeKind, 'What kind of change it was.'),
  actor: nullable(Type.String({ description: 'Who sent the request: the name of the API key. Null when the request had no key.' })),
  reason: nullable(Type.String({ description: 'The reason that was given for a correction or a pause. Null otherwise.' })),
  before: ref(Step, 'The step before the change.'),
  after: ref(Step, 'The step after the change.')
}, {
  $id: 'StepChange', description: 'A change of a step after it was logged.',
  examples: [{
    revision: 57, recorded_at: '2026-03-02T10:00:00.000Z', kind: 'step-corrected', actor: null, reason: 'The clock of the reader was a second ahead.',
    before: { ...aStep, finish: '2026-03-02T09:20:42.500Z', duration_seconds: 42.5, active_seconds: 42.5 },
    after: { ...aStep, updated_at: '2026-03-02T10:00:00.000Z', version: 2 }
  }]
})
export type StepChange = Static<typeof StepChange>

export const StepHistory = page('StepHistory', StepChange)

export const StepPage = page('StepPage', Step)

export const StepParams = Type.Object({ id: ref(Uuid) })

export const StepSort = stringEnum('StepSort', ['start', '-start', 'duration', '-duration'], 'Sort by start or by duration; `-` means descending. Steps without a duration always come last.')
export type StepSort = Static<typeof StepSort>

const filtersWithinExperiment = {
  device: Type.Optional(ref(DeviceName)),
  container: Type.Optional(Type.String({
    minLength: 1, maxLength: maxNameLength, pattern: barcodeText, format: 'name', ...normalized, examples: ['SCREEN_001'],
    description: 'Only steps with this container: its id, or its barcode. A barcode that no container on the platform has means the containers that had it.'
  })),
  fct: Type.Optional(fctFilter),
  kind: Type.Optional(ref(StepKind)),
  status: Type.Optional(ref(StepStatus)),
  is_simulation: Type.Optional(simulated),
  started_after: Type.Optional(TimestampIn),
  started_before: Type.Optional(TimestampIn),
  origin_device: Type.Optional(ref(DeviceName)),
  destination_device: Type.Optional(ref(DeviceName)),
  excluded_from_estimates: Type.Optional(ref(StepExclusion))
}

export const stepFilters = {
  ...filtersWithinExperiment,
  experiment_id: Type.Optional(ref(Name)),
  process_id: Type.Optional(ref(Uuid))
}

const sort = Type.Optional(ref(StepSort))

export const StepQuery = Type.Object({ ...pageQuery, ...stepFilters, sort }, { additionalProperties: false })
export type StepQuery = Static<typeof StepQuery>
export type StepFilters = Omit<StepQuery, keyof typeof pageQuery | 'sort'>

export const ExperimentStepsQuery = Type.Object({ ...pageQuery, ...filtersWithinExperiment, sort }, { additionalProperties: false })

export const StepHistoryQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })

export const stepSchemas = [
  StepExclusion, LoggedStatus, StepEnding, StepEnd, StepPlace, StepContainer, Step, StepCreate, StepBatch, StepItems, StepFinish, StepPatch,
  StepChangeKind, StepChange, StepHistory, StepPage, StepSort
]
