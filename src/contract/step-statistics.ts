import Type, { type Static } from 'typebox'
import { stepGroupings } from '../domain/step-grouping.ts'
import { DeviceName, nullable, ref, Seconds, StepKind, StepStatus, stringEnum, Uuid } from './common.ts'
import { stepFilters } from './steps.ts'

const StepGroup = Type.Object({
  device: Type.Optional(ref(DeviceName, 'The device. Present only if the request groups by it.')),
  fct: Type.Optional(nullable(Type.String({ description: 'The function.' }))),
  kind: Type.Optional(ref(StepKind, 'The kind of step. Present only if the request groups by it.')),
  status: Type.Optional(ref(StepStatus, 'The status. Present only if the request groups by it.')),
  experiment_id: Type.Optional(nullable(ref(Uuid), 'The experiment. Null for steps without an experiment.')),
  process_id: Type.Optional(nullable(ref(Uuid), 'The process of the experiment. Null for steps without an experiment.')),
  day: Type.Optional(Type.String({ description: 'The day of the start: in UTC, or in the `timezone` of the request.', examples: ['2026-03-02'] }))
}, {
  $id: 'StepGroup', description: 'The values that the steps of a group have in common: one member for each name in `group_by`. Null for steps without such a value.',
  examples: [
    { device: 'PlateReader', fct: 'absorbance' },
    {
      kind: 'operation', status: 'completed', experiment_id: '0199f2f4-8d20-7c11-8a3b-1f5e2a9c0d42', process_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11',
      day: '2026-03-02'
    }
  ]
})

const seconds = (description: string) => nullable(ref(Seconds), description)
const count = (description: string) => Type.Integer({ minimum: 0, description })

const aRow = {
  group: { device: 'PlateReader' }, count: 12, finished: 11, failed: 0, mean_seconds: 41.2, stddev_seconds: 0.8, min_seconds: 40.1, max_seconds: 43,
  median_seconds: 41, p95_seconds: 42.7, total_seconds: 453.2
}

const StepGroupStatistics = Type.Object({
  group: ref(StepGroup, 'What the steps of this group have in common.'),
  count: count('The number of steps in the group.'),
  finished: count('The number of steps with a finish.'),
  failed: count('The number of failed steps.'),
  mean_seconds: seconds('The mean duration in seconds.'),
  stddev_seconds: seconds('The sample standard deviation in seconds. Null with fewer than two durations.'),
  min_seconds: seconds('The shortest duration in seconds.'),
  max_seconds: seconds('The longest duration in seconds.'),
  median_seconds: seconds('The median duration in seconds, interpolated.'),
  p95_seconds: seconds('The 95th percentile of the durations in seconds, interpolated.'),
  total_seconds: ref(Seconds, 'The sum of the durations in seconds.')
}, {
  $id: 'StepGroupStatistics',
  description: [
    'The counts are of all steps. The durations are without pauses, and of all finished steps, whatever their status, but for those that estimates leave out',
    'for their times, for a status that was not understood, or by hand. `excluded=any` leaves nothing out. They are null when there are no such steps.'
  ].join(' '),
  examples: [aRow]
})
export type StepGroupStatistics = Static<typeof StepGroupStatistics>

export const StepStatistics = Type.Object({ items: Type.Array(ref(StepGroupStatistics), { description: 'One item for each group.' }) }, {
  $id: 'StepStatistics', description: 'Statistics by group, in ascending order of the `group_by` members. Null comes last.',
  examples: [{ items: [aRow] }]
})

const StatisticsExcluded = stringEnum('StatisticsExcluded', ['any'], '`any`: the durations are those of all finished steps, also of steps that estimates leave out.')

export const TimeZone = Type.String({
  $id: 'TimeZone', minLength: 1, maxLength: 100, description: 'The IANA name of a time zone, as PostgreSQL knows it. Upper and lower case matter.', examples: ['Europe/Stockholm']
})

export const StatisticsQuery = Type.Object({
  ...stepFilters,
  excluded: Type.Optional(ref(StatisticsExcluded)),
  group_by: Type.Optional(Type.String({
    maxLength: 200, description: `A comma-separated list of ${stepGroupings.join(', ')}. Without it, all steps are one group.`, examples: ['device,fct']
  })),
  timezone: Type.Optional(ref(TimeZone))
}, { additionalProperties: false })
export type StatisticsQuery = Static<typeof StatisticsQuery>

export const stepStatisticsSchemas = [StatisticsExcluded, TimeZone, StepGroup, StepGroupStatistics, StepStatistics]
