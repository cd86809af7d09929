import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { jsonResponse, noQuery, ref } from '../../contract/common.ts'
import { Device, DeviceCreate, DevicePage, DeviceParams, DevicePatch, DeviceQuery } from '../../contract/devices.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { Utilization, UtilizationQuery } from '../../contract/utilization.ts'
import { auditOf } from '../audit.ts'
import { sendJsonPage } from '../json-page.ts'
import { sendJsonPieces } from '../json-pieces.ts'

/** The devices of the lab. Their slots are in src/routes/positions, their certificates in src/routes/certificates. */
export const devicesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/devices', {
    schema: {
      operationId: 'listDevices', tags: ['devices'], summary: 'List devices',
      description: 'Lists the devices of the lab by name. Use `retired` to list retired devices, and `listed` to list devices that only logged steps name. Filters match exactly.',
      querystring: DeviceQuery,
      response: { 200: ref(DevicePage), ...problems('invalid-cursor') }
    }
  }, async ({ query }, reply) => sendJsonPage(reply, await store.devices.list(query)))

  app.get('/devices/utilization', {
    config: { read: 'large' },
    schema: {
      operationId: 'getUtilization', tags: ['devices'], summary: 'Read how busy devices were',
      description: 'Returns the busy seconds, the number of steps and the occupied slots of each device, by day (the default) or by hour. The range is from `from` to `to`, at most 92 days. Without `from`, it is the seven days before `to`; without `to`, the seven days after `from`; without both, the last seven days. `timezone` says where a day begins; the default is UTC.',
      querystring: UtilizationQuery,
      response: { 200: ref(Utilization), ...problems('device-not-found') }
    }
  }, async ({ query }, reply) => await sendJsonPieces(reply, await store.utilization.read(query)))

  app.post('/devices', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'addDevice', tags: ['devices'], summary: 'Add a device',
      description: 'Adds a device. If a retired device had this name, it is restored with its history, unless the request has an `id`. A retry with the same `id` and body returns 200 and changes nothing.',
      querystring: noQuery, body: ref(DeviceCreate),
      response: {
        200: jsonResponse('The device was already added with this id and body.', Device),
        201: jsonResponse('Added.', Device),
        ...bodyProblems('device-name-in-use', 'id-in-use')
      }
    }
  }, async (request, reply) => {
    const { created, device } = await store.devices.add(request.body, auditOf(request))
    reply.code(created ? 201 : 200).header('location', `/api/devices/${encodeURIComponent(device.name)}`)
    return device
  })

  app.get('/devices/:device', {
    config: { etag: true },
    schema: {
      operationId: 'getDevice', tags: ['devices'], summary: 'Read a device',
      description: 'Finds a device by its name, also one that only logged steps name. A retired device is not found. With `at`, returns an earlier state, by the name of that time.',
      params: DeviceParams, querystring: AtQuery,
      response: { 200: ref(Device), ...problems('device-not-found') }
    }
  }, async ({ params, query }) => {
    const then = parseAsOf(query.at)
    return then === null ? await store.devices.read(params.device) : await store.asOf.device(params.device, then)
  })

  app.patch('/devices/:device', {
    config: { scope: 'admin', changes: 'device' },
    schema: {
      operationId: 'updateDevice', tags: ['devices'], summary: 'Change a device',
      description: 'Changes the settings of a device. A renamed device keeps its containers and history. `capacity` changes the number of slots; occupied slots cannot be removed. An unlisted device becomes a listed one.',
      params: DeviceParams, querystring: noQuery, body: ref(DevicePatch),
      response: { 200: ref(Device), ...bodyProblems('device-not-found', 'device-name-in-use', 'slots-occupied') }
    }
  }, async (request) => await store.devices.update(request.params.device, request.body, auditOf(request)))

  app.delete('/devices/:device', {
    config: { scope: 'admin', changes: 'device' },
    schema: {
      operationId: 'retireDevice', tags: ['devices'], summary: 'Retire a device',
      description: 'Removes a device from the lab. Its history stays. The request is refused while a slot of the device is occupied. A retry returns the same response.',
      params: DeviceParams, querystring: noQuery,
      response: { 200: ref(Device), ...problems('device-not-found', 'slots-occupied') }
    }
  }, async (request) => await store.devices.retire(request.params.device, auditOf(request)))
}
