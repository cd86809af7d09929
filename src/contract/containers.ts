import Type, { type Static } from 'typebox'
import { maxNameLength } from '../domain/limits.ts'
import {
  AnyBoolean, Barcode, barcodeText, ContainerName, DeviceName, items, NameOrBarcode, normalized, nullable, optional, page, pageQuery, Place, ref, Seconds, Slot,
  StepStatus, stringEnum, textLine, reasonText, Timestamp, typeName, Uuid, Version, Warning
} from './common.ts'
import { lidReservationId, reservationId } from './reservations.ts'

export const aContainer = {
  id: '0199f2f4-7c1a-7b3e-9d52-0c6a1f0e8b11', name: 'ScreenPlate_01', barcode: 'SCREEN_001', device: 'Incubator', position: 5,
  starting_device: 'Hamilton_STAR', starting_position: 0, lidded: true, lid: null, filled: true, content: null,
  labware_type: null, labware_uuid: null, is_reagent: false, removed_at: null, missing_since: null, last_device: null, last_position: null,
  created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:20:00.000Z', version: 2
}

export const Container = Type.Object({
  id: ref(Uuid, 'The id of the container.'),
  name: ref(NameOrBarcode, 'The name. It need not be unique.'),
  barcode: nullable(ref(Barcode), 'The barcode. Null when it is not known.'),
  device: nullable(ref(DeviceName), 'The device that the container is on. Null when it is missing, or was removed.'),
  position: nullable(ref(Slot), 'The slot that the container is in. Null when it is missing, or was removed.'),
  starting_device: ref(DeviceName, 'The device on which the container was added.'),
  starting_position: ref(Slot, 'The slot in which the container was added.'),
  lidded: Type.Boolean({ description: 'Whether the lid is on.' }),
  lid: nullable(ref(Place), 'Where the lid is parked. Null when the lid is on, or nobody knows where it is.'),
  filled: Type.Boolean({ description: 'Whether the container holds anything.' }),
  content: nullable(Type.String({ description: 'What the container holds.' })),
  labware_type: nullable(Type.String({ description: 'The labware type.' })),
  labware_uuid: nullable(ref(Uuid), 'The id of the labware in another system.'),
  is_reagent: Type.Boolean({ description: 'Whether the container holds a reagent.' }),
  removed_at: nullable(ref(Timestamp), 'When the container was removed from the platform. Null while it is on the platform.'),
  missing_since: nullable(ref(Timestamp), 'Since when the container is missing: it is on the platform, but nobody knows where. Null when it is not missing.'),
  last_device: nullable(ref(DeviceName), 'The device that a missing container was on last. Null when it is not missing.'),
  last_position: nullable(ref(Slot), 'The slot that a missing container was in last. Null when it is not missing.'),
  created_at: ref(Timestamp, 'When the container was added.'),
  updated_at: ref(Timestamp, 'When the container changed last.'),
  version: ref(Version, 'How often the container changed, counted from 1.'),
  warnings: Type.Optional(Type.Array(ref(Warning), { description: 'What is unusual about the container. Only in the response of a create or a change, and only if there is something.' }))
}, {
  $id: 'Container',
  description: 'A container: its properties, its place and its lid. `starting_device` and `starting_position` are the place where it was added.',
  examples: [aContainer, {
    ...aContainer, barcode: 'screen_001',
    warnings: [{ code: 'barcode-differs-in-case', pointer: '/barcode', detail: 'Another container on the platform has the barcode "SCREEN_001". It differs from "screen_001" in case only; scanners read them as two.' }]
  }]
})
export type Container = Static<typeof Container>

const LidPlace = Type.Object({ device: ref(DeviceName, 'The device that the lid is on.'), position: optional(ref(Slot), 'The slot of the lid. The default is the lowest free slot of the device.') }, {
  $id: 'LidPlace', additionalProperties: false, description: 'Where a lid is parked.', examples: [{ device: 'Hotel1', position: 3 }]
})

