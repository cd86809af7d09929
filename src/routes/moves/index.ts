import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply } from 'fastify'
import { noQuery, ref } from '../../contract/common.ts'
import { type Container, ContainerCorrection, ContainerParams, ContainerResult, Lid, Move, MoveFromPosition, Unlid } from '../../contract/containers.ts'
import { bodyProblems, placementProblems } from '../../contract/problem-responses.ts'
import type { JsonRow } from '../../store/json-row.ts'
import { auditOf } from '../audit.ts'
import { sendJsonRow } from '../json-row.ts'

/** What robots do with containers: move them, take lids off, put lids on. */
export const movesRoutes: FastifyPluginAsyncTypebox = async (app) => {
  const { store } = app

  app.post('/containers/:container/move', {
    config: { changes: 'container' },
    schema: {
      operationId: 'moveContainer', tags: ['containers'], summary: 'Record that a container was moved',
      description: 'With `source_device` and `source_pos` the container must be there. Its own place is a legal target: a plate whose barcode is read and put back.',
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
      description: 'The lid now lies in that slot and occupies it. Of a container whose lid is off already: the lid is now there.',
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
      description: 'Where the lid was is verified when given. Of a container with its lid on: nothing changes, and there is nothing to verify.',
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
      operationId: 'correctContainer', tags: ['containers'], summary: 'Set what a person sees',
      description: [
        'Place, lid or barcode as they really are, past the normal rules (a removed container is back, a reserved slot is taken) but never past the constraints.',
        'Something in the way is a 409 unless `displace` says what to do with it. The log keeps the reason.'
      ].join(' '),
      params: ContainerParams, querystring: noQuery, body: ref(ContainerCorrection),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems('container-not-found', 'device-not-found', 'position-not-found', 'position-occupied', 'barcode-in-use', 'container-removed')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.correct(request.params.container, request.body, auditOf(request))))

  app.post('/moves', {
    schema: {
      operationId: 'moveFromPosition', tags: ['containers'], summary: 'Record that whatever stood at a place was moved',
      description: 'Finds the container by its place, for plates without barcode. A given `barcode` must be the one that stands there. Of a slot with only a lid, the lid moves.',
      querystring: noQuery, body: ref(MoveFromPosition),
      response: {
        200: ref(ContainerResult),
        ...bodyProblems(...placementProblems, 'source-mismatch', 'source-empty')
      }
    }
  }, async (request, reply) => success(reply, await store.containers.moveFromPosition(request.body, auditOf(request))))
}

function success (reply: FastifyReply, { json }: JsonRow<Container>): ContainerResult {
  return sendJsonRow(reply, { json: `{"status":"success","container":${json}}`, version: null })
}
