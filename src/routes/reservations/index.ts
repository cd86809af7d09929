import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { Reservation, ReservationCreate, ReservationPage, ReservationParams, ReservationQuery, ReservationRenewal } from '../../contract/reservations.ts'
import { auditOf } from '../audit.ts'

/** Reservations of free slots. */
export const reservationsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/reservations', {
    schema: {
      operationId: 'listReservations', tags: ['reservations'], summary: 'List reservations',
      description: 'Lists the active reservations. Filters match exactly. `device` finds reservations with a slot of that device.',
      querystring: ReservationQuery,
      response: { 200: ref(ReservationPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.reservations.list(query))

  app.post('/reservations', {
    schema: {
      operationId: 'reservePositions', tags: ['reservations'], summary: 'Reserve free slots',
      description: [
        'Reserves free slots for `owner`, either all requested slots or none. A request that places something in a reserved slot must send its `reservation_id`, which uses the slot up.',
        'Other requests for that slot are refused with `position-reserved`, and automatic slot selection skips it. The reservation expires after `ttl_seconds`.',
        'A retry with the same `id` and body returns 200 and reserves nothing, also after the reservation has ended.'
      ].join(' '),
      querystring: noQuery, body: ref(ReservationCreate),
      response: {
        200: jsonResponse('The reservation was already created with this id and body.', Reservation),
        201: jsonResponse('Reserved.', Reservation),
        ...bodyProblems('device-not-found', 'labware-type-not-found', 'no-free-position', 'labware-does-not-fit', 'id-in-use')
      }
    }
  }, async (request, reply) => {
    const { outcome, reservation } = await store.reservations.reserve(request.body, auditOf(request))
    reply.code(outcome === 'created' ? 201 : 200).header('location', `/api/reservations/${reservation.id}`)
    return reservation
  })

  app.get('/reservations/:id', {
    config: { etag: true },
    schema: {
      operationId: 'getReservation', tags: ['reservations'], summary: 'Read a reservation',
      description: 'Returns an active reservation. One that is used up, released or expired is not found.',
      params: ReservationParams, querystring: noQuery,
      response: { 200: ref(Reservation), ...problems('reservation-not-found') }
    }
  }, async ({ params }) => await store.reservations.read(params.id))

  app.patch('/reservations/:id', {
    config: { changes: 'reservation' },
    schema: {
      operationId: 'renewReservation', tags: ['reservations'], summary: 'Renew a reservation',
      description: 'Starts the time to live again from now.',
      params: ReservationParams, querystring: noQuery, body: ref(ReservationRenewal),
      response: { 200: ref(Reservation), ...bodyProblems('reservation-not-found') }
    }
  }, async (request) => await store.reservations.renew(request.params.id, request.body, auditOf(request)))

  app.delete('/reservations/:id', {
    config: { changes: 'reservation' },
    schema: {
      operationId: 'releaseReservation', tags: ['reservations'], summary: 'Release a reservation',
      description: 'Ends the reservation and frees its slots.',
      params: ReservationParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Released.' }), ...problems('reservation-not-found') }
    }
  }, async (request, reply) => {
    await store.reservations.release(request.params.id, auditOf(request))
    reply.code(204)
  })
}