const IfOccupied = stringEnum('IfOccupied', ['refuse', 'adopt'], 'What to do when the slot holds a container. `refuse`: respond with 409. `adopt`: return that container unchanged.')

export const ContainerCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new container. The default is a new UUID.'),
  device: ref(DeviceName, 'The device that the container is on.'),
  position: optional(ref(Slot), 'The slot. The default is the lowest free slot of the device.'),
  name: optional(ref(NameOrBarcode), 'The name. The default is the barcode, or a generated name.'),
  barcode: optional(ref(Barcode), 'The barcode, if it is known.'),
  lidded: optional(Type.Boolean({ description: 'Whether the lid is on. The default is false.' })),
  lid: optional(ref(LidPlace), 'Where the lid is parked, if it is off.'),
  filled: optional(Type.Boolean({ description: 'Whether the container holds anything. The default is true.' })),
  content: optional(textLine('What the container holds.', 'MTT')),
  labware_type: optional(typeName('The labware type.', 'Greiner 96 flat')),
  labware_uuid: optional(ref(Uuid), 'The id of the labware in another system.'),
  is_reagent: optional(Type.Boolean({ description: 'Whether the container holds a reagent. The default is false.' })),
  if_occupied: optional(ref(IfOccupied), 'What to do when the slot holds a container. The default is `refuse`.'),
  reservation_id: Type.Optional(reservationId),
  lid_reservation_id: Type.Optional(lidReservationId)
}, {
  $id: 'ContainerCreate', additionalProperties: false,
  description: 'A container to add to the platform.',
  examples: [{ device: 'Hamilton_STAR', position: 0, name: 'ScreenPlate_01', barcode: 'SCREEN_001', lidded: true }]
})
export type ContainerCreate = Static<typeof ContainerCreate>

export const Move = Type.Object({
  source_device: optional(ref(DeviceName), 'The device that the container was on. If sent, it is checked.'),
  source_pos: optional(ref(Slot), 'The slot that the container was in. If sent, it is checked.'),
  target_device: ref(DeviceName, 'The device that the container is on now.'),
  target_pos: optional(ref(Slot), 'The slot that the container is in now. The default is the lowest free slot of the device.'),
  reservation_id: Type.Optional(reservationId)
}, {
  $id: 'Move', additionalProperties: false,
  description: 'A move of a container. `target_device` is the device that it is on now.',
  examples: [{ source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5 }]
})
export type Move = Static<typeof Move>

export const MoveFromPosition = Type.Object({
  source_device: ref(DeviceName, 'The device that the container was on.'),
  source_pos: ref(Slot, 'The slot that the container was in.'),
  target_device: ref(DeviceName, 'The device that the container is on now.'),
  target_pos: optional(ref(Slot), 'The slot that the container is in now. The default is the lowest free slot of the device.'),
  barcode: optional(ref(ContainerName), 'The barcode or id of the container at the source. If sent, it is checked. A former label of the container is accepted, with a warning.'),
  reservation_id: Type.Optional(reservationId)
}, {
  $id: 'MoveFromPosition', additionalProperties: false,
  description: 'A move of the container that is in the source slot. If the slot holds only a lid, the lid is moved.',
  examples: [{ source_device: 'Hamilton_STAR', source_pos: 0, target_device: 'Incubator', target_pos: 5, barcode: 'SCREEN_001' }]
})
export type MoveFromPosition = Static<typeof MoveFromPosition>

export const Unlid = Type.Object({ lid_device: ref(DeviceName, 'The device that the lid is on now.'), lid_pos: optional(ref(Slot), 'The slot of the lid. The default is the lowest free slot of the device.'), reservation_id: Type.Optional(reservationId) }, {
  $id: 'Unlid', additionalProperties: false, description: 'Where the lid was parked.',
  examples: [{ lid_device: 'Hotel1', lid_pos: 3 }]
})
export type Unlid = Static<typeof Unlid>

