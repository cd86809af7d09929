import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import Type from 'typebox'
import { answer, noQuery, ref } from '../../contract/common.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { Reservation, ReservationCreate, ReservationPage, ReservationParams, ReservationQuery, ReservationRenewal } from '../../contract/reservations.ts'
import { auditOf } from '../audit.ts'

/** Slots promised before the robot starts. */
export const reservationsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/reservations', {
    schema: {
      operationId: 'listReservations', tags: ['reservations'], summary: 'List reservations',
      description: 'Those that hold now. Filters match exactly; `device` finds those with a slot on it.',
      querystring: ReservationQuery,
      response: { 200: ref(ReservationPage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.reservations.list(query))

  app.post('/reservations', {
    schema: {
      operationId: 'reservePositions', tags: ['reservations'], summary: 'Ask for free slots, and get them',
      description: [
        'Free slots are promised to `owner`, all that are wanted or none. Whoever puts something there names the reservation (`reservation_id`), which uses the slot up;',
        'everybody else is refused with `position-reserved`, and searches for a free slot pass it over. It ends by itself after `ttl_seconds`.',
        'Repeated with the same `id` and body it answers 200.'
      ].join(' '),
      querystring: noQuery, body: ref(ReservationCreate),
      response: {
        200: answer('It was made before with this id and body.', Reservation),
        201: answer('Reserved.', Reservation),
        ...bodyProblems('device-not-found', 'no-free-position', 'id-in-use')
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
      description: 'As long as it holds: one that is used up, released or expired is not found.',
      params: ReservationParams, querystring: noQuery,
      response: { 200: ref(Reservation), ...problems('reservation-not-found') }
    }
  }, async ({ params }) => await store.reservations.read(params.id))

  app.patch('/reservations/:id', {
    config: { changes: 'reservation' },
    schema: {
      operationId: 'renewReservation', tags: ['reservations'], summary: 'Renew a reservation',
      description: 'Its time to live begins anew, now.',
      params: ReservationParams, querystring: noQuery, body: ref(ReservationRenewal),
      response: { 200: ref(Reservation), ...bodyProblems('reservation-not-found') }
    }
  }, async (request) => await store.reservations.renew(request.params.id, request.body, auditOf(request)))

  app.delete('/reservations/:id', {
    config: { changes: 'reservation' },
    schema: {
      operationId: 'releaseReservation', tags: ['reservations'], summary: 'Release a reservation',
      description: 'Its slots are free for everybody again.',
      params: ReservationParams, querystring: noQuery,
      response: { 204: Type.Null({ description: 'Released.' }), ...problems('reservation-not-found') }
    }
  }, async (request, reply) => {
    await store.reservations.release(request.params.id, auditOf(request))
    reply.code(204)
  })
}
