import Type, { type Static } from 'typebox'
import { DeviceName, Name, nullable, optional, page, pageQuery, Place, ref, stringEnum, textLine, Timestamp, Uuid, Version } from './common.ts'

export const ReservationPurpose = stringEnum('ReservationPurpose', ['container', 'lid'], 'What will be put there.')

export const ReservationStrategy = stringEnum('ReservationStrategy', ['first', 'last', 'least_used'],
  'Which of the free slots: the first in the order of the lab, the last, or those into which least was put so far.')

const Ttl = Type.Number({
  $id: 'TtlSeconds', minimum: 1, maximum: 604_800, description: 'Seconds until the promise ends by itself, by the database\'s clock; a week at most.', examples: [600]
})

const anExample = {
  id: '0199f2f7-3c5d-7a61-8e21-5b4d3c2a1f09', purpose: 'container', owner: 'orchestrator-1', positions: [{ device: 'Hotel1', position: 3 }], ttl_seconds: 600,
  expires_at: '2026-03-02T09:25:00.000Z', created_at: '2026-03-02T09:15:00.000Z', updated_at: '2026-03-02T09:15:00.000Z', version: 1
}

export const Reservation = Type.Object({
  id: ref(Uuid),
  purpose: ref(ReservationPurpose),
  owner: ref(Name),
  positions: Type.Array(ref(Place), { description: 'The slots that are promised and were not used yet.' }),
  ttl_seconds: ref(Ttl),
  expires_at: ref(Timestamp),
  created_at: ref(Timestamp),
  updated_at: ref(Timestamp),
  version: ref(Version)
}, { $id: 'Reservation', description: 'Slots that are promised to somebody until a time. A slot that is used leaves it; one without slots is over.', examples: [anExample] })
export type Reservation = Static<typeof Reservation>

export const ReservationCreate = Type.Object({
  id: optional(ref(Uuid)),
  device: optional(ref(DeviceName)),
  type: optional(textLine('Any device of this type.', 'hotel')),
  purpose: ref(ReservationPurpose),
  deep_well: optional(Type.Boolean({ description: 'Only slots that deep-well plates fit in; default any.' })),
  count: optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'How many slots; default 1.' })),
  consecutive: optional(Type.Boolean({ description: 'Neighbours on one device; default false.' })),
  strategy: optional(ref(ReservationStrategy)),
  owner: ref(Name),
  ttl_seconds: ref(Ttl)
}, {
  $id: 'ReservationCreate', additionalProperties: false,
  description: 'Asks for free slots of a device, or of any device of a type: one of the two. All that are wanted, or none.',
  examples: [{ device: 'Hotel1', purpose: 'container', owner: 'orchestrator-1', ttl_seconds: 600 }]
})
export type ReservationCreate = Static<typeof ReservationCreate>

export const ReservationRenewal = Type.Object({ ttl_seconds: optional(ref(Ttl)) }, {
  $id: 'ReservationRenewal', additionalProperties: false, description: 'Counts the time to live anew from now; without `ttl_seconds` as long as before.', examples: [{ ttl_seconds: 600 }]
})
export type ReservationRenewal = Static<typeof ReservationRenewal>

export const Reserved = Type.Object({ id: ref(Uuid), owner: ref(Name), expires_at: ref(Timestamp) }, {
  $id: 'Reserved', description: 'The reservation that a slot belongs to.', examples: [{ id: anExample.id, owner: anExample.owner, expires_at: anExample.expires_at }]
})

export const ReservationPage = page('ReservationPage', Reservation)

export const ReservationQuery = Type.Object({
  ...pageQuery, owner: Type.Optional(ref(Name)), device: Type.Optional(ref(DeviceName)), purpose: Type.Optional(ref(ReservationPurpose))
}, { additionalProperties: false })
export type ReservationQuery = Static<typeof ReservationQuery>

export const ReservationParams = Type.Object({ id: ref(Uuid) })

/** Of what puts something into a slot: the reservation that the slot belongs to. */
export const reservationId = nullable(ref(Uuid))

export const reservationSchemas = [
  ReservationPurpose, ReservationStrategy, Ttl, Reservation, ReservationCreate, ReservationRenewal, Reserved, ReservationPage
]