export const Lid = Type.Object({
  lid_device: optional(ref(DeviceName), 'The device that the lid was on. If sent, it is checked.'),
  lid_pos: optional(ref(Slot), 'The slot that the lid was in. If sent, it is checked.')
}, {
  $id: 'Lid', additionalProperties: false, description: 'Where the lid was parked before it was put on.',
  examples: [{ lid_device: 'Hotel1', lid_pos: 3 }]
})
export type Lid = Static<typeof Lid>

export const ContainerPatch = Type.Object({
  barcode: Type.Optional(nullable(ref(Barcode), 'The new barcode. Null removes it.')),
  name: Type.Optional(ref(NameOrBarcode, 'The new name.')),
  filled: Type.Optional(Type.Boolean({ description: 'Whether the container holds anything.' })),
  content: Type.Optional(nullable(textLine('What the container holds.', 'MTT'))),
  labware_type: Type.Optional(nullable(typeName('The labware type.', 'Greiner 96 flat'))),
  labware_uuid: Type.Optional(nullable(ref(Uuid), 'The id of the labware in another system. Null removes it.')),
  is_reagent: Type.Optional(Type.Boolean({ description: 'Whether the container holds a reagent.' }))
}, {
  $id: 'ContainerPatch', additionalProperties: false, minProperties: 1,
  description: 'The members to change. Omitted members stay as they are. Null removes a value.', examples: [{ barcode: 'SCREEN_001' }]
})
export type ContainerPatch = Static<typeof ContainerPatch>

const DisplaceAway = stringEnum('DisplaceAway', ['remove'], '`remove`: a container in the slot is removed from the platform. For a lid in the slot, the service records that its place is unknown.')

const Displacement = Type.Unsafe<'remove' | Static<typeof Place>>({
  $id: 'Displacement', anyOf: [ref(DisplaceAway), ref(Place)], description: 'What to do with the occupant of the slot: remove it, or record this place for it.',
  examples: ['remove', { device: 'Hotel1', position: 7 }]
})

export const ContainerCorrection = Type.Object({
  reason: reasonText('Why this is corrected. The event log keeps the reason.', 'Found in the washer; the arm had stopped.'),
  device: Type.Optional(ref(DeviceName, 'The device that the container is on. Send `position` with it.')),
  position: Type.Optional(ref(Slot, 'The slot that the container is in. Send `device` with it.')),
  lidded: Type.Optional(Type.Boolean({ description: 'Whether the lid is on.' })),
  lid: Type.Optional(nullable(ref(Place), 'Where the lid is parked, which means that it is off. Null: if the lid is off, nobody knows where it is.')),
  barcode: Type.Optional(nullable(ref(Barcode), 'The barcode on the container. Null: it has none.')),
  displace: Type.Optional(ref(Displacement, 'What to do with something else that the service has in the slot.'))
}, {
  $id: 'ContainerCorrection', additionalProperties: false, minProperties: 2,
  description: [
    'What a person sees in the lab. Omitted members stay as they are. `device` and `position` must be sent together. They also bring back a removed container.',
    '`displace` says what to do with a container or lid that occupies the slot.'
  ].join(' '),
  examples: [{ reason: 'Found in the washer; the arm had stopped.', device: 'Washer', position: 0 }]
})
export type ContainerCorrection = Static<typeof ContainerCorrection>

export const ContainerResult = Type.Object({
  status: Type.Unsafe<'success'>({ type: 'string', enum: ['success'], description: 'Always `success`. A refusal is a problem response.' }),
  container: ref(Container, 'The container after the change.'),
  warnings: Type.Optional(Type.Array(ref(Warning), { description: 'What is unusual: a former label was read, or the container, by its labware type, does not fit where it stands or has the wrong lid. Only if there is something.' }))
}, {
  $id: 'ContainerResult', description: 'The container after the change.',
  examples: [{ status: 'success', container: aContainer }, {
    status: 'success', container: aContainer,
    warnings: [{ code: 'labware-does-not-fit', detail: 'A "Deep 96" does not fit in slot 5 of Incubator by the rule max_height_mm.' }]
  }]
})
export type ContainerResult = Static<typeof ContainerResult>

