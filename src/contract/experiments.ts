import Type, { type Static } from 'typebox'
import { experimentStatuses } from '../domain/experiment-status.ts'
import { JsonObject, Name, nullable, optional, page, pageQuery, ref, Seconds, stringEnum, Timestamp, TimestampIn, Uuid, Version, Warning } from './common.ts'

const anExample = {
  id: '0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11',
  process: { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'Screening' }, name: 'Screen of Monday', status: 'running', metadata: null, warnings: [],
  steps: { total: 42, completed: 40, failed: 1, aborted: 0, running: 1, paused: 0, lost: 0 },
  first_start: '2026-03-02T09:20:00.000Z', last_finish: '2026-03-02T10:02:11.500Z', duration_seconds: 2531.5,
  paused_at: null, paused_seconds: 600, active_seconds: 1931.5,
  session: null, attention: true,
  created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:20:00.000Z', version: 2
}

export const ExperimentStatus = stringEnum('ExperimentStatus', experimentStatuses, 'Whether an experiment has started, is running or paused, or how it ended. `lost`: it was running when the session of its orchestrator was over, and nobody has said since how it goes on.')

const ExperimentProcess = Type.Object({ id: ref(Uuid, 'The id of the process.'), name: ref(Name, 'The name of the process.') }, {
  $id: 'ExperimentProcess', description: 'The process that an experiment executes.', examples: [anExample.process]
})

const count = (description: string) => Type.Integer({ minimum: 0, description })

const StepCounts = Type.Object({
  total: count('All steps.'), completed: count('Completed steps.'), failed: count('Failed steps.'), aborted: count('Aborted steps.'), running: count('Running steps.'), paused: count('Paused steps.'), lost: count('Lost steps.')
}, { $id: 'StepCounts', description: 'The number of steps of an experiment by status.', examples: [anExample.steps] })

export const Experiment = Type.Object({
  id: ref(Uuid, 'The id of the experiment.'),
  process_id: ref(Uuid, 'The id of that process.'),
  process: ref(ExperimentProcess, 'The process that the experiment executes.'),
  name: nullable(ref(Name), 'The name of the experiment. Null when it has none.'),
  status: ref(ExperimentStatus, 'The status of the experiment.'),
  metadata: nullable(ref(JsonObject), 'Data that the client stored with the experiment.'),
  warnings: Type.Array(ref(Warning), { description: 'What was unusual about the request, for example numbers that are kept as text.' }),
  steps: ref(StepCounts, 'How many steps the experiment has, by status.'),
  first_start: nullable(ref(Timestamp), 'The start of the first step, of those whose times can be true. Null without such steps.'),
  last_finish: nullable(ref(Timestamp), 'The latest finish of a step, of those whose times can be true. Null when no such step has finished.'),
  duration_seconds: nullable(ref(Seconds), 'The seconds from `first_start` to `last_finish`. Null when one of them is null.'),
  paused_at: nullable(ref(Timestamp), 'Since when the experiment is paused. Null while it is not.'),
  paused_seconds: ref(Seconds, 'The seconds of all pauses of the experiment that are over, from its first start on, and once it has ended up to its last finish. A pause that lasts is not in it.'),
  active_seconds: nullable(ref(Seconds), [
    'The seconds from `first_start` to `last_finish` in which the experiment did not stand still: what the duration of a process uses.',
    'It stands still while it is paused, and while steps of it are paused and no other one is active. Null without a duration.'
  ].join(' ')),
  session: nullable(ref(Name), 'The session of the orchestrator that runs the experiment. Null when none was named.'),
  attention: Type.Boolean({
    description: 'Whether somebody has to look at the experiment: it has not ended, and a step of it failed and was neither tried again (a later step with the same name) nor corrected.'
  }),
  created_at: ref(Timestamp, 'When the experiment was created.'),
  updated_at: ref(Timestamp, 'When the experiment changed last.'),
  version: ref(Version, 'How often the experiment changed, counted from 1.')
}, {
  $id: 'Experiment',
  description: 'One execution of a process. `first_start`, `last_finish`, `duration_seconds` and `active_seconds` are computed from its steps.',
  examples: [anExample]
})
export type Experiment = Static<typeof Experiment>

export const ExperimentCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new experiment. The default is a new UUID.'),
  process_id: ref(Uuid, 'The process that the experiment executes.'),
  name: optional(ref(Name), 'The name of the experiment. It need not be unique.'),
  session: optional(ref(Name), 'The session of the orchestrator that runs the experiment. When it is over, the experiment is `lost`.'),
  metadata: optional(ref(JsonObject), 'Data to store with the experiment.')
}, {
  $id: 'ExperimentCreate', additionalProperties: false, description: 'An experiment to create: one execution of a process.',
  examples: [{ process_id: anExample.process_id, name: anExample.name }]
})
export type ExperimentCreate = Static<typeof ExperimentCreate>

export const ExperimentPatch = Type.Object({
  status: Type.Optional(ref(ExperimentStatus, 'The new status.')),
  name: Type.Optional(nullable(ref(Name), 'The new name. Null removes it.')),
  session: Type.Optional(nullable(ref(Name), 'The session of the orchestrator that runs the experiment from now on. Null removes it.')),
  metadata: Type.Optional(nullable(ref(JsonObject), 'The new metadata, which replaces the old one. Null removes it.'))
}, {
  $id: 'ExperimentPatch', additionalProperties: false, minProperties: 1,
  description: 'The members to change. Omitted members stay as they are.', examples: [{ status: 'completed' }]
})
export type ExperimentPatch = Static<typeof ExperimentPatch>

export const ExperimentPage = page('ExperimentPage', Experiment)

export const ExperimentParams = Type.Object({ id: ref(Uuid) })

export const ExperimentQuery = Type.Object({
  ...pageQuery,
  process_id: Type.Optional(ref(Uuid)),
  status: Type.Optional(ref(ExperimentStatus)),
  started_after: Type.Optional(TimestampIn),
  started_before: Type.Optional(TimestampIn)
}, { additionalProperties: false })
export type ExperimentQuery = Static<typeof ExperimentQuery>

export const experimentSchemas = [ExperimentStatus, ExperimentProcess, StepCounts, Experiment, ExperimentCreate, ExperimentPatch, ExperimentPage]
