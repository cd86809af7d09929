import Type, { type Static } from 'typebox'
import { AnyBoolean, DeviceName, JsonObject, Name, nullable, optional, page, pageQuery, ref, textLine, textLines, Timestamp, Uuid, Version } from './common.ts'

const kind = textLine('The kind of device.', 'incubator')
const words = textLines('In words.', 'The incubator by the door')
const uri = textLine('Where its server answers.', 'https://10.0.0.7:50052')
const capacity = Type.Integer({ minimum: 0, maximum: 10_000, description: 'How many slots it has.', examples: [42] })
const processCapacity = Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'How many things it can work on at once.', examples: [1] })
const minCapacity = Type.Integer({ minimum: 0, maximum: 2_147_483_647, description: 'How many things it must hold to work.', examples: [4] })
const allowsOverlap = Type.Boolean({ description: 'It can begin another step before one ends.' })

export const Device = Type.Object({
  id: ref(Uuid),
  name: ref(DeviceName),
  group: ref(Name),
  type: nullable(Type.String({ description: 'The kind of device.' })),
  description: nullable(Type.String({ description: 'In words.' })),
  uri: nullable(Type.String({ description: 'Where its server answers.' })),
  capacity,
  process_capacity: nullable(processCapacity),
  min_capacity: nullable(minCapacity),
  allows_overlap: nullable(allowsOverlap),
  extra: nullable(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description: 'What else the lab file says of it.' })),
  has_certificate: Type.Boolean({ description: 'Its server certificate is known.' }),
  listed: Type.Boolean({ description: 'The lab has it; false when only a log named it.' }),
  retired_at: nullable(ref(Timestamp)),
  created_at: ref(Timestamp),
  updated_at: ref(Timestamp),
  version: ref(Version)
}, {
  $id: 'Device', description: 'A device of the lab. Its slots are numbered from 0 to `capacity` - 1.',
  examples: [{
    id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'Cytomat1', group: 'incubators', type: 'incubator', description: null, uri: null,
    capacity: 42, process_capacity: null, min_capacity: null, allows_overlap: null, extra: null, has_certificate: false, listed: true,
    retired_at: null, created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:15:00.000Z', version: 1
  }]
})
export type Device = Static<typeof Device>

export const DeviceCreate = Type.Object({
  id: optional(ref(Uuid)),
  name: ref(DeviceName),
  group: optional(ref(Name)),
  type: optional(kind),
  description: optional(words),
  uri: optional(uri),
  capacity,
  process_capacity: optional(processCapacity),
  min_capacity: optional(minCapacity),
  allows_overlap: optional(allowsOverlap),
  extra: optional(ref(JsonObject))
}, {
  $id: 'DeviceCreate', additionalProperties: false, description: 'A device to add; its group is `devices` unless it says another.',
  examples: [{ name: 'Cytomat1', group: 'incubators', capacity: 42 }]
})
export type DeviceCreate = Static<typeof DeviceCreate>

export const DevicePatch = Type.Object({
  name: Type.Optional(ref(DeviceName)),
  group: Type.Optional(ref(Name)),
  type: Type.Optional(nullable(kind)),
  description: Type.Optional(nullable(words)),
  uri: Type.Optional(nullable(uri)),
  capacity: Type.Optional(capacity),
  process_capacity: Type.Optional(nullable(processCapacity)),
  min_capacity: Type.Optional(nullable(minCapacity)),
  allows_overlap: Type.Optional(nullable(allowsOverlap)),
  extra: Type.Optional(nullable(ref(JsonObject)))
}, {
  $id: 'DevicePatch', additionalProperties: false, minProperties: 1,
  description: 'What to change; absent members stay as they are, null clears.', examples: [{ capacity: 48 }]
})
export type DevicePatch = Static<typeof DevicePatch>

export const DevicePage = page('DevicePage', Device)

export const DeviceQuery = Type.Object({
  ...pageQuery,
  group: Type.Optional(ref(Name)),
  type: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'Only of this kind.', examples: ['incubator'] })),
  has_certificate: Type.Optional(Type.Boolean({ description: 'Only those whose server certificate is known, or is not.' })),
  retired: Type.Optional(ref(AnyBoolean)),
  listed: Type.Optional(ref(AnyBoolean))
}, { additionalProperties: false })
export type DeviceQuery = Static<typeof DeviceQuery>

export const DeviceParams = Type.Object({ device: ref(DeviceName) })

export const deviceSchemas = [Device, DeviceCreate, DevicePatch, DevicePage]