export const ContainerBatch = Type.Object({
  containers: Type.Array(ref(ContainerCreate), { minItems: 1, maxItems: 1000, description: 'The containers, added in this order. A container cannot use a slot that an earlier one has taken.' })
}, {
  $id: 'ContainerBatch', additionalProperties: false, description: 'Containers to add. Either all are added or none.',
  examples: [{ containers: [{ device: 'Storage', position: 0, barcode: 'BATCH_000' }, { device: 'Storage', barcode: 'BATCH_001' }] }]
})
export type ContainerBatch = Static<typeof ContainerBatch>

export const ContainerItems = items('ContainerItems', Container, 'The containers, in the order of the request.')

/** The kinds of the events of containers. */
export const containerEventKinds = ['added', 'moved', 'lidded', 'unlidded', 'barcode-set', 'updated', 'removed', 'disposed', 'corrected', 'missing', 'found', 'restored'] as const

const ContainerEventKind = stringEnum('ContainerEventKind',
  [...containerEventKinds, 'step'],
  'What happened to the container. `missing`: nobody knows where it is. `found`: a missing container has a place again. `disposed`: it, or its lid, went into waste.')

const PastPlace = Type.Object({ device: ref(DeviceName, 'The device.'), position: nullable(ref(Slot), 'The slot. Null for waste without slots.') }, {
  $id: 'PastPlace', description: 'Where a lid was.', examples: [{ device: 'Hotel1', position: 3 }]
})

export const ContainerSituation = Type.Object({
  device: nullable(ref(DeviceName), 'The device that the container was on. Null when it was missing, or removed. After a disposal: the device that disposed of it.'),
  position: nullable(ref(Slot), 'The slot that the container was in. Null when it was missing, or removed.'),
  lidded: Type.Boolean({ description: 'Whether the lid was on.' }),
  lid: nullable(ref(PastPlace), 'Where the lid was parked. Null when it was on, or its place was unknown. After its disposal: where it was disposed of.'),
  barcode: nullable(ref(Barcode), 'The barcode. Null when it was not known.'),
  missing_since: nullable(ref(Timestamp), 'Since when the container was missing. Null when it was not missing.')
}, { $id: 'ContainerSituation', description: 'The place, lid and barcode of a container at one time, with the names of that time.', examples: [{ device: 'Hotel1', position: 3, lidded: true, lid: null, barcode: 'SCREEN_001', missing_since: null }] })

const aHistoryStep = {
  id: '0199f2f5-0a3c-7d41-b2f0-6c5e4d3b2a10', name: 'Read plate 1', fct: 'absorbance', device: 'PlateReader', status: 'completed',
  start: '2026-03-02T09:20:00.000Z', finish: '2026-03-02T09:20:41.500Z', duration_seconds: 41.5, active_seconds: 41.5,
  origin: null, destination: null
}

const HistoryEnd = Type.Object({
  device: ref(DeviceName, 'The device.'),
  position: nullable(ref(Slot), 'The slot. Null when it is not known.')
}, { $id: 'HistoryEnd', description: 'Where a move began or ended.', examples: [{ device: 'Hotel1', position: 3 }] })

const HistoryStep = Type.Object({
  id: ref(Uuid, 'The id of the step.'),
  name: nullable(Type.String({ description: 'The name of the step.' })),
  fct: nullable(Type.String({ description: 'The function of the step.' })),
  device: ref(DeviceName, 'The device that did the step.'),
  status: ref(StepStatus, 'The status of the step.'),
  start: ref(Timestamp, 'When the step started.'),
  finish: nullable(ref(Timestamp), 'When the step finished. Null while it is running or paused.'),
  duration_seconds: nullable(ref(Seconds), 'The seconds from start to finish. Null while the step is running or paused.'),
  active_seconds: nullable(ref(Seconds), 'The seconds from start to finish without the pauses of the step. Null without a finish.'),
  origin: nullable(ref(HistoryEnd), 'Where a move began. Null for an operation.'),
  destination: nullable(ref(HistoryEnd), 'Where a move ended. Null for an operation.')
}, { $id: 'HistoryStep', description: 'A step that involved the container.', examples: [aHistoryStep] })

