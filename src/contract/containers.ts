import Type, { type Static } from 'typebox'
import {
  AnyBoolean, Barcode, ContainerName, DeviceName, items, Name, nullable, optional, page, pageQuery, Place, ref, Seconds, Slot, StepStatus, stringEnum,
  textLine, textLines, Timestamp, Uuid, Version
} from './common.ts'
import { reservationId } from './reservations.ts'

export const aContainer = {
  id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'ScreenPlate_01', barcode: 'SCREEN_001', device: 'Incubator', position: 5,
  starting_device: 'Hamilton_STAR', starting_position: 0, lidded: true, lid: null, filled: true, content: null,
  labware_type: null, labware_uuid: null, is_reagent: false, removed_at: null,
  created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:20:00.000Z', version: 2
}

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
  examples: [aContainer]
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
  content: optional(textLine('What is in it.', 'MTT')),
  labware_type: optional(textLine('The kind of labware.', 'Greiner 96 flat')),
  labware_uuid: optional(ref(Uuid)),
  is_reagent: optional(Type.Boolean({ description: 'Default false.' })),
  if_occupied: optional(ref(IfOccupied)),
  reservation_id: Type.Optional(reservationId),
  lid_reservation_id: Type.Optional(reservationId)
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
  target_pos: optional(ref(Slot)),
  reservation_id: Type.Optional(reservationId)
}, {
  $id: 'Move', additionalProperties: false,
  description: 'Where a container went, and, to be verified, where it was. Without `target_pos` it went to the lowest free slot.',
  examples: [{ source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5 }]
})
export type Move = Static<typeof Move>

export const MoveFromPosition = Type.Object({
  source_device: ref(DeviceName),
  source_pos: ref(Slot),
  target_device: ref(DeviceName),
  target_pos: optional(ref(Slot)),
  barcode: optional(ref(ContainerName)),
  reservation_id: Type.Optional(reservationId)
}, {
  $id: 'MoveFromPosition', additionalProperties: false,
  description: 'A move of whatever is at the source: the container, or the lid where only a lid lies. A given `barcode` must be the container\'s.',
  examples: [{ source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5, barcode: 'SCREEN_001' }]
})
export type MoveFromPosition = Static<typeof MoveFromPosition>

export const Unlid = Type.Object({ lid_device: ref(DeviceName), lid_pos: optional(ref(Slot)), reservation_id: Type.Optional(reservationId) }, {
  $id: 'Unlid', additionalProperties: false, description: 'Where the lid was put; without `lid_pos` the lowest free slot.',
  examples: [{ lid_device: 'Hotel1', lid_pos: 3 }]
})
export type Unlid = Static<typeof Unlid>

export const Lid = Type.Object({ lid_device: optional(ref(DeviceName)), lid_pos: optional(ref(Slot)) }, {
  $id: 'Lid', additionalProperties: false, description: 'Where the lid was taken from, to be verified when given.',
  examples: [{ lid_device: 'Hotel1', lid_pos: 3 }]
})
export type Lid = Static<typeof Lid>

export const ContainerPatch = Type.Object({
  barcode: Type.Optional(nullable(ref(Barcode))),
  name: Type.Optional(ref(Name)),
  filled: Type.Optional(Type.Boolean({ description: 'Something is in it.' })),
  content: Type.Optional(nullable(textLine('What is in it.', 'MTT'))),
  labware_type: Type.Optional(nullable(textLine('The kind of labware.', 'Greiner 96 flat'))),
  labware_uuid: Type.Optional(nullable(ref(Uuid))),
  is_reagent: Type.Optional(Type.Boolean({ description: 'It holds a reagent.' }))
}, {
  $id: 'ContainerPatch', additionalProperties: false, minProperties: 1,
  description: 'What to change; absent members stay as they are, null clears.', examples: [{ barcode: 'SCREEN_001' }]
})
export type ContainerPatch = Static<typeof ContainerPatch>

const DisplaceAway = stringEnum('DisplaceAway', ['remove'], 'A container in the way is taken off the platform; of a lid in the way nobody knows where it is.')

const Displacement = Type.Unsafe<'remove' | Static<typeof Place>>({
  $id: 'Displacement', anyOf: [ref(DisplaceAway), ref(Place)], description: 'What to do with what is in the way: away with it, or to this slot.',
  examples: ['remove', { device: 'Hotel1', position: 7 }]
})

export const ContainerCorrection = Type.Object({
  reason: textLines('Why; kept in the log.', 'Found in the washer; the arm had stopped.'),
  device: Type.Optional(ref(DeviceName)),
  position: Type.Optional(ref(Slot)),
  lidded: Type.Optional(Type.Boolean({ description: 'Whether the lid is on.' })),
  lid: Type.Optional(nullable(ref(Place))),
  barcode: Type.Optional(nullable(ref(Barcode))),
  displace: Type.Optional(ref(Displacement))
}, {
  $id: 'ContainerCorrection', additionalProperties: false, minProperties: 2,
  description: [
    'What a person sees; what is left out stays as it is. `device` and `position` go together, and bring a container back that was removed.',
    '`lid` is where the lid lies (then it is off); null: nobody knows, if it is off.',
    '`displace` tells what to do with a container or lid that is in the way.'
  ].join(' '),
  examples: [{ reason: 'Found in the washer; the arm had stopped.', device: 'Washer', position: 0 }]
})
export type ContainerCorrection = Static<typeof ContainerCorrection>

