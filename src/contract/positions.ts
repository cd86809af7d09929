import Type, { type Static } from 'typebox'
import { atParameter } from './as-of.ts'
import { Barcode, DeviceName, nullable, ref, Slot, stringEnum, Uuid } from './common.ts'
import { Container } from './containers.ts'
import { millimetres, typeNames } from './labware-types.ts'
import { Reserved } from './reservations.ts'

const OccupiedBy = stringEnum('OccupiedBy', ['container', 'lid'], 'What occupies a slot: a container, or a lid that was taken off.')
const labwareTypes = typeNames('The labware types that may stand in the slot. Null: as the device says.')
const maxHeight = millimetres('The height in millimetres of the highest container that fits in the slot. Null: as the device says.', 45)

const state = {
  position: ref(Slot, 'The number of the slot.'),
  empty: Type.Boolean({ description: 'True when the slot holds neither a container nor a lid. An empty slot can be reserved.' }),
  container: nullable(ref(Barcode), 'The barcode of the container in the slot. Null when the slot holds no container, or its barcode is not known.'),
  container_id: nullable(ref(Uuid), 'The id of the container in the slot. If the slot holds a lid: the id of the container that it belongs to.'),
  occupied_by: nullable(ref(OccupiedBy), 'What occupies the slot. Null when it is empty.'),
  deep_well_suited: Type.Boolean({ description: 'Whether deep-well plates fit in the slot.' }),
  disposes: Type.Boolean({ description: 'Whether the slot is waste: what is put there is off the platform, so it is always empty. As set for the slot, otherwise as the device says.' }),
  labware_types: nullable(labwareTypes),
  max_height_mm: nullable(maxHeight),
  reserved: nullable(ref(Reserved), 'The reservation that holds the slot. Null when there is none.')
}

const example = {
  position: 5, empty: false, container: 'SCREEN_001', container_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', occupied_by: 'container', deep_well_suited: false,
  disposes: false, labware_types: null, max_height_mm: null, reserved: null
}

export const Position = Type.Object(state, {
  $id: 'Position',
  description: 'A slot of a device, with what occupies it.',
  examples: [example]
})
export type Position = Static<typeof Position>

export const Positions = Type.Array(ref(Position), { $id: 'Positions', description: 'Slots of a device in ascending order.', examples: [[example]] })

export const PositionWithOccupant = Type.Object({ ...state, occupant: nullable(ref(Container), 'The container in the slot. If the slot holds a lid: the container that it belongs to. Null when the slot is empty.') }, {
  $id: 'PositionWithOccupant', description: 'A slot of a device, with all data of its occupant.',
  examples: [{ position: 6, empty: true, container: null, container_id: null, occupied_by: null, deep_well_suited: false,
    disposes: false, labware_types: null, max_height_mm: null, reserved: null, occupant: null }]
})
export type PositionWithOccupant = Static<typeof PositionWithOccupant>

export const PositionPatch = Type.Object({
  deep_well_suited: Type.Optional(Type.Boolean({ description: 'Whether deep-well plates fit in the slot.' })),
  disposes: Type.Optional(nullable(Type.Boolean({ description: 'Whether the slot is waste: what is put there is off the platform. Null: as the device says.' }))),
  labware_types: Type.Optional(nullable(labwareTypes)),
  max_height_mm: Type.Optional(nullable(maxHeight))
}, { $id: 'PositionPatch', additionalProperties: false, minProperties: 1, description: 'The members of a slot to change.', examples: [{ deep_well_suited: true }] })
export type PositionPatch = Static<typeof PositionPatch>

export const PositionParams = Type.Object({ device: ref(DeviceName), position: ref(Slot) })

export const PositionQuery = Type.Object({
  empty: Type.Optional(Type.Boolean({ description: '`true`: only free slots, which are neither occupied nor reserved, and do not dispose. `false`: only occupied slots.' })),
  at: atParameter,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'The maximum number of slots. `empty=true&limit=1` returns the first free slot.', examples: [1] }))
}, { additionalProperties: false })
export type PositionQuery = Static<typeof PositionQuery>

export const positionSchemas = [OccupiedBy, Position, Positions, PositionWithOccupant, PositionPatch]
