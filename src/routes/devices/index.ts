import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { AtQuery, parseAsOf } from '../../contract/as-of.ts'
import { answer, noQuery, ref } from '../../contract/common.ts'
import { Device, DeviceCreate, DevicePage, DeviceParams, DevicePatch, DeviceQuery } from '../../contract/devices.ts'
import { bodyProblems, problems } from '../../contract/problem-responses.ts'
import { auditOf } from '../audit.ts'

/** The devices of the lab. Their slots are in positions.ts, their certificates in certificate.ts. */
export const devicesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.get('/devices', {
    schema: {
      operationId: 'listDevices', tags: ['devices'], summary: 'List devices',
      description: 'Those of the lab, by name; with `retired` also those it had, with `listed` also those that only logs name. Filters match exactly.',
      querystring: DeviceQuery,
      response: { 200: ref(DevicePage), ...problems('invalid-cursor') }
    }
  }, async ({ query }) => await store.devices.list(query))

  app.post('/devices', {
    config: { scope: 'admin' },
    schema: {
      operationId: 'addDevice', tags: ['devices'], summary: 'Add a device',
      description: 'A name that the lab had before is the same device again, with its history, unless an `id` says otherwise. Repeated with the same `id` and body it answers 200 and changes nothing.',
      querystring: noQuery, body: ref(DeviceCreate),
      response: {
        200: answer('It was added before with this id and body.', Device),
        201: answer('Added.', Device),
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
      operationId: 'getDevice', tags: ['devices'], summary: 'One device',
      description: 'By its name, also one that only logs name. A retired device is not found. With `at` as it was then, by the name it had then.',
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
      description: 'A rename keeps containers and history. `capacity` grows or shrinks it; slots that hold something cannot go. A device that only logs named becomes one of the lab.',
      params: DeviceParams, querystring: noQuery, body: ref(DevicePatch),
      response: { 200: ref(Device), ...bodyProblems('device-not-found', 'device-name-in-use', 'slots-occupied') }
    }
  }, async (request) => await store.devices.update(request.params.device, request.body, auditOf(request)))

  app.delete('/devices/:device', {
    config: { scope: 'admin', changes: 'device' },
    schema: {
      operationId: 'retireDevice', tags: ['devices'], summary: 'Retire a device',
      description: 'The lab has it no more; its history stays. Refused while something is in its slots. Repeated: the same answer.',
      params: DeviceParams, querystring: noQuery,
      response: { 200: ref(Device), ...problems('device-not-found', 'slots-occupied') }
    }
  }, async (request) => await store.devices.retire(request.params.device, auditOf(request)))
}
