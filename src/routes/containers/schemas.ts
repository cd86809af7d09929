import Type, { type Static } from 'typebox'
import { AnyBoolean, Barcode, ContainerName, DeviceName, Name, nullable, optional, page, pageQuery, Place, ref, Slot, stringEnum, Timestamp, Uuid, Version } from '../../schemas/common.ts'

const text = (description: string, examples: string[]) =>
  Type.String({ minLength: 1, maxLength: 2000, description, examples })

export const Container = Type.Object({
  id: ref(Uuid),
  name: ref(Name),
  barcode: nullable(ref(Barcode)),
  device: nullable(ref(DeviceName)),
  position: nullable(ref(Slot)),
  starting_device: ref(DeviceName),
  starting_position: ref(Slot),
  lidded: Type.Boolean({ description: 'The lid is on.' }),
  lid: nullable(ref(Place)),
  filled: Type.Boolean({ description: 'Something is in it.' }),
  content: nullable(Type.String({ description: 'What is in it.' })),
  labware_type: nullable(Type.String({ description: 'The kind of labware.' })),
  labware_uuid: nullable(ref(Uuid)),
  is_reagent: Type.Boolean({ description: 'It holds a reagent.' }),
  removed_at: nullable(ref(Timestamp)),
  created_at: ref(Timestamp),
  updated_at: ref(Timestamp),
  version: ref(Version)
}, {
  $id: 'Container',
  description: 'A piece of labware: what it is, where it stands and where its lid is. `device` and `position` are null once it was removed; `lid` is the place of a parked lid.',
  examples: [{
    id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'ScreenPlate_01', barcode: 'SCREEN_001', device: 'Incubator', position: 5,
    starting_device: 'Hamilton_STAR', starting_position: 0, lidded: true, lid: null, filled: true, content: null,
    labware_type: null, labware_uuid: null, is_reagent: false, removed_at: null,
    created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:20:00.000Z', version: 2
  }]
})
export type Container = Static<typeof Container>

const LidPlace = Type.Object({ device: ref(DeviceName), position: optional(ref(Slot)) }, {
  $id: 'LidPlace', additionalProperties: false, description: 'Where a lid lies; without `position` the lowest free slot.', examples: [{ device: 'Hotel1', position: 3 }]
})

const IfOccupied = stringEnum('IfOccupied', ['refuse', 'adopt'], 'What to do when a container stands there: refuse with 409, or answer that container as it is.')

export const ContainerCreate = Type.Object({
  id: optional(ref(Uuid)),
  device: ref(DeviceName),
  position: optional(ref(Slot)),
  name: optional(ref(Name)),
  barcode: optional(ref(Barcode)),
  lidded: optional(Type.Boolean({ description: 'The lid is on; default false.' })),
  lid: optional(ref(LidPlace)),
  filled: optional(Type.Boolean({ description: 'Default true.' })),
  content: optional(text('What is in it.', ['MTT'])),
  labware_type: optional(text('The kind of labware.', ['Greiner 96 flat'])),
  labware_uuid: optional(ref(Uuid)),
  is_reagent: optional(Type.Boolean({ description: 'Default false.' })),
  if_occupied: optional(ref(IfOccupied))
}, {
  $id: 'ContainerCreate', additionalProperties: false,
  description: 'A container that appears on the platform; without `position` in the lowest free slot of the device.',
  examples: [{ device: 'Hamilton_STAR', position: 0, name: 'ScreenPlate_01', barcode: 'SCREEN_001', lidded: true }]
})
export type ContainerCreate = Static<typeof ContainerCreate>

export const Move = Type.Object({
  source_device: optional(ref(DeviceName)),
  source_pos: optional(ref(Slot)),
  target_device: ref(DeviceName),
  target_pos: optional(ref(Slot))
}, {
  $id: 'Move', additionalProperties: false,
  description: 'Where a container went, and, to be verified, where it was. Without `target_pos` it went to the lowest free slot.',
  examples: [{ source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5 }]
})
export type Move = Static<typeof Move>

export const ContainerResult = Type.Object({
  status: Type.Unsafe<'success'>({ type: 'string', enum: ['success'], description: 'Always success; a refusal is a problem.' }),
  container: ref(Container)
}, { $id: 'ContainerResult', description: 'The container as it is now.' })

export const ContainerParams = Type.Object({ container: ref(ContainerName) })

export const ContainerPage = page('ContainerPage', Container)

export const ContainerQuery = Type.Object({
  ...pageQuery,
  barcode: Type.Optional(ref(ContainerName)),
  device: Type.Optional(ref(DeviceName)),
  removed: Type.Optional(ref(AnyBoolean)),
  lidded: Type.Optional(Type.Boolean({ description: 'Only those whose lid is on, or off.' })),
  labware_type: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'Only of this kind.' })),
  name: Type.Optional(ref(Name))
}, { additionalProperties: false })

export const containerSchemas = [Container, LidPlace, IfOccupied, ContainerCreate, Move, ContainerResult, ContainerPage]
