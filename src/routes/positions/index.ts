import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { noQuery, ref } from '../../contract/common.ts'
import { DeviceParams } from '../../contract/devices.ts'
import { PositionParams, PositionPatch, PositionQuery, Positions, PositionWithOccupant } from '../../contract/positions.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** The slots of devices and their occupants. */
export const positionsRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/devices/:device/positions', {
    // Also with a limit, which is at most the number of slots.
    config: { etag: true, read: 'small' },
    schema: {
      operationId: 'listPositions', tags: ['devices'], summary: 'List the slots of a device',
      description: 'Returns an array in ascending order, without pages. `empty=true&limit=1` returns the first free slot. With `at`, returns an earlier state, without reservations.',
      params: DeviceParams, querystring: PositionQuery,
      response: { 200: ref(Positions), ...problems('device-not-found') }
    }
  }, async ({ params, query: { at, ...query }, readSize }, reply) => {
    const then = parseAsOf(at)
    if (then !== null) return await store.asOf.positions(params.device, query, then)
    return sendJsonRow(reply, await store.positions.list(params.device, query, readSize))
  })

  app.get('/devices/:device/positions/:position', {
    config: { etag: true },
    schema: {
      operationId: 'getPosition', tags: ['devices'], summary: 'Read a slot',
      description: 'Returns a slot with all data of the container in it. If the slot holds a lid, returns the container that it belongs to.',
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
      operationId: 'updatePosition', tags: ['devices'], summary: 'Change the properties of a slot',
      description: 'Sets what may stand in the slot, and whether the slot disposes of what is put there. To change what a slot holds, record a move.',
      params: PositionParams, querystring: noQuery, body: ref(PositionPatch),
      response: { 200: ref(PositionWithOccupant), ...bodyProblems('device-not-found', 'position-not-found', 'slots-occupied') }
    }
  }, async (request) => await store.positions.update(request.params.device, request.params.position, request.body, auditOf(request)))
}
