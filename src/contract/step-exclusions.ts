import Type, { type Static } from 'typebox'
import { ContainerName, DeviceName, Name, reasonText, ref, Seconds, StepKind, StepStatus, stringEnum, TimestampIn, Uuid } from './common.ts'
import { aStep, Step, StepExclusion, stepFilters } from './steps.ts'

/** At most this many steps are decided about in one request. */
export const maxDecided = 10_000

const StepWhere = Type.Object({
  ...stepFilters,
  device: Type.Optional(ref(DeviceName, 'Steps of this device.')),
  container: Type.Optional(ref(ContainerName, 'Steps that involved this container.')),
  kind: Type.Optional(ref(StepKind, 'Steps of this kind.')),
  status: Type.Optional(ref(StepStatus, 'Steps with this status.')),
  origin_device: Type.Optional(ref(DeviceName, 'Moves that began on this device.')),
  destination_device: Type.Optional(ref(DeviceName, 'Moves that ended on this device.')),
  excluded_from_estimates: Type.Optional(ref(StepExclusion, 'Steps that estimates leave out for this reason.')),
  experiment_id: Type.Optional(ref(Name, 'Steps of this experiment.')),
  process_id: Type.Optional(ref(Uuid, 'Steps of experiments of this process.')),
  finished_after: Type.Optional(TimestampIn),
  finished_before: Type.Optional(TimestampIn),
  longer_than: Type.Optional(ref(Seconds, 'Steps that took longer than this without their pauses, in seconds.')),
  impossible_times: Type.Optional(Type.Boolean({ description: '`true`: only steps whose times cannot be true, failed and simulated ones too. They begin and end no experiment.' })),
  doubtful: Type.Optional(Type.Boolean({ description: '`true`: only steps that are used, although their times would not be believed if they were logged today.' }))
}, {
  $id: 'StepWhere', additionalProperties: false, minProperties: 1,
  description: [
    'Which steps: those that match all of these members. They are the filters of `GET /api/steps`, and some more.',
    '`finished_after` is inclusive, `finished_before` exclusive. `longer_than`: steps that took more than this many seconds without their pauses.'
  ].join(' '),
  examples: [{ excluded_from_estimates: 'clock', device: 'PlateReader' }]
})
export type StepWhere = Static<typeof StepWhere>

const StepDecisionWord = stringEnum('StepDecision', ['exclude', 'include', 'undecided'],
  '`exclude`: estimates leave the steps out. `include`: their times and status are true. `undecided`: an earlier decision is taken back, and the service decides.')

export const StepExclusionRequest = Type.Object({
  where: ref(StepWhere, 'Which steps are decided about.'),
  decision: Type.Optional(ref(StepDecisionWord, 'What is decided about them.')),
  reason: reasonText('Why. The history of each step keeps the reason.', 'The clock of the reader was set wrong in May.')
}, {
  $id: 'StepExclusionRequest', additionalProperties: false,
  description: `A decision about up to ${maxDecided} steps as samples for estimates. The default decision is \`exclude\`.`,
  examples: [{ where: { excluded_from_estimates: 'clock', device: 'PlateReader' }, reason: 'The clock of the reader was set wrong in May.' }]
})
export type StepExclusionRequest = Static<typeof StepExclusionRequest>

export const StepExclusionResult = Type.Object({
  applied: Type.Boolean({ description: 'Whether the decision was stored. False only for a dry run.' }),
  matched: Type.Integer({ minimum: 0, description: 'The number of steps that match.' }),
  changed: Type.Integer({ minimum: 0, description: 'How many of them had another decision before. Only they change.' }),
  items: Type.Array(ref(Step), { description: 'The steps that match, the newest first, as they are now. At most 50.' })
}, {
  $id: 'StepExclusionResult', description: 'What a decision changed. For a dry run: what it would change.',
  examples: [{ applied: true, matched: 1, changed: 1, items: [{ ...aStep, excluded_from_estimates: 'by-hand' }] }]
})
export type StepExclusionResult = Static<typeof StepExclusionResult>

export const StepExclusionQuery = Type.Object({
  dry_run: Type.Optional(Type.Boolean({ default: false, description: 'Whether to only return what would change.' }))
}, { additionalProperties: false })

export const stepExclusionSchemas = [StepWhere, StepDecisionWord, StepExclusionRequest, StepExclusionResult]
