import Type, { type Static } from 'typebox'
import { stepGroupings } from '../domain/step-grouping.ts'
import { DeviceName, nullable, ref, Seconds, StepKind, StepStatus, Uuid } from './common.ts'
import { stepFilters } from './steps.ts'

const StepGroup = Type.Object({
  device: Type.Optional(ref(DeviceName)),
  fct: Type.Optional(nullable(Type.String({ description: 'The function.' }))),
  kind: Type.Optional(ref(StepKind)),
  status: Type.Optional(ref(StepStatus)),
  experiment_id: Type.Optional(nullable(ref(Uuid))),
  process_id: Type.Optional(nullable(ref(Uuid))),
  day: Type.Optional(Type.String({ description: 'The UTC day of the start.', examples: ['2026-03-02'] }))
}, {
  $id: 'StepGroup', description: 'What the steps of a group have in common: a member for each of `group_by`; null where they have none.',
  examples: [
    { device: 'PlateReader', fct: 'absorbance' },
    {
      kind: 'operation', status: 'completed', experiment_id: '0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11',
      day: '2026-03-02'
    }
  ]
})

const seconds = nullable(ref(Seconds))
const count = (description: string) => Type.Integer({ minimum: 0, description })

const aRow = {
  group: { device: 'PlateReader' }, count: 12, finished: 11, failed: 0, mean_seconds: 41.2, stddev_seconds: 0.8, min_seconds: 40.1, max_seconds: 43,
  median_seconds: 41, p95_seconds: 42.7, total_seconds: 453.2
}

const StepGroupStatistics = Type.Object({
  group: ref(StepGroup),
  count: count('Steps in the group.'),
  finished: count('Of these, those with a finish; the durations are theirs.'),
  failed: count('Of these, those that failed.'),
  mean_seconds: seconds,
  stddev_seconds: seconds,
  min_seconds: seconds,
  max_seconds: seconds,
  median_seconds: seconds,
  p95_seconds: seconds,
  total_seconds: ref(Seconds)
}, {
  $id: 'StepGroupStatistics',
  description: 'The durations of all finished steps of a group, whatever their status. The standard deviation is the sample\'s, null below two; median and 95th percentile are continuous.',
  examples: [aRow]
})
export type StepGroupStatistics = Static<typeof StepGroupStatistics>

export const StepStatistics = Type.Object({ items: Type.Array(ref(StepGroupStatistics)) }, {
  $id: 'StepStatistics', description: 'A row a group, in ascending order of the group\'s members as asked for, null last.',
  examples: [{ items: [aRow] }]
})

export const StatisticsQuery = Type.Object({
  ...stepFilters,
  group_by: Type.Optional(Type.String({
    maxLength: 200, description: `What to group by: a comma-separated list of ${stepGroupings.join(', ')}. None: one row for all.`, examples: ['device,fct']
  }))
}, { additionalProperties: false })
export type StatisticsQuery = Static<typeof StatisticsQuery>

export const stepStatisticsSchemas = [StepGroup, StepGroupStatistics, StepStatistics]
