import Type, { type Static } from 'typebox'
import { DeviceName, Name, nullable, optional, page, pageQuery, Place, ref, stringEnum, Timestamp, typeName, Uuid, Version } from './common.ts'
import { LabwareTypeName } from './labware-types.ts'

export const ReservationPurpose = stringEnum('ReservationPurpose', ['container', 'lid'], 'What the slots are reserved for: a container or a lid.')

export const ReservationStrategy = stringEnum('ReservationStrategy', ['first', 'last', 'least_used'],
  'Which free slots to choose. `first`: the first in the order of the lab. `last`: the last. `least_used`: those that were used least so far.')

const Ttl = Type.Number({
  $id: 'TtlSeconds', minimum: 1, maximum: 604_800, description: 'The time to live of a reservation in seconds, at most one week. Measured by the clock of the database.', examples: [600]
})

const anExample = {
  id: '0199f2f7-3c5d-7a61-8e21-5b4d3c2a1f09', purpose: 'container', owner: 'orchestrator-1', positions: [{ device: 'Hotel1', position: 3 }], ttl_seconds: 600,
  expires_at: '2026-03-02T09:25:00.000Z', created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:15:00.000Z', version: 1
}

export const Reservation = Type.Object({
  id: ref(Uuid, 'The id of the reservation. Placing something takes it as `reservation_id`.'),
  purpose: ref(ReservationPurpose, 'What the slots are for.'),
  owner: ref(Name, 'Who reserved the slots.'),
  positions: Type.Array(ref(Place), { description: 'The reserved slots that have not been used yet.' }),
  ttl_seconds: ref(Ttl, 'How long the reservation lasts, in seconds from when it was made or renewed.'),
  expires_at: ref(Timestamp, 'When the reservation ends by itself.'),
  created_at: ref(Timestamp, 'When the slots were reserved.'),
  updated_at: ref(Timestamp, 'When the reservation changed last.'),
  version: ref(Version, 'How often the reservation changed, counted from 1.')
}, { $id: 'Reservation', description: 'Free slots that are reserved for one owner until a time. A slot leaves the reservation when it is used. The reservation ends when it has no slots left.', examples: [anExample] })
export type Reservation = Static<typeof Reservation>

export const ReservationCreate = Type.Object({
  id: optional(ref(Uuid), 'The id of the new reservation. The default is a new UUID.'),
  device: optional(ref(DeviceName), 'Reserve slots of this device.'),
  type: optional(typeName('Reserve slots of any device of this type.', 'hotel')),
  purpose: ref(ReservationPurpose, 'What the slots are for.'),
  deep_well: optional(Type.Boolean({ description: 'Whether deep-well plates must fit in the slots. The default is false: any slot.' })),
  labware_type: optional(ref(LabwareTypeName), 'The labware type of what will be put there: only slots in which it fits are reserved.'),
  count: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'How many slots to reserve. The default is 1.' })),
  consecutive: optional(Type.Boolean({ description: 'Whether the slots must be consecutive on one device. The default is false.' })),
  strategy: optional(ref(ReservationStrategy), 'Which free slots to choose. The default is `first`.'),
  owner: ref(Name, 'Who reserves the slots.'),
  ttl_seconds: ref(Ttl, 'How long the reservation lasts, in seconds.')
}, {
  $id: 'ReservationCreate', additionalProperties: false,
  description: 'A request for free slots, either of a `device` or of any device of a `type`. Either all slots are reserved or none.',
  examples: [{ device: 'Hotel1', purpose: 'container', owner: 'orchestrator-1', ttl_seconds: 600 }]
})
export type ReservationCreate = Static<typeof ReservationCreate>

export const ReservationRenewal = Type.Object({ ttl_seconds: optional(ref(Ttl), 'The new time to live in seconds. The default is the previous one.') }, {
  $id: 'ReservationRenewal', additionalProperties: false, description: 'A renewal. The time to live starts again now.', examples: [{ ttl_seconds: 600 }]
})
export type ReservationRenewal = Static<typeof ReservationRenewal>

export const Reserved = Type.Object({ id: ref(Uuid, 'The id of the reservation.'), owner: ref(Name, 'Who reserved the slot.'), expires_at: ref(Timestamp, 'When the reservation ends by itself.') }, {
  $id: 'Reserved', description: 'The reservation that holds a slot.', examples: [{ id: anExample.id, owner: anExample.owner, expires_at: anExample.expires_at }]
})

export const ReservationPage = page('ReservationPage', Reservation)

export const ReservationQuery = Type.Object({
  ...pageQuery, owner: Type.Optional(ref(Name)), device: Type.Optional(ref(DeviceName)), purpose: Type.Optional(ref(ReservationPurpose))
}, { additionalProperties: false })
export type ReservationQuery = Static<typeof ReservationQuery>

export const ReservationParams = Type.Object({ id: ref(Uuid) })

/** A member of requests that place something in a slot. */
export const reservationId = nullable(ref(Uuid), 'The reservation to use, if the target slot is reserved.')

/** The same for a slot in which a lid is parked. */
export const lidReservationId = nullable(ref(Uuid), 'The reservation to use, if the slot of the lid is reserved.')

export const reservationSchemas = [
  ReservationPurpose, ReservationStrategy, Ttl, Reservation, ReservationCreate, ReservationRenewal, Reserved, ReservationPage
]