export const ContainerResult = Type.Object({
  status: Type.Unsafe<'success'>({ type: 'string', enum: ['success'], description: 'Always success; a refusal is a problem.' }),
  container: ref(Container)
}, { $id: 'ContainerResult', description: 'The container as it is now.', examples: [{ status: 'success', container: aContainer }] })
export type ContainerResult = Static<typeof ContainerResult>

export const ContainerBatch = Type.Object({
  containers: Type.Array(ref(ContainerCreate), { minItems: 1, maxItems: 1000, description: 'In order; each sees the slots that those before it took.' })
}, {
  $id: 'ContainerBatch', additionalProperties: false, description: 'Containers to add, all or none.',
  examples: [{ containers: [{ device: 'Storage', position: 0, barcode: 'BATCH_000' }, { device: 'Storage', barcode: 'BATCH_001' }] }]
})
export type ContainerBatch = Static<typeof ContainerBatch>

export const ContainerItems = items('ContainerItems', Container, 'The containers, in the order given.')

const ContainerEventKind = stringEnum('ContainerEventKind',
  ['added', 'moved', 'unlidded', 'lidded', 'barcode-set', 'updated', 'removed', 'corrected', 'step'], 'What happened to the container.')

const ContainerSituation = Type.Object({
  device: nullable(ref(DeviceName)),
  position: nullable(ref(Slot)),
  lidded: Type.Boolean({ description: 'The lid was on.' }),
  lid: nullable(ref(Place)),
  barcode: nullable(ref(Barcode))
}, { $id: 'ContainerSituation', description: 'Where a container was, its lid, and its barcode, with the names of that time.', examples: [{ device: 'Hotel1', position: 3, lidded: true, lid: null, barcode: 'SCREEN_001' }] })

const aHistoryStep = {
  id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', name: 'Read plate 1', fct: 'absorbance', device: 'PlateReader', status: 'completed',
  start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z', duration_seconds: 41.5
}

const HistoryStep = Type.Object({
  id: ref(Uuid),
  name: nullable(Type.String({ description: 'The step\'s name.' })),
  fct: nullable(Type.String({ description: 'Its function.' })),
  device: ref(DeviceName),
  status: ref(StepStatus),
  start: ref(Timestamp),
  finish: nullable(ref(Timestamp)),
  duration_seconds: nullable(ref(Seconds))
}, { $id: 'HistoryStep', description: 'A step that involved the container.', examples: [aHistoryStep] })

const ContainerEvent = Type.Object({
  kind: ref(ContainerEventKind),
  at: ref(Timestamp),
  revision: nullable(Type.Integer({ minimum: 1, description: 'Of the change; null for a step.' })),
  from: nullable(ref(ContainerSituation)),
  to: nullable(ref(ContainerSituation)),
  step: nullable(ref(HistoryStep))
}, {
  $id: 'ContainerEvent',
  description: 'Something that happened to a container: a change of the world with `from` and `to`, or a step (`at` is its start).',
  examples: [
    {
      kind: 'moved', at: '2026-03-02T09:18:00.000Z', revision: 42, step: null,
      from: { device: 'Hotel1', position: 3, lidded: true, lid: null, barcode: 'SCREEN_001' },
      to: { device: 'PlateReader', position: 0, lidded: true, lid: null, barcode: 'SCREEN_001' }
    },
    { kind: 'step', at: '2026-03-02T09:20:00.000Z', revision: null, from: null, to: null, step: aHistoryStep }
  ]
})
export type ContainerEvent = Static<typeof ContainerEvent>

export const ContainerHistory = page('ContainerHistory', ContainerEvent)

export const ContainerHistoryQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })

export const ContainerParams = Type.Object({ container: ref(ContainerName) })

export const ContainerPage = page('ContainerPage', Container)

export const ContainerQuery = Type.Object({
  ...pageQuery,
  barcode: Type.Optional(ref(ContainerName)),
  device: Type.Optional(ref(DeviceName)),
  removed: Type.Optional(ref(AnyBoolean)),
  lidded: Type.Optional(Type.Boolean({ description: 'Only those whose lid is on, or off.' })),
  labware_type: Type.Optional(Type.String({ minLength: 1, maxLength: 2000, description: 'Only of this kind.', examples: ['Greiner 96 flat'] })),
  name: Type.Optional(ref(Name))
}, { additionalProperties: false })
export type ContainerQuery = Static<typeof ContainerQuery>

export const containerSchemas = [
  Container, LidPlace, IfOccupied, DisplaceAway, Displacement, ContainerCorrection,
  ContainerCreate, ContainerBatch, ContainerItems, ContainerPatch, Move, MoveFromPosition, Unlid, Lid, ContainerResult,
  ContainerPage, ContainerEventKind, ContainerSituation, HistoryStep, ContainerEvent, ContainerHistory
]
