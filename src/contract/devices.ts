import Type, { type Static } from 'typebox'
import { maxInteger, maxSlots } from '../domain/limits.ts'
import { AnyBoolean, DeviceName, GroupName, JsonObject, nullable, optional, page, pageQuery, ref, textLine, textLines, Timestamp, typeName, Uuid, Version } from './common.ts'
import { millimetres, typeNames } from './labware-types.ts'

const deviceType = typeName('The type of the device.', 'incubator')
const descriptionText = textLines('A description for people.', 'The incubator by the door')
const uri = textLine('The address of the device server.', 'https://10.0.0.7:50052')
const capacity = Type.Integer({ minimum: 0, maximum: maxSlots, description: 'The number of slots.', examples: [42] })
const processCapacity = Type.Integer({ minimum: 0, maximum: maxInteger, description: 'How many containers the device can process at the same time.', examples: [1] })
const minCapacity = Type.Integer({ minimum: 0, maximum: maxInteger, description: 'How many containers the device must hold before it can start.', examples: [4] })
const allowsOverlap = Type.Boolean({ description: 'Whether the device can start a step before the previous one has finished.' })
const disposes = Type.Boolean({ description: 'Whether the device is waste: what is put there is off the platform. A slot can say otherwise.' })
const labwareTypes = typeNames('The labware types that may stand there. Null: any. A slot can say otherwise.')
const maxHeight = millimetres('The height in millimetres of the highest container that fits there. Null: any. A slot can say otherwise.', 45)

export const Device = Type.Object({
  id: ref(Uuid, 'The id of the device. It stays the same when the device is renamed.'),
  name: ref(DeviceName, 'The name of the device.'),
  group: ref(GroupName, 'The group of the device in the lab file.'),
  type: nullable(Type.String({ description: 'The type of the device.' })),
  description: nullable(Type.String({ description: 'A description for people.' })),
  uri: nullable(Type.String({ description: 'The address of the device server.' })),
  capacity,
  process_capacity: nullable(processCapacity),
  min_capacity: nullable(minCapacity),
  allows_overlap: nullable(allowsOverlap),
  disposes,
  labware_types: nullable(labwareTypes),
  max_height_mm: nullable(maxHeight),
  extra: nullable(Type.Unsafe<Record<string, unknown>>({ type: 'object', additionalProperties: true, description: 'Members of the device in the lab file that the service does not interpret.' })),
  has_certificate: Type.Boolean({ description: 'Whether a server certificate is stored for the device.' }),
  listed: Type.Boolean({ description: 'True when the lab file or an operator added the device. False when only a logged step named it.' }),
  retired_at: nullable(ref(Timestamp), 'When the device was retired. Null while it is in use.'),
  created_at: ref(Timestamp, 'When the device was added.'),
  updated_at: ref(Timestamp, 'When the device changed last.'),
  version: ref(Version, 'How often the device changed, counted from 1.')
}, {
  $id: 'Device', description: 'A device. Its slots are numbered from 0 to `capacity` - 1.',
  examples: [{
    id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'Cytomat1', group: 'incubators', type: 'incubator', description: null, uri: null,
    capacity: 42, process_capacity: null, min_capacity: null, allows_overlap: null,
    disposes: false, labware_types: null, max_height_mm: null, extra: null, has_certificate: false, listed: true,
    retired_at: null, created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:15:00.000Z', version: 1
  }]
})
export type Device = Static<typeof Device>

export const DeviceCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new device. The default is a new UUID, or the id of the device that had this name before.'),
  name: ref(DeviceName, 'The name of the new device.'),
  group: optional(ref(GroupName), 'The group in the lab file. The default is `devices`.'),
  type: optional(deviceType),
  description: optional(descriptionText),
  uri: optional(uri),
  capacity,
  process_capacity: optional(processCapacity),
  min_capacity: optional(minCapacity),
  allows_overlap: optional(allowsOverlap),
  disposes: optional(disposes),
  labware_types: optional(labwareTypes),
  max_height_mm: optional(maxHeight),
  extra: optional(ref(JsonObject), 'Further members of the device in the lab file.')
}, {
  $id: 'DeviceCreate', additionalProperties: false, description: 'A device to add.',
  examples: [{ name: 'Cytomat1', group: 'incubators', capacity: 42 }]
})
export type DeviceCreate = Static<typeof DeviceCreate>

export const DevicePatch = Type.Object({
  name: Type.Optional(ref(DeviceName, 'The new name.')),
  group: Type.Optional(ref(GroupName, 'The new group.')),
  type: Type.Optional(nullable(deviceType)),
  description: Type.Optional(nullable(descriptionText)),
  uri: Type.Optional(nullable(uri)),
  capacity: Type.Optional(capacity),
  process_capacity: Type.Optional(nullable(processCapacity)),
  min_capacity: Type.Optional(nullable(minCapacity)),
  allows_overlap: Type.Optional(nullable(allowsOverlap)),
  disposes: Type.Optional(disposes),
  labware_types: Type.Optional(nullable(labwareTypes)),
  max_height_mm: Type.Optional(nullable(maxHeight)),
  extra: Type.Optional(nullable(ref(JsonObject), 'Further members of the device in the lab file. They replace the old ones. Null removes them.'))
}, {
  $id: 'DevicePatch', additionalProperties: false, minProperties: 1,
  description: 'The members to change. Omitted members stay as they are. Null removes a value.', examples: [{ capacity: 48 }]
})
export type DevicePatch = Static<typeof DevicePatch>

export const DevicePage = page('DevicePage', Device)

export const DeviceQuery = Type.Object({
  ...pageQuery,
  group: Type.Optional(ref(GroupName)),
  type: Type.Optional(typeName('Only devices of this type.', 'incubator')),
  has_certificate: Type.Optional(Type.Boolean({ description: 'Only devices with (true) or without (false) a stored server certificate.' })),
  retired: Type.Optional(ref(AnyBoolean)),
  listed: Type.Optional(ref(AnyBoolean))
}, { additionalProperties: false })
export type DeviceQuery = Static<typeof DeviceQuery>

export const DeviceParams = Type.Object({ device: ref(DeviceName) })

export const deviceSchemas = [Device, DeviceCreate, DevicePatch, DevicePage]
