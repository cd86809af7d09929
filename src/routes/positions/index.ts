import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { DeviceParams } from '../../contract/devices.ts'
import { PositionParams, PositionPatch, PositionQuery, Positions, PositionWithOccupant } from '../../contract/positions.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** The slots of devices: which are free, and what is in the others. */
export const positionsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/devices/:device/positions', {
    config: { etag: true },
    schema: {
      operationId: 'listPositions', tags: ['devices'], summary: 'The slots of a device',
      description: 'A plain array, ascending by slot; a device\'s slots are bounded. `empty=true&limit=1` gives the first free one. With `at` as they were then, without the reservations of that time.',
      params: DeviceParams, querystring: PositionQuery,
      response: { 200: ref(Positions), ...problems('device-not-found') }
    }
  }, async ({ params, query: { at, ...query } }, reply) => {
    const then = parseAsOf(at)
    return then === null ? sendJsonRow(reply, await store.positions.list(params.device, query)) : await store.asOf.positions(params.device, query, then)
  })

  app.get('/devices/:device/positions/:position', {
    config: { etag: true },
    schema: {
      operationId: 'getPosition', tags: ['devices'], summary: 'One slot and what is in it',
      description: 'With the whole container; of a lid, the container it belongs to.',
      params: PositionParams, querystring: AtQuery,
      response: { 200: ref(PositionWithOccupant), ...problems('device-not-found', 'position-not-found') }
    }
  }, async ({ params: { device, position }, query }) => {
    const then = parseAsOf(query.at)
    return then === null ? await store.positions.read(device, position) : await store.asOf.position(device, position, then)
  })

  app.patch('/devices/:device/positions/:position', {
    config: { scope: 'admin', changes: 'position' },
    schema: {
      operationId: 'updatePosition', tags: ['devices'], summary: 'Change what is known of a slot',
      description: 'Whether deep-well plates fit in. What stands in a slot is changed by moves.',
      params: PositionParams, querystring: noQuery, body: ref(PositionPatch),
      response: { 200: ref(PositionWithOccupant), ...bodyProblems('device-not-found', 'position-not-found') }
    }
  }, async (request) => await store.positions.update(request.params.device, request.params.position, request.body, auditOf(request)))
}
