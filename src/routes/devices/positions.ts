import type { App } from '../../app.ts'
import { bodyProblems, problems } from '../../schemas/problem.ts'
import { noQuery, ref } from '../../schemas/common.ts'
import { by } from '../by.ts'
import { PositionParams, PositionPatch, PositionQuery, Positions, PositionWithOccupant } from './position-schemas.ts'
import { DeviceParams } from './schemas.ts'

/** The slots of devices: which are free, and what is in the others. */
export async function positions (app: App): Promise<void> {
  const { store } = app

  app.get('/devices/:device/positions', {
    config: { etag: true },
    schema: {
      operationId: 'listPositions', tags: ['devices'], summary: 'The slots of a device',
      description: 'A plain array, ascending by slot; a device\'s slots are bounded. `empty=true&limit=1` gives the first free one.',
      params: DeviceParams, querystring: PositionQuery,
      response: { 200: ref(Positions), ...problems('device-not-found') }
    }
  }, async ({ params, query }) => await store.positions.list(params.device, query))

  app.get('/devices/:device/positions/:position', {
    config: { etag: true },
    schema: {
      operationId: 'getPosition', tags: ['devices'], summary: 'One slot and what is in it',
      description: 'With the whole container; of a lid, the container it belongs to.',
      params: PositionParams, querystring: noQuery,
      response: { 200: ref(PositionWithOccupant), ...problems('device-not-found', 'position-not-found') }
    }
  }, async ({ params }) => await store.positions.read(params.device, params.position))

  app.patch('/devices/:device/positions/:position', {
    config: { changes: 'position' },
    schema: {
      operationId: 'updatePosition', tags: ['devices'], summary: 'Change what is known of a slot',
      description: 'Whether deep-well plates fit in. What stands in a slot is changed by moves.',
      params: PositionParams, querystring: noQuery, body: ref(PositionPatch),
      response: { 200: ref(PositionWithOccupant), ...bodyProblems('device-not-found', 'position-not-found') }
    }
  }, async (request) => await store.positions.update(request.params.device, request.params.position, request.body, by(request)))
}