const ContainerEvent = Type.Object({
  kind: ref(ContainerEventKind, 'What happened.'),
  at: ref(Timestamp, 'When it happened: when the change was recorded, or when the step started.'),
  revision: nullable(Type.Integer({ minimum: 1, description: 'The revision of the change. Null for a step.' })),
  from: nullable(ref(ContainerSituation), 'The state before the change. Null when the container was added, and for a step.'),
  to: nullable(ref(ContainerSituation), 'The state after the change. Null for a step.'),
  step: nullable(ref(HistoryStep), 'The step. Null for a change.')
}, {
  $id: 'ContainerEvent',
  description: 'Something that happened to a container: a change with `from` and `to`, or a step, for which `at` is its start.',
  examples: [
    {
      kind: 'moved', at: '2026-03-02T09:18:00.000Z', revision: 42, step: null,
      from: { device: 'Hotel1', position: 3, lidded: true, lid: null, barcode: 'SCREEN_001', missing_since: null },
      to: { device: 'PlateReader', position: 0, lidded: true, lid: null, barcode: 'SCREEN_001', missing_since: null }
    },
    { kind: 'step', at: '2026-03-02T09:20:00.000Z', revision: null, from: null, to: null, step: aHistoryStep }
  ]
})
export type ContainerEvent = Static<typeof ContainerEvent>

export const ContainerHistory = page('ContainerHistory', ContainerEvent)

export const ContainerHistoryQuery = Type.Object({ ...pageQuery }, { additionalProperties: false })

export const ContainerParams = Type.Object({ container: ref(ContainerName) })

export const RemoveQuery = Type.Object({
  reason: Type.Optional(reasonText('Why the container leaves the platform. The event log keeps the reason.', 'Broken in the centrifuge.'))
}, { additionalProperties: false })
export type RemoveQuery = Static<typeof RemoveQuery>

export const ContainerPage = page('ContainerPage', Container)

export const ContainerQuery = Type.Object({
  ...pageQuery,
  barcode: Type.Optional(Type.String({
    minLength: 1, maxLength: maxNameLength, pattern: barcodeText, format: 'name', ...normalized, examples: ['SCREEN_001'],
    description: 'Only containers with this barcode. If none of those that `removed` selects has it, the ones that had it before: a former label leads to its container.'
  })),
  former_barcode: Type.Optional(Type.String({
    minLength: 1, maxLength: maxNameLength, description: 'Only containers that had this barcode once and have another one, or none, now.', examples: ['OLD-77']
  })),
  device: Type.Optional(ref(DeviceName)),
  removed: Type.Optional(ref(AnyBoolean)),
  missing: Type.Optional(ref(AnyBoolean)),
  lidded: Type.Optional(Type.Boolean({ description: 'Only containers whose lid is on (true) or off (false).' })),
  labware_type: Type.Optional(typeName('Only containers of this labware type.', 'Greiner 96 flat')),
  name: Type.Optional(ref(NameOrBarcode))
}, { additionalProperties: false })
export type ContainerQuery = Static<typeof ContainerQuery>

export const containerSchemas = [
  Container, LidPlace, IfOccupied, DisplaceAway, Displacement, ContainerCorrection,
  ContainerCreate, ContainerBatch, ContainerItems, ContainerPatch, Move, MoveFromPosition, Unlid, Lid, ContainerResult,
  ContainerPage, ContainerEventKind, PastPlace, ContainerSituation, HistoryEnd, HistoryStep, ContainerEvent, ContainerHistory
]
