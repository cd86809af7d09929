import Type, { type Static } from 'typebox'
import { at } from './as-of.ts'
import { Barcode, DeviceName, nullable, ref, Slot, stringEnum, Uuid } from './common.ts'
import { Container } from './containers.ts'
import { Reserved } from './reservations.ts'

const OccupiedBy = stringEnum('OccupiedBy', ['container', 'lid'], 'What is in a slot: a container, or a lid that was taken off.')

const state = {
  position: ref(Slot),
  empty: Type.Boolean({ description: 'Neither a container nor a lid is in it.' }),
  container: nullable(ref(Barcode)),
  container_id: nullable(ref(Uuid)),
  occupied_by: nullable(ref(OccupiedBy)),
  deep_well_suited: Type.Boolean({ description: 'Deep-well plates fit in.' }),
  reserved: nullable(ref(Reserved))
}

const example = {
  position: 5, empty: false, container: 'SCREEN_001', container_id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', occupied_by: 'container', deep_well_suited: false, reserved: null
}

export const Position = Type.Object(state, {
  $id: 'Position',
  description: 'A slot. `container` is the barcode of the container in it, null when it has none; of a lid, `container_id` tells whose it is.',
  examples: [example]
})
export type Position = Static<typeof Position>

export const Positions = Type.Array(ref(Position), { $id: 'Positions', description: 'Slots, ascending.', examples: [[example]] })

export const PositionWithOccupant = Type.Object({ ...state, occupant: nullable(ref(Container)) }, {
  $id: 'PositionWithOccupant', description: 'A slot, with the whole container that is in it; of a lid, the container it belongs to.',
  examples: [{ position: 6, empty: true, container: null, container_id: null, occupied_by: null, deep_well_suited: false, reserved: null, occupant: null }]
})
export type PositionWithOccupant = Static<typeof PositionWithOccupant>

export const PositionPatch = Type.Object({
  deep_well_suited: Type.Optional(Type.Boolean({ description: 'Deep-well plates fit in.' }))
}, { $id: 'PositionPatch', additionalProperties: false, minProperties: 1, description: 'What to change of a slot.', examples: [{ deep_well_suited: true }] })
export type PositionPatch = Static<typeof PositionPatch>

export const PositionParams = Type.Object({ device: ref(DeviceName), position: ref(Slot) })

export const PositionQuery = Type.Object({
  empty: Type.Optional(Type.Boolean({ description: 'Only free slots, neither taken nor reserved; or only taken ones.' })),
  at,
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, description: 'At most so many: `empty=true&limit=1` is the first free slot.', examples: [1] }))
}, { additionalProperties: false })
export type PositionQuery = Static<typeof PositionQuery>

export const positionSchemas = [OccupiedBy, Position, Positions, PositionWithOccupant, PositionPatch]
