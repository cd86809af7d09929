import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { noQuery, ref } from '../../contract/common.ts'
import { ContainerCorrection, ContainerParams, ContainerResult, Lid, Move, MoveFromPosition, Unlid } from '../../contract/containers.ts'
import { bodyProblems, placementProblems } from '../../contract/problem-responses.ts'
import type { ChangedContainer } from '../../store/containers.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** Records what robots do with containers (moves and lids), and corrections. */
export const movesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/containers/:container/move', {
    config: { changes: 'container' },
    schema: {
      operationId: 'moveContainer', tags: ['containers'], summary: 'Record that a container was moved',
      description: 'Sets the place of a container. With `source_device` and `source_pos`, the container must be there. If the target disposes (waste), the container is off the platform afterwards, and `target_pos` need not be one of its slots. The target can be the place where the container already is, for example when a robot only read the barcode and put the container back.',
      params: ContainerParams, querystring: noQuery, body: ref(Move),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems('container-not-found', ...placementProblems, 'source-mismatch', 'container-removed')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.move(request.params.container, request.body, auditOf(request))))

  app.post('/containers/:container/unlid', {
    config: { changes: 'container' },
    schema: {
      operationId: 'unlidContainer', tags: ['containers'], summary: 'Record that the lid was taken off',
      description: 'The lid is parked in the given slot and occupies it. If the lid was already off, its place is changed. If the device or the slot disposes (waste), the container has no lid any longer.',
      params: ContainerParams, querystring: noQuery, body: ref(Unlid),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems('container-not-found', ...placementProblems, 'container-removed')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.unlid(request.params.container, request.body, auditOf(request))))

  app.post('/containers/:container/lid', {
    config: { changes: 'container', bodyOptional: true },
    schema: {
      operationId: 'lidContainer', tags: ['containers'], summary: 'Record that the lid was put on',
      description: 'If the request says where the lid was parked, this is checked. If the lid is already on, nothing is checked or changed.',
      params: ContainerParams, querystring: noQuery, body: ref(Lid),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems('container-not-found', 'device-not-found', 'position-not-found', 'lid-mismatch', 'container-removed')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.lid(request.params.container, request.body, auditOf(request))))

  app.post('/containers/:container/correct', {
    config: { changes: 'container' },
    schema: {
      operationId: 'correctContainer', tags: ['containers'], summary: 'Correct the state of a container',
      description: [
        'Sets place, lid or barcode to what a person sees in the lab. A correction may bring back a removed container and may use a reserved slot, or a slot in which the labware type does not fit, which is a warning. What was seen in waste is off the platform. Database constraints still hold.',
        'If the slot is occupied, the service responds with 409, unless `displace` says what to do with the occupant. The event log keeps the reason.'
      ].join(' '),
      params: ContainerParams, querystring: noQuery, body: ref(ContainerCorrection),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems('container-not-found', 'device-not-found', 'position-not-found', 'position-occupied', 'position-disposes', 'barcode-in-use', 'container-removed')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.correct(request.params.container, request.body, auditOf(request))))

  app.post('/moves', {
    schema: {
      operationId: 'moveFromPosition', tags: ['containers'], summary: 'Record that the container at a place was moved',
      description: 'Finds the container by its place. This is for containers without a barcode. If `barcode` is sent, it must match the container; a former label of that container is a warning, unless another container has it now. If the slot holds only a lid, the lid is moved.',
      querystring: noQuery, body: ref(MoveFromPosition),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems(...placementProblems, 'source-mismatch', 'source-empty')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.moveFromPosition(request.body, auditOf(request))))
}

function success (reply: FastifyReply, { json, warnings }: ChangedContainer): ContainerResult {
  const unusual = warnings ? `,"warnings":${JSON.stringify(warnings)}` : ''
  return sendJsonRow(reply, { json: `{"status":"success","container":${json}${unusual}}`, version: null })
}
