import Type, { type Static } from 'typebox'
import { DeviceName, ref, Seconds, stringEnum, Timestamp, TimestampIn } from './common.ts'
import { TimeZone } from './step-statistics.ts'

const UtilizationBucket = stringEnum('UtilizationBucket', ['hour', 'day'], 'The length of a bucket. A day begins at midnight in the time zone, and can have 23 or 25 hours.')

export const UtilizationQuery = Type.Object({
  from: Type.Optional(TimestampIn),
  to: Type.Optional(TimestampIn),
  bucket: Type.Optional(ref(UtilizationBucket)),
  timezone: Type.Optional(ref(TimeZone)),
  device: Type.Optional(DeviceName)
}, { additionalProperties: false })
export type UtilizationQuery = Static<typeof UtilizationQuery>

const anItem = {
  device: 'PlateReader', from: '2026-03-02T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z', busy_seconds: 12_480.5, steps: 84, failed: 1, occupied_slot_seconds: 30_112, slots: 1
}

const DeviceUtilization = Type.Object({
  device: ref(DeviceName, 'The device.'),
  from: ref(Timestamp, 'The beginning of the bucket; of the first one, that of the range.'),
  to: ref(Timestamp, 'The end of the bucket; of the last one, that of the range.'),
  busy_seconds: ref(Seconds, 'The seconds in which at least one step was active. Pauses, simulations, lost steps and steps whose times cannot be true do not count.'),
  steps: Type.Integer({ minimum: 0, description: 'The number of steps that started in the bucket.' }),
  failed: Type.Integer({ minimum: 0, description: 'How many of them failed.' }),
  occupied_slot_seconds: ref(Seconds, 'The seconds that slots were occupied by containers or lids, added up over the slots.'),
  slots: Type.Integer({ minimum: 0, description: 'The number of slots that keep what is put there, as it is now.' })
}, { $id: 'DeviceUtilization', description: 'How busy a device was in one bucket.', examples: [anItem] })

export const Utilization = Type.Object({
  items: Type.Array(ref(DeviceUtilization), { description: 'One item for each device and bucket, in this order.' })
}, { $id: 'Utilization', description: 'How busy devices were.', examples: [{ items: [anItem] }] })
export type Utilization = Static<typeof Utilization>

export const utilizationSchemas = [UtilizationBucket, DeviceUtilization, Utilization]
