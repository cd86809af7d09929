import Type, { type Static } from 'typebox'
import { experimentStatuses } from '../domain/experiment-status.ts'
import { JsonObject, Name, nullable, optional, page, pageQuery, ref, Seconds, stringEnum, Timestamp, TimestampIn, Uuid, Version } from './common.ts'

const anExample = {
  id: '0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11',
  process: { id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'Screening' }, name: 'Screen of Monday', status: 'running', metadata: null,
  steps: { total: 42, completed: 40, failed: 1, aborted: 0, running: 1 },
  first_start: '2026-03-02T09:20:00.000Z', last_finish: '2026-03-02T10:02:11.500Z', duration_seconds: 2531.5,
  created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:20:00.000Z', version: 2
}

export const ExperimentStatus = stringEnum('ExperimentStatus', experimentStatuses, 'How far an experiment is, or how it ended.')

const ExperimentProcess = Type.Object({ id: ref(Uuid), name: ref(Name) }, {
  $id: 'ExperimentProcess', description: 'The process of which an experiment is a run.', examples: [anExample.process]
})

const count = (description: string) => Type.Integer({ minimum: 0, description })

const StepCounts = Type.Object({
  total: count('Steps in all.'), completed: count('Done in full.'), failed: count('Failed.'), aborted: count('Aborted.'), running: count('Not finished yet.')
}, { $id: 'StepCounts', description: 'How many steps there are, by status.', examples: [anExample.steps] })

export const Experiment = Type.Object({
  id: ref(Uuid),
  process_id: ref(Uuid),
  process: ref(ExperimentProcess),
  name: nullable(ref(Name)),
  status: ref(ExperimentStatus),
  metadata: nullable(ref(JsonObject)),
  steps: ref(StepCounts),
  first_start: nullable(ref(Timestamp)),
  last_finish: nullable(ref(Timestamp)),
  duration_seconds: nullable(ref(Seconds)),
  created_at: ref(Timestamp),
  updated_at: ref(Timestamp),
  version: ref(Version)
}, {
  $id: 'Experiment',
  description: 'A run of a process. `first_start`, `last_finish` and `duration_seconds` are those of its steps, null as long as there are none.',
  examples: [anExample]
})
export type Experiment = Static<typeof Experiment>

export const ExperimentCreate = Type.Object({
  id: optional(ref(Uuid)),
  process_id: ref(Uuid),
  name: optional(ref(Name)),
  metadata: optional(ref(JsonObject))
}, {
  $id: 'ExperimentCreate', additionalProperties: false, description: 'A run of a process.',
  examples: [{ process_id: anExample.process_id, name: anExample.name }]
})
export type ExperimentCreate = Static<typeof ExperimentCreate>

export const ExperimentPatch = Type.Object({
  status: Type.Optional(ref(ExperimentStatus)),
  name: Type.Optional(nullable(ref(Name))),
  metadata: Type.Optional(nullable(ref(JsonObject)))
}, {
  $id: 'ExperimentPatch', additionalProperties: false, minProperties: 1,
  description: 'What to change; absent members stay as they are, null clears. `metadata` is replaced as a whole.', examples: [{ status: 'completed' }]
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
